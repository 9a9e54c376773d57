"""Signed webhooks, as Standard Webhooks 1.0 describes them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from typing import Final

from pipeline import __version__
from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.http_post import HttpPost, check_taken
from pipeline.channels.settings import WebhookSettings
from pipeline.domain.times import format_utc
from pipeline.errors import ConfigError

_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = range(24, 65)
"""Lengths of keys that Standard Webhooks recommends."""


class WebhookChannel:
    """A `Channel` that sends one POST request for each alert.

    The address is one that an administrator configured, and the only one that is ever requested: redirections are not
    followed, and no proxy of the environment is used.

    Args:
        settings: of the channel.
        clock_s: seconds since 1970 UTC.
    """

    def __init__(self, settings: WebhookSettings, clock_s: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._path = settings.address.rest
        self._clock_s = clock_s
        self._server = HttpPost(settings.address, settings.ca_file, settings.timeout_s)
        self._key = b""

    @property
    def target(self) -> str:
        """See `Channel`."""
        return self._server.target

    def open(self) -> None:
        """See `Channel`.

        Raises:
            ConfigError: the secret or the authorities cannot be read.
        """
        self._key = self._key or signing_key(self._settings.secret.secret())
        self._server.open()

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """See `Channel`."""
        self.open()
        return "; ".join(map(self._send, messages))

    def _send(self, message: AlertMessage) -> str:
        body = webhook_body(message)
        headers = signed_headers(self._key, message.message_id, int(self._clock_s()), body)
        status, words = self._server.post(self._path, body, headers)
        check_taken(self.target, status, words)
        return words

    def close(self) -> None:
        """See `Channel`."""
        self._server.close()
        self._key = b""


def webhook_body(message: AlertMessage) -> bytes:
    """The JSON of a message: type, time, and the fields of the event with what people read of it."""
    alert = message.alert
    return json.dumps(
        {
            "type": f"alert.{alert.phase.value or 'raised'}",
            "timestamp": format_utc(alert.ts_ms),
            "data": {**message.fields(), "incident": message.incident, "title": message.title, "text": message.text},
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def signing_key(secret: str) -> bytes:
    """The key in a secret.

    Raises:
        ConfigError: it is not ``whsec_`` and 24 to 64 bytes in base64. It is never quoted.
    """
    try:
        key = base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if len(key) not in _SECRET_BYTES:
        raise ConfigError(
            "secret of the webhook",
            "is not whsec_ and 24 to 64 bytes in base64",
            'Make one: echo "whsec_$(openssl rand -base64 32)"',
        )
    return key


def signed_headers(key: bytes, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of a message.

    Args:
        key: of the signature; message_id: the same at every attempt; at_s: seconds since 1970 UTC of this attempt.
        body: as sent.
    """
    signed = hmac.new(key, f"{message_id}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": f"viapublica/{__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
