"""Requests to a server and its answers."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Any, Final

from pipeline.app.remote.server_address import ServerAddress
from pipeline.errors import NotLoggedIn, PolicyError, StoreError, ViapublicaError

COOKIES: Final = ("__Host-viapublica-session", "viapublica-session")
"""Names of the session's cookie, over TLS and without."""
_JSON: Final = "application/json"
_TIMEOUT_S: Final = 90.0
"""Longer than the longest search of a server."""
_MOST_BYTES: Final = 64 << 20
_UNKNOWN: Final = "gives an answer that is none of viapublica's"
_CHECK_IT: Final = "Check --server, and the versions of both programs"


@dataclass(frozen=True, slots=True)
class ServerSession:
    """An open session with a server.

    Attributes:
        cookie, token: name and value of its cookie; csrf: what each request names.
    """

    cookie: str
    token: str
    csrf: str


@dataclass(frozen=True, slots=True)
class ServerReply:
    """A success.

    Attributes:
        content: of its body; an empty one has none.
        session: the cookie that it set, name and value; None without.
    """

    content: dict[str, Any]
    cookie: tuple[str, str] | None = None


def ask_server(
    address: ServerAddress,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    session: ServerSession | None = None,
) -> ServerReply:
    """Send one request; redirections are not followed.

    Args:
        address: of the server; method, path: of the request; body: to be sent as JSON; session: the person's.

    Raises:
        NotLoggedIn: the session has ended, or the log-in is wrong.
        PolicyError: a rule refuses it.
        StoreError: the server does not answer, or not now.
        ViapublicaError: it does not take what was sent.
    """
    headers = {"Accept": _JSON} | ({} if body is None else {"Content-Type": _JSON})
    if session is not None:
        headers |= {"Cookie": f"{session.cookie}={session.token}", "X-CSRF-Token": session.csrf}
    connection = _connection(address)
    try:
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        content, cookie = answer.read(_MOST_BYTES + 1), _cookie(answer)
    except (OSError, HTTPException) as error:
        why = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or type(error).__name__
        raise StoreError(
            f"server {address}", f"does not answer ({why})", "Start it (viapublica serve), or correct --server"
        ) from None
    finally:
        connection.close()
    found = _parsed(address, content)
    if 200 <= answer.status < 300:
        return ServerReply(found, cookie)
    raise _refusal(address, answer.status, found)


def _connection(address: ServerAddress) -> HTTPConnection:
    if address.path is not None:
        return _UnixConnection(address.path)
    if address.encrypted:
        context = ssl.create_default_context()  # also of SSL_CERT_FILE, for a city's own authority
        return HTTPSConnection(address.host, address.port, timeout=_TIMEOUT_S, context=context)
    return HTTPConnection(address.host, address.port, timeout=_TIMEOUT_S)


class _UnixConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _cookie(answer: HTTPResponse) -> tuple[str, str] | None:
    try:
        found = SimpleCookie(answer.headers.get("Set-Cookie", ""))
    except CookieError:
        return None
    return next(((name, found[name].value) for name in COOKIES if name in found), None)


def _parsed(address: ServerAddress, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content or b"{}") if len(content) <= _MOST_BYTES else None
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise StoreError(f"server {address}", _UNKNOWN, _CHECK_IT)
    return found


_STATUS: Final[dict[int, type[ViapublicaError]]] = {
    401: NotLoggedIn,
    409: StoreError,
    429: StoreError,
    500: StoreError,
    503: StoreError,
}


def _refusal(address: ServerAddress, status: int, problem: dict[str, Any]) -> ViapublicaError:
    """The error of an answer that is none, with the words of the server."""
    detail, fix = (problem.get(name) for name in ("detail", "fix"))
    if not isinstance(detail, str) or not isinstance(fix, str):
        return StoreError(f"server {address}", f"{_UNKNOWN} (status {status})", _CHECK_IT)
    subject, colon, what = detail.partition(": ")
    words = (subject, what, fix) if colon else (f"server {address}", detail, fix)
    if status == 403:
        return PolicyError(*words, policy=str(problem.get("policy", "")))
    return _STATUS.get(status, ViapublicaError)(*words)
