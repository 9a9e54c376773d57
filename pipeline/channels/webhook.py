"""Signed webhooks, as Standard Webhooks 1.0 describes them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final

from pipeline import __version__
from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.settings import WebhookSettings
from pipeline.channels.tls_context import verified
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.times import format_utc
from pipeline.errors import ConfigError, SinkError

_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = range(24, 65)
"""Lengths of keys that Standard Webhooks recommends."""
_REFUSED: Final = frozenset({400, 413, 422})
"""Answers that say that this message will never be taken; all others may end, and are tried again."""
_ANSWER_BYTES: Final = 4096
"""Of an answer's body; the rest is not read."""


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
        self._address = settings.address
        self._clock_s = clock_s
        self._connection: HTTPConnection | None = None
        self._key = b""

    @property
    def target(self) -> str:
        """See `Channel`: without path and query, which may hold a secret."""
        return f"{self._address.scheme}://{self._address.endpoint}"

    def open(self) -> None:
        """See `Channel`.

        Raises:
            ConfigError: the secret or the authorities cannot be read.
        """
        if self._connection is not None:
            return
        self._key = signing_key(self._settings.secret.secret())
        host, timeout_s = self._address.host.strip("[]"), self._settings.timeout_s
        if self._address.scheme == "https":
            context = verified(self._settings.ca_file)
            self._connection = HTTPSConnection(host, self._address.port, timeout=timeout_s, context=context)
        else:
            self._connection = HTTPConnection(host, self._address.port, timeout=timeout_s)

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """See `Channel`."""
        answers = []
        for message in messages:
            self.open()
            answers.append(self._send(message))
        return "; ".join(answers)

    def _send(self, message: AlertMessage) -> str:
        assert self._connection is not None  # noqa: S101 - opened
        body = webhook_body(message)
        headers = signed_headers(self._key, message.message_id, int(self._clock_s()), body)
        try:
            self._connection.request("POST", self._address.rest or "/", body, headers)
            answer = self._connection.getresponse()
            again = _drained(answer, time.monotonic() + self._settings.timeout_s)
        except (HTTPException, ValueError) as error:
            raise SinkError(self.target, f"its answer is not HTTP ({type(error).__name__})") from None
        if not again:
            self.close()
        status = f"{answer.status} {answer.reason}"[:80]
        if 200 <= answer.status < 300:
            return status
        if answer.status in _REFUSED:
            raise EventRefused(self.target, f"refuses the message: {status}")
        moved = "; redirections are not followed" if 300 <= answer.status < 400 else ""
        raise SinkError(self.target, f"answers {status}{moved}")

    def close(self) -> None:
        """See `Channel`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


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


def _drained(answer: HTTPResponse, until_s: float) -> bool:
    """Whether the body of an answer was read to its end, so that the connection can be used again.

    Nothing of it is shown: it could be of another server inside the network.

    Raises:
        TimeoutError: it comes too slowly.
    """
    read = 0
    while part := answer.read1(_ANSWER_BYTES):
        read += len(part)
        if read > _ANSWER_BYTES:
            return False
        if time.monotonic() > until_s:
            raise TimeoutError
    answer.close()
    return True
