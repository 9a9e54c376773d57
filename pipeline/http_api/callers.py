"""The person behind a request: session cookie with CSRF token, or personal token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import Depends, Request, Response, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from pipeline.app.people.identity import Credential, SessionCredential, TokenCredential
from pipeline.app.people.open_registry import OpenRegistry
from pipeline.domain.people import RegisteredPerson
from pipeline.errors import NotLoggedIn
from pipeline.http_api.problems import RequestRefused
from pipeline.http_api.service import Service, service_of

CSRF_HEADER: Final = "X-CSRF-Token"
_COOKIE: Final = "viapublica-session"
_READ_ONLY: Final = frozenset({"GET", "HEAD"})
_csrf = APIKeyHeader(
    name=CSRF_HEADER,
    scheme_name="csrf",
    description="With the session cookie: the token of the answer to the log-in. Not with a personal token.",
    auto_error=False,
)
_bearer = HTTPBearer(scheme_name="token", description="A personal token.", auto_error=False)

ServiceOf = Annotated[Service, Depends(service_of)]


def client_address(request: Request) -> str:
    """The address that a request comes from; ``local`` for a Unix socket."""
    return request.client.host if request.client else "local"


def cookie_of(request: Request, service: Service, name: str) -> str:
    """The value of a cookie of `set_own_cookie`; "" without."""
    return request.cookies.get(_own_name(service, name), "")


def set_own_cookie(
    response: Response,
    service: Service,
    name: str,
    value: str,
    *,
    samesite: Literal["lax", "strict"],
    max_age_s: int | None = None,
) -> None:
    """Give a browser a cookie that scripts cannot read, and that no other host can set where the server encrypts.

    Args:
        response, service: of the request; name: without prefix; value: "" takes it back.
        samesite: ``lax`` where other sites lead back to the server; max_age_s: None until the browser ends.
    """
    response.set_cookie(
        _own_name(service, name),
        value,
        max_age=max_age_s if value else 0,
        path="/",
        httponly=True,
        samesite=samesite,
        secure=service.encrypted,
    )


def _own_name(service: Service, name: str) -> str:
    """Browsers take a name with this prefix only over TLS, for this host and all of its paths."""
    return f"__Host-{name}" if service.encrypted else name


def set_session(response: Response, service: Service, token: str) -> None:
    """Hand out the id of a session; an empty one takes it back."""
    set_own_cookie(response, service, _COOKIE, token, samesite="strict")


def csrf_token(session: str) -> str:
    """What requests with a session's cookie must name: pages of other sites can neither read nor guess it."""
    return sha256(f"csrf {session}".encode()).hexdigest()


def session_of(request: Request, service: ServiceOf) -> SessionCredential | None:
    """The session whose cookie a request has."""
    found = cookie_of(request, service, _COOKIE)
    return SessionCredential(found) if found else None


@dataclass(frozen=True, slots=True)
class Caller:
    """The person who sent a request, recognized.

    Attributes:
        person: as registered; registry: for them.
        credential: by which they are recognized.
    """

    person: RegisteredPerson
    registry: OpenRegistry
    credential: Credential | None


def caller(
    request: Request,
    service: ServiceOf,
    session: Annotated[SessionCredential | None, Depends(session_of)],
    csrf: Annotated[str | None, Security(_csrf)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Caller:
    """Recognize the person.

    Raises:
        NotLoggedIn: there is no valid session or token.
        RequestRefused: the CSRF token is missing or wrong, or there are too many requests.
    """
    return recognized(request, service, session if bearer is None else TokenCredential(bearer.credentials), csrf or "")


def recognized(request: Request, service: Service, credential: Credential | None, csrf: str) -> Caller:
    """The holder of a credential.

    Args:
        request: is counted; service: of it.
        credential: None without one; csrf: the token that the request names, "" for none.

    Raises:
        NotLoggedIn, RequestRefused: see `caller`.
    """
    address = client_address(request)
    service.limits.check_address(address)
    if isinstance(credential, SessionCredential) and request.method not in _READ_ONLY:
        _check_csrf(credential, csrf)
    registry = service.registry.held_by(credential)
    try:
        person = registry.actor.person()
    except NotLoggedIn:
        if credential is not None:
            service.limits.unknown(address)
        raise
    request.state.account = person.login
    service.limits.request(person.login)
    return Caller(person, registry, credential)


CallerOf = Annotated[Caller, Depends(caller)]


def _check_csrf(credential: SessionCredential, given: str) -> None:
    if not given.isascii() or not hmac.compare_digest(csrf_token(credential.session), given):
        raise RequestRefused(
            HTTPStatus.FORBIDDEN,
            f"{CSRF_HEADER} is missing or wrong",
            "Send the csrf_token of the log-in (GET /session) with every request that is not a GET",
        )
