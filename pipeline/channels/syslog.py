"""Syslog lines (RFC 5424) over TLS (RFC 5425), TCP (RFC 6587) or UDP (RFC 5426)."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import time
from collections.abc import Sequence
from typing import Final

from pipeline.channels.alert_message import AlertMessage
from pipeline.channels.settings import SyslogSettings
from pipeline.channels.tls_context import tls_context
from pipeline.domain.events import Severity
from pipeline.domain.times import format_utc
from pipeline.errors import SinkError

_LEVELS: Final = {Severity.INFO: 6, Severity.WARNING: 4, Severity.CRITICAL: 2}
"""RFC 5424 table 2: informational, warning, critical."""
_ENTERPRISE: Final = "viapublica@32473"
"""Name of the structured data; 32473 is the number of examples (RFC 5612)."""
_DATAGRAM_BYTES: Final = 2048
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]+")


class SyslogChannel:
    """A `Channel` to a syslog server.

    The protocol has no confirmation. Over TLS and TCP each batch has a connection of its own, which this side ends
    first: when the server has ended its side without an error, it has read everything. UDP confirms nothing.

    Args:
        settings: of the channel.
    """

    def __init__(self, settings: SyslogSettings) -> None:
        self._settings = settings

    @property
    def target(self) -> str:
        """See `Channel`."""
        return f"{self._settings.transport}:{self._settings.host}:{self._settings.port}"

    def open(self) -> None:
        """See `Channel`: each batch has a connection of its own."""

    def send(self, messages: Sequence[AlertMessage]) -> str:
        """See `Channel`."""
        lines = [syslog_line(message, self._settings.facility) for message in messages]
        if self._settings.transport == "udp":
            self._send_datagrams(lines)
            return "sent; UDP confirms nothing"
        self._send_stream(lines)
        return "read by the server"

    def close(self) -> None:
        """See `Channel`."""

    def _send_datagrams(self, lines: Sequence[bytes]) -> None:
        family, kind, protocol, _, address = socket.getaddrinfo(
            self._settings.host, self._settings.port, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind, protocol) as sender:
            for line in lines:
                sender.sendto(line[:_DATAGRAM_BYTES], address)

    def _send_stream(self, lines: Sequence[bytes]) -> None:
        wanted = self._settings
        with contextlib.ExitStack() as stack:
            plain = stack.enter_context(socket.create_connection((wanted.host, wanted.port), wanted.timeout_s))
            stream: socket.socket = plain
            if wanted.transport == "tls":
                context = tls_context(wanted.tls)
                stream = stack.enter_context(context.wrap_socket(plain, server_hostname=wanted.host))
            # Octet counting: a line break inside a line ends no message.
            stream.sendall(b"".join(b"%d %s" % (len(line), line) for line in lines))
            _await_end(stream, time.monotonic() + wanted.timeout_s, self.target)


def _await_end(stream: socket.socket, until_s: float, target: str) -> None:
    """End the connection, and wait until the other end has done so.

    Raises:
        SinkError: it does not in time.
        OSError: it broke the connection, so it may not have read everything.
    """
    try:
        if isinstance(stream, ssl.SSLSocket):
            stream.settimeout(max(0.001, until_s - time.monotonic()))
            with contextlib.suppress(ssl.SSLEOFError):  # ended without a farewell, but not broken
                stream.unwrap()
            return
        stream.shutdown(socket.SHUT_WR)
        while (left_s := until_s - time.monotonic()) > 0:
            stream.settimeout(left_s)
            if not stream.recv(1024):
                return
    except TimeoutError:
        pass
    raise SinkError(target, "does not end the connection, so it is not known what it has read")


def syslog_line(message: AlertMessage, facility: int) -> bytes:
    """A message of RFC 5424, in UTF-8."""
    alert = message.alert
    priority = facility * 8 + _LEVELS[alert.severity]
    data = {
        "id": message.message_id,
        "incident": message.incident,
        "phase": alert.phase.value,
        "camera": alert.camera_id,
        "rule": alert.rule,
        "subject": alert.subject,
    }
    fields = " ".join(f'{name}="{_escaped(value)}"' for name, value in data.items() if value)
    text = _UNPRINTABLE.sub(" · ", message.text)
    head = f"<{priority}>1 {format_utc(alert.ts_ms)} {socket.gethostname()[:255]} viapublica {os.getpid()} alert"
    return f"{head} [{_ENTERPRISE} {fields}] \ufeff{text}".encode()


def _escaped(value: str) -> str:
    """A value of structured data (RFC 5424 section 6.3.3)."""
    return re.sub(r'(["\\\]])', r"\\\1", _UNPRINTABLE.sub(" ", value))
