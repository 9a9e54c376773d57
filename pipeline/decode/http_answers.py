"""Answers of an HTTP server: read within a time limit, always closed, and in words where they are malformed."""

from __future__ import annotations

import io
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
    InvalidURL,
    LineTooLong,
)
from typing import Any, Final


class MalformedAnswer(Exception):
    """A server answered with something that is not what its protocol allows; the message says what."""


NOT_VALID: Final = "it refers to an address that is not valid"
_PROBLEMS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (InvalidURL, NOT_VALID),
    (UnicodeError, NOT_VALID),
    (ArithmeticError, NOT_VALID),
    (BadStatusLine, "its answer is not HTTP"),
    (IncompleteRead, "its answer was cut off"),
    (LineTooLong, "the headers of its answer are too long"),
    (HTTPException, "the headers of its answer are malformed"),
    (Exception, "its answer is malformed"),
)
"""The first kind that matches applies. Nothing that the server sent is quoted."""


@contextmanager
def malformed_answers_named() -> Iterator[None]:
    """Replace what `urllib` and `http.client` raise about nonsense; errors of the connection pass.

    Raises:
        MalformedAnswer: instead of any of theirs.
    """
    try:
        yield
    except OSError:
        raise  # `RemoteDisconnected` and `URLError` are also errors of the other kinds
    except (HTTPException, ValueError, ArithmeticError, LookupError) as error:
        raise MalformedAnswer(next(words for kind, words in _PROBLEMS if isinstance(error, kind))) from None


class TimedAnswers:
    """Handlers for `urllib.request` whose answers end after a time, however slowly they come.

    Args:
        limit_s: seconds from `begin` to the last byte of an answer; a timeout of the socket bounds each read only.
        context: certificates.
    """

    def __init__(self, limit_s: float, context: ssl.SSLContext) -> None:
        self._limit_s = limit_s
        self._until_s = 0.0
        self._context = context
        self._answers: list[HTTPResponse] = []

    def begin(self) -> None:
        """A new request begins."""
        self.close()
        self._until_s = time.monotonic() + self._limit_s

    def close(self) -> None:
        """Close every connection since `begin`, those behind refused logins and redirections too."""
        for answer in self._answers:
            answer.close()
        self._answers.clear()

    def handlers(self) -> tuple[urllib.request.BaseHandler, ...]:
        """For `urllib.request.build_opener`."""
        return _HttpHandler(self), _HttpsHandler(self)

    def connection(self, host: str, **options: Any) -> HTTPConnection:
        """See `http.client.HTTPConnection`."""
        return self._timed(HTTPConnection(host, **options))

    def secure_connection(self, host: str, **options: Any) -> HTTPConnection:
        """See `http.client.HTTPSConnection`."""
        return self._timed(HTTPSConnection(host, context=self._context, **options))

    def _timed(self, connection: HTTPConnection) -> HTTPConnection:
        connection.response_class = self._answer  # type: ignore[assignment]  # called like the class
        return connection

    def _answer(self, sock: socket.socket, **options: Any) -> HTTPResponse:
        answer = HTTPResponse(sock, **options)
        answer.fp.close()
        answer.fp = io.BufferedReader(_TimedReader(sock, self._until_s))
        self._answers.append(answer)
        return answer


class _HttpHandler(urllib.request.HTTPHandler):
    def __init__(self, answers: TimedAnswers) -> None:
        super().__init__()
        self._timed = answers

    def http_open(self, req: urllib.request.Request) -> Any:
        """See `urllib.request.HTTPHandler`."""
        return self.do_open(self._timed.connection, req)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def __init__(self, answers: TimedAnswers) -> None:
        super().__init__()
        self._timed = answers

    def https_open(self, req: urllib.request.Request) -> Any:
        """See `urllib.request.HTTPSHandler`."""
        return self.do_open(self._timed.secure_connection, req)


class _TimedReader(io.RawIOBase):
    """Bytes of a socket until a time of the monotonic clock."""

    def __init__(self, sock: socket.socket, until_s: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._until_s = until_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(min(left_s, self._sock.gettimeout() or left_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
