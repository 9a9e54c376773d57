"""The drawing page for one person on this machine: on loopback, behind an address that works once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.app.cameras.drawing_session import DrawingSession
from pipeline.console.drawing.handlers import drawing_routes
from pipeline.http_api.listening import ListenAddress, listening
from pipeline.http_api.problems import problem
from pipeline.http_api.request_guard import RequestGuard

__all__ = ["serve_drawing"]

_LOOPBACK: Final = "127.0.0.1"
_LONGEST_STOP_S: Final = 2
_OPEN: Final = "/open/"


class OnePerson:
    """ASGI middleware that lets in the person who opens the address with the token first, and no one else.

    Args:
        app: the routes.
        port: on which they are served; requests that name another host are refused (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        self._hosts = {f"{host}:{port}" for host in (_LOOPBACK, "localhost")}
        self._cookie, self._secret = f"viapublica-drawing-{port}", secrets.token_urlsafe(32)
        self.token: str | None = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if headers.get("host") not in self._hosts:
            refusal = problem(HTTPStatus.MISDIRECTED_REQUEST, "This page is served to this machine only")
            await refusal(scope, receive, send)
        elif scope["path"].startswith(_OPEN):
            await self._opened(scope["path"].removeprefix(_OPEN))(scope, receive, send)
        elif secrets.compare_digest(cookie_parser(headers.get("cookie", "")).get(self._cookie, ""), self._secret):
            await self._app(scope, receive, send)
        else:
            await _not_this_person()(scope, receive, send)

    def _opened(self, token: str) -> Response:
        if self.token is None or not secrets.compare_digest(token.encode(), self.token.encode()):
            return _not_this_person()
        self.token = None
        answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie, self._secret, httponly=True, samesite="strict")
        return answer


def _not_this_person() -> Response:
    return problem(
        HTTPStatus.FORBIDDEN,
        "The address of this page works once, in one browser",
        "Start viapublica camera draw again",
    )


def serve_drawing(session: DrawingSession, started: Callable[[str], None], *, port: int = 0) -> None:
    """Serve the page until the person finishes, or SIGINT or SIGTERM.

    Args:
        session: the drawing.
        started: receives the address that opens the page, once.
        port: to listen on; 0 for a free one.

    Raises:
        ConfigError: the port is in use.
    """
    with listening(ListenAddress(_LOOPBACK, port)) as opened:
        port = opened.getsockname()[1]
        server: list[uvicorn.Server] = []

        def finish() -> None:
            server[0].should_exit = True

        person = OnePerson(Starlette(routes=drawing_routes(session, finish)), port)
        guarded = RequestGuard(person, encrypted=False, behind_proxy=False)
        config = uvicorn.Config(
            guarded,
            log_config=None,
            access_log=False,  # its lines would hold the token
            server_header=False,
            proxy_headers=False,
            ws="none",
            lifespan="off",
            log_level="warning",
            timeout_graceful_shutdown=_LONGEST_STOP_S,
        )
        server.append(uvicorn.Server(config))
        started(f"http://{_LOOPBACK}:{port}{_OPEN}{person.token}")
        server[0].run(sockets=[opened])
