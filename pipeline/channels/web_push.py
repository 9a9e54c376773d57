"""Web Push: encrypted notifications (RFC 8291) by the push services of browsers, signed with a VAPID key (RFC 8292)."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.channel import unreachable
from pipeline.channels.http_post import HttpPost, check_taken
from pipeline.channels.settings import WebPushSettings
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import Severity
from pipeline.domain.extras import missing_package
from pipeline.domain.network_address import NetworkAddress, split_address
from pipeline.domain.plural import counted
from pipeline.domain.push_subscription import PushSubscription, base64url_bytes, is_served
from pipeline.errors import ConfigError, SinkError

if TYPE_CHECKING:
    from py_vapid import Vapid02

_GONE: Final = frozenset({404, 410})
"""Answers that say that a subscription has ended."""
_LONGEST_HOLD_S: Final = 60.0
"""For so long, a service that fails holds up alerts that another one has taken."""
_MOST_TEXT: Final = 1500
"""Characters: services take 4096 bytes, encrypted."""
_TOKEN_S: Final = 12 * 3600
_NO_DEVICE: Final = "no device is subscribed"

_log = structlog.get_logger(__name__)


class WebPushChannel:
    """A `Channel` to the devices that are subscribed to it; a device confirms nothing, its push service does.

    An alert is confirmed when the service of each device has taken it. A service that is away delays it, for a minute
    where others have taken it. At a repeated attempt only those get it that have not.

    Args:
        settings: of the channel.
        subscriptions: those that count now.
        clock_s: seconds since 1970 UTC; monotonic_s: of waits.
    """

    def __init__(
        self,
        settings: WebPushSettings,
        subscriptions: Callable[[], Sequence[PushSubscription]],
        clock_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._subscriptions = subscriptions
        self._clock_s = clock_s
        self._monotonic_s = monotonic_s
        self._vapid: Vapid02 | None = None
        self._servers: dict[str, HttpPost] = {}
        self._gone: set[int] = set()
        self._failing_s: dict[str, float] = {}
        self._message_id = ""
        self._taken: set[int] = set()

    @property
    def target(self) -> str:
        """See `Channel`."""
        return "push services"

    def open(self) -> None:
        """See `Channel`.

        Raises:
            ConfigError: the private key cannot be used, or is of another public one.
            MissingComponent: the libraries are not installed.
        """
        if self._vapid is None:
            self._vapid = vapid_key(self._settings.key.secret(), self._settings.public_key)

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """See `Channel`."""
        self.open()
        return "; ".join([self._send(message) for message in messages])

    def _send(self, message: AlertMessage) -> str:
        if message.message_id != self._message_id:
            self._message_id, self._taken = message.message_id, set()
        payload, failed, refused = push_payload(message), dict[str, Exception](), list[EventRefused]()
        devices = [one for one in self._subscriptions() if one.subscription_id not in self._gone]
        for device in devices:
            address = split_address(device.endpoint)
            if device.subscription_id in self._taken or address.endpoint in failed:
                continue
            if not is_served(device.endpoint, self._settings.services):
                self._give_up(device, "its service is not among the channel's")
                continue
            try:
                self._push(device, address, payload, message)
            except EventRefused as error:
                refused.append(error)
            except (OSError, SinkError) as error:
                failed[address.endpoint] = error
                self._failing_s.setdefault(address.endpoint, self._monotonic_s())
            else:
                self._failing_s.pop(address.endpoint, None)
        if failed:
            self._check(failed)
        if refused and not self._taken:
            raise refused[0]
        return f"{counted(len(self._taken), 'device')} by their push services" if devices else _NO_DEVICE

    def _check(self, failed: Mapping[str, Exception]) -> None:
        """Decide whether services that failed are waited for.

        Raises:
            SinkError: they are.
        """
        since_s = max(self._failing_s[endpoint] for endpoint in failed)
        if self._taken and self._monotonic_s() - since_s >= _LONGEST_HOLD_S:
            _log.warning("push_not_delivered", channel=self._settings.name, services=sorted(failed))
            return
        endpoint, error = next(iter(failed.items()))
        why = unreachable(error) if isinstance(error, OSError) else getattr(error, "problem", str(error))
        raise SinkError(endpoint, why) from None

    def _push(self, device: PushSubscription, address: NetworkAddress, payload: bytes, message: AlertMessage) -> None:
        assert self._vapid is not None  # noqa: S101 - opened
        claims = {
            "aud": f"{address.scheme}://{address.endpoint}",
            "exp": int(self._clock_s()) + _TOKEN_S,
            "sub": f"mailto:{self._settings.contact}",
        }
        headers = {
            **self._vapid.sign(claims),
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(self._settings.valid_s),
            "Urgency": "high" if message.alert.severity == Severity.CRITICAL else "normal",
            "Topic": message.message_id.replace("-", ""),  # a repeated one replaces the first
        }
        server = self._servers.get(address.endpoint)
        if server is None:
            server = HttpPost(address, self._settings.ca_file, self._settings.timeout_s)
            self._servers[address.endpoint] = server
        status, words = server.post(address.rest, encrypted(payload, device.p256dh, device.auth), headers)
        if status in _GONE:
            self._give_up(device, "it has ended at its service")
            return
        check_taken(server.target, status, words)
        self._taken.add(device.subscription_id)

    def _give_up(self, device: PushSubscription, reason: str) -> None:
        self._gone.add(device.subscription_id)
        _log.warning("push_subscription_unusable", subscription=device.subscription_id, reason=reason)

    def close(self) -> None:
        """See `Channel`."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        self._vapid = None


def push_payload(message: AlertMessage) -> bytes:
    """What a device shows of an alert: no more than a lock screen may."""
    alert = message.alert
    return json.dumps(
        {
            "id": message.message_id,
            "incident": message.incident,
            "severity": alert.severity,
            "title": message.title,
            "text": message.text[:_MOST_TEXT],
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def vapid_key(pem: str, public_key: str) -> Vapid02:
    """The key that signs requests.

    Args:
        pem: the private one; public_key: that browsers know, base64url.

    Raises:
        ConfigError: it is no key of this curve, or of another public one. It is never quoted.
        MissingComponent: the library is not installed.
    """
    try:
        from py_vapid import Vapid02
    except ImportError:
        raise missing_package("py_vapid") from None
    try:
        vapid = Vapid02.from_pem(pem.encode())
        own = vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    except (ValueError, TypeError, AttributeError, binascii.Error):
        raise ConfigError(
            "key of Web Push",
            "is no PEM file of an elliptic curve key",
            "Make one: openssl ecparam -name prime256v1 -genkey -noout -out vapid.pem",
        ) from None
    if base64.urlsafe_b64encode(own).decode().rstrip("=") != public_key:
        raise ConfigError(
            "public_key of Web Push", "is not that of the private key", "See docs/how-to/receive-alerts.md"
        )
    return vapid


def encrypted(payload: bytes, p256dh: str, auth: str) -> bytes:
    """A payload that only the browser of a subscription can read (RFC 8291, aes128gcm).

    Args:
        payload: to encrypt; p256dh, auth: key and secret of the browser, base64url.

    Raises:
        MissingComponent: the library is not installed.
    """
    try:
        import http_ece
    except ImportError:
        raise missing_package("http_ece") from None
    key = generate_private_key(SECP256R1())
    body: bytes = http_ece.encrypt(
        payload, private_key=key, dh=base64url_bytes(p256dh), auth_secret=base64url_bytes(auth)
    )
    return body
