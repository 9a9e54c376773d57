"""The middleware around all routes: form and size of requests, headers of answers, log lines, unexpected errors."""

from __future__ import annotations

import ipaddress
import re
import secrets
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.http_api.problems import RequestRefused, problem

MOST_BODY_BYTES: Final = 64 * 1024
"""Bytes of a request's body; a list of ten thousand plates is not sent in one request."""
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FORMS_BELOW: Final = "/console/"
"""Begin of the addresses that take the forms of pages; all others take JSON alone."""
DIRECTORY_RETURN: Final = "/console/directory/return"
"""The one address with a query string: OpenID Connect brings its code, which counts once and in one browser, there."""
MOST_UPLOAD_BYTES: Final = 20 * 1024 * 1024
"""Bytes of a scanned document."""
_UPLOADS: Final = re.compile(r"/console/releases/[0-9]{4}/[0-9]{1,6}/document")
"""Addresses that take a file as it is, without a form around it; whose it is, and its name, are in headers."""
_FILE: Final = "application/octet-stream"
_OWN: Final = frozenset({"Cache-Control", "Content-Security-Policy"})
"""Headers that an answer may set itself, as pages and their style sheets do."""
_FORM: Final = "application/x-www-form-urlencoded"
_HSTS: Final = "max-age=31536000; includeSubDomains"
_SAME_SITE: Final = frozenset({"same-origin", "none"})
"""Values of ``Sec-Fetch-Site`` of our own pages, and of addresses that a person typed; programs send none."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Answered:
    """What is known of an answer while it is sent."""

    status: int = 0


class RequestGuard:
    """ASGI middleware around all routes.

    Args:
        app: the routes; encrypted, behind_proxy: see `Service`.
    """

    def __init__(self, app: ASGIApp, *, encrypted: bool, behind_proxy: bool) -> None:
        self._app = app
        self._behind_proxy = behind_proxy
        self._headers = dict(_HEADERS)
        if encrypted:
            self._headers["Strict-Transport-Security"] = _HSTS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, begin, answered = secrets.token_hex(8), time.monotonic(), _Answered()
        scope.setdefault("state", {})["request_id"] = request_id

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    if name not in _OWN or name not in headers:
                        headers[name] = value
                headers["X-Request-Id"] = request_id
            await send(message)

        if self._behind_proxy:
            scope["client"] = _forwarded_client(scope)
        try:
            _check_form(scope)
            await self._app(scope, _limited(scope, receive), sending)
        except RequestRefused as refused:
            if not answered.status:
                answer = problem(
                    refused.status_code, refused.detail, refused.fix, headers=refused.headers, request_id=request_id
                )
                await answer(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the text may quote a plate: only its kind and place are logged
            _log.error("request_failed", request=request_id, kind=type(error).__name__, place=_place(error))
            if not answered.status:
                text = "The server failed; nothing was answered"
                answer = problem(500, text, "Report the id of the request to the administrator", request_id=request_id)
                await answer(scope, receive, sending)
        finally:
            _log.info("request", **_line(scope, request_id, answered.status, time.monotonic() - begin))


def _check_form(scope: Scope) -> None:
    """Refuse what could carry data past the body, or come from another site.

    Raises:
        RequestRefused: a query string, a body that is no JSON, or another site's page.
    """
    headers = Headers(scope=scope)
    if scope["query_string"] and (scope["method"], scope["path"]) != ("GET", DIRECTORY_RETURN):
        raise RequestRefused(
            HTTPStatus.BAD_REQUEST,
            "The address has a query string",
            "Send parameters in the body: addresses are logged",
        )
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return
    if _is_of_another_site(headers):
        raise RequestRefused(HTTPStatus.FORBIDDEN, "The request comes from a page of another site")
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    is_form = kind == _FORM and scope["path"].startswith(FORMS_BELOW)
    is_file = kind == _FILE and _takes_file(scope)
    if has_body and kind != "application/json" and not is_form and not is_file:
        raise RequestRefused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body is not declared as JSON", "Send Content-Type: application/json"
        )
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit() or int(length) > _most_bytes(scope):
        raise _too_large(scope)


def _takes_file(scope: Scope) -> bool:
    return scope["method"] == "POST" and _UPLOADS.fullmatch(scope["path"]) is not None


def _most_bytes(scope: Scope) -> int:
    return MOST_UPLOAD_BYTES if _takes_file(scope) else MOST_BODY_BYTES


def _is_of_another_site(headers: Headers) -> bool:
    """Whether a page of another site sent a request; browsers without ``Sec-Fetch-Site`` state its ``Origin``."""
    if stated := headers.get("sec-fetch-site"):
        return stated not in _SAME_SITE
    origin = headers.get("origin", "")
    return bool(origin) and origin.partition("://")[2] != headers.get("host", "")


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Counts the bytes of a body whose length is not declared."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > _most_bytes(scope):
            raise _too_large(scope)
        return message

    return limited if scope["method"] not in {"GET", "HEAD"} else receive


def _too_large(scope: Scope) -> RequestRefused:
    return RequestRefused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body is larger than {_most_bytes(scope) // 1024} KiB",
        "Ask in parts",
        {"Connection": "close"},
    )


def _forwarded_client(scope: Scope) -> tuple[str, int] | None:
    """The client's address as the proxy states it: the last one, as a client may send earlier ones itself."""
    stated = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).rsplit(",", 1)[-1].strip()
    try:
        return str(ipaddress.ip_address(stated)), 0
    except ValueError:
        return None


def _line(scope: Scope, request_id: str, status: int, seconds: float) -> dict[str, Any]:
    """A log line; of the address only the route, as a mistyped one may hold a plate."""
    route = scope.get("route")
    client = scope.get("client")
    state = scope["state"]
    return {
        "request": request_id,
        "method": scope["method"] if scope["method"].isalpha() else "?",
        "route": getattr(route, "path", "-"),
        "status": status,
        "ms": round(seconds * 1000),
        "account": state.get("account", ""),
        "address": client[0] if client else "local",
    }


def _place(error: BaseException) -> str:
    """The innermost lines of the program that an error passed."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = [f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}" for frame in reversed(frames)]
    return " < ".join(places)
