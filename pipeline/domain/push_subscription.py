"""Subscriptions of people's devices to channels of Web Push."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.domain.network_address import BadAddress, is_loopback, split_address
from pipeline.domain.times import DAY_MS

SUBSCRIPTION_MS: Final = 30 * DAY_MS
"""A subscription ends after this time; the person subscribes again while logged in."""
MOST_DEVICES: Final = 10
"""Subscriptions of one person at the same time."""
_ANY_PART: Final = "*."


@dataclass(frozen=True, slots=True, kw_only=True)
class PushChannel:
    """A channel of Web Push, as people may subscribe to it.

    Attributes:
        name: of the channel; public_key: that browsers subscribe with, base64url.
        services: hosts of push services that it sends to.
        cameras: ids of those whose alerts it sends; None for all. plates: whether it sends alerts about plates.
    """

    name: str
    public_key: str
    services: tuple[str, ...]
    cameras: frozenset[str] | None
    plates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPushSubscription:
    """What a browser gives for a subscription (https://www.w3.org/TR/push-api/).

    Attributes:
        channel: its name; purpose: for which the person follows the alerts.
        endpoint: address at the push service; p256dh, auth: key and secret of the browser, base64url.
        device: a name that the person gives.
    """

    channel: str
    purpose: str
    endpoint: str
    p256dh: str
    auth: str
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSubscription(NewPushSubscription):
    """A subscription that was made.

    Attributes:
        subscription_id, login: number, and the person; institution, sector, role: theirs then.
        created_ms, until_ms: when it was made, and its end by itself, milliseconds since 1970 UTC.
    """

    subscription_id: int
    login: str
    institution: str
    sector: str
    role: str
    created_ms: int
    until_ms: int


def base64url_bytes(text: str) -> bytes:
    """A key or secret of a browser as bytes, with or without padding.

    Raises:
        ValueError: it is no base64url.
    """
    unpadded = text.rstrip("=")
    return base64.b64decode(unpadded + "=" * (-len(unpadded) % 4), altchars=b"-_", validate=True)


def is_served(endpoint: str, services: Iterable[str]) -> bool:
    """Whether an endpoint is at one of some push services, so that a subscription leads nowhere else.

    Args:
        endpoint: https, or http on this machine; services: hosts, ``*.example.org`` for all below one.
    """
    try:
        address = split_address(endpoint)
    except BadAddress:
        return False
    host = address.host.lower()
    if address.login is not None or not (address.scheme == "https" or (address.scheme == "http" and is_loopback(host))):
        return False
    return any(_is_of(host, one.lower()) for one in services)


def _is_of(host: str, service: str) -> bool:
    return host.endswith(service.removeprefix("*")) if service.startswith(_ANY_PART) else host == service
