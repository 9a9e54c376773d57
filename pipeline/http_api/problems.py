"""Error answers of the HTTP API (RFC 9457, ``application/problem+json``), without plates and without internals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from pipeline.app.access.access_door import QueryLimitReached
from pipeline.errors import (
    AuditUnavailable,
    ConfigError,
    MissingComponent,
    NotLoggedIn,
    PolicyError,
    RegistryError,
    ReleaseError,
    StoreError,
    ViapublicaError,
)

MEDIA_TYPE: Final = "application/problem+json"
_PLATE: Final = re.compile(r"(?<![A-Z0-9])[A-Z]{3}[ -]?[0-9][A-Z0-9][0-9]{2}(?![A-Z0-9])", re.IGNORECASE)
_STATUS: Final[Sequence[tuple[type[ViapublicaError], HTTPStatus]]] = (
    (NotLoggedIn, HTTPStatus.UNAUTHORIZED),
    (QueryLimitReached, HTTPStatus.TOO_MANY_REQUESTS),
    (PolicyError, HTTPStatus.FORBIDDEN),
    (RegistryError, HTTPStatus.CONFLICT),
    (AuditUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ReleaseError, HTTPStatus.SERVICE_UNAVAILABLE),  # of the database of people
    (ConfigError, HTTPStatus.SERVICE_UNAVAILABLE),
    (MissingComponent, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The first kind that fits gives the status; every other error of the program is about what was sent."""


class Problem(BaseModel):
    """The body of every answer that is not a success."""

    type: str = Field(default="about:blank", description="Kind of the problem; the status says it.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="What is wrong, without plates.")
    fix: str = Field(default="", description="What can be done about it.")
    policy: str = Field(default="", description="Identifier of the policy that refused, as in the audit.")
    request_id: str = Field(default="", description="Names the request in the log of the server.")


class InvalidRequest(ViapublicaError):
    """A value of a request cannot be used."""


class RequestRefused(HTTPException):
    """A request that is answered with a problem, whatever it wants.

    Args:
        status: of the answer; detail, fix: see `Problem`; headers: of the answer.
    """

    def __init__(self, status: int, detail: str, fix: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.fix = fix


def problem(
    status: int,
    detail: str,
    fix: str = "",
    *,
    policy: str = "",
    headers: Mapping[str, str] | None = None,
    request_id: str = "",
) -> JSONResponse:
    """An error answer.

    Args:
        status: HTTP status; detail, fix, policy, request_id: see `Problem`.
        headers: further ones of the answer.
    """
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=without_plates(detail),
        fix=without_plates(fix),
        policy=policy,
        request_id=request_id,
    )
    return JSONResponse(body.model_dump(), int(status), dict(headers or {}), MEDIA_TYPE)


def status_of(error: ViapublicaError) -> HTTPStatus:
    """The status of the answer to an error of the program."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.UNPROCESSABLE_ENTITY)


def problem_of(error: ViapublicaError, request_id: str) -> JSONResponse:
    """The answer to an error of the program."""
    status = status_of(error)
    policy = error.policy if isinstance(error, PolicyError) else ""
    detail = f"{error.subject}: {error.problem}"
    headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
    if isinstance(error, QueryLimitReached):
        headers = {"Retry-After": str(error.wait_s)}
    return problem(status, detail, error.fix, policy=policy, headers=headers, request_id=request_id)


def without_plates(text: str) -> str:
    """Text in which what is spelled like a plate is replaced, whatever an error quotes."""
    return _PLATE.sub("[plate]", text)


def responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for its description."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status.value: {"description": status.phrase, "content": content} for status in statuses}


def of_account() -> dict[int | str, dict[str, Any]]:
    """The error answers of every route that needs a log-in."""
    return responses(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )


def with_body() -> dict[int | str, dict[str, Any]]:
    """The error answers of a route that needs a log-in and takes a body."""
    return of_account() | responses(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY
    )
