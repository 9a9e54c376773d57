"""POST requests of channels: to the one address that is asked for, without redirections and proxies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Final

from pipeline.channels.tls_context import verified
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.network_address import NetworkAddress
from pipeline.errors import SinkError

_ANSWER_BYTES: Final = 4096
"""Of an answer's body; the rest is not read."""
_REFUSED: Final = frozenset({400, 413, 422})
"""Answers that say that this message will never be taken; all others may end, and are tried again."""


class HttpPost:
    """A connection to one server; opened at the first request, and used again.

    Args:
        address: of the server; its path is used for nothing.
        ca_file: PEM of the authorities to trust; None for the system's.
        timeout_s: longest wait for a connection or an answer.
    """

    def __init__(self, address: NetworkAddress, ca_file: Path | None, timeout_s: float) -> None:
        self._address = address
        self._ca_file = ca_file
        self._timeout_s = timeout_s
        self._connection: HTTPConnection | None = None

    @property
    def target(self) -> str:
        """The server, without path and query, which may hold a secret."""
        return f"{self._address.scheme}://{self._address.endpoint}"

    def open(self) -> None:
        """Prepare the connection.

        Raises:
            ConfigError: the authorities cannot be read.
        """
        if self._connection is not None:
            return
        host, port = self._address.host.strip("[]"), self._address.port
        if self._address.scheme == "https":
            context = verified(self._ca_file)
            self._connection = HTTPSConnection(host, port, timeout=self._timeout_s, context=context)
        else:
            self._connection = HTTPConnection(host, port, timeout=self._timeout_s)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
        """Status of the answer, and that in words.

        Raises:
            ConfigError: see `open`; OSError: the server cannot be reached, or answers too slowly.
            SinkError: its answer is not HTTP.
        """
        self.open()
        assert self._connection is not None  # noqa: S101 - opened
        try:
            self._connection.request("POST", path or "/", body, dict(headers))
            answer = self._connection.getresponse()
            again = _drained(answer, time.monotonic() + self._timeout_s)
        except (HTTPException, ValueError) as error:
            self.close()
            raise SinkError(self.target, f"its answer is not HTTP ({type(error).__name__})") from None
        except OSError:
            self.close()
            raise
        if not again:
            self.close()
        return answer.status, f"{answer.status} {answer.reason}"[:80]

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def check_taken(target: str, status: int, words: str) -> None:
    """Require that a server has taken a message.

    Args:
        target: the server; status, words: of its answer.

    Raises:
        EventRefused: it will never take this message.
        SinkError: it may take it later.
    """
    if status in _REFUSED:
        raise EventRefused(target, f"refuses the message: {words}")
    if not 200 <= status < 300:
        moved = "; redirections are not followed" if 300 <= status < 400 else ""
        raise SinkError(target, f"answers {words}{moved}")


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
