"""The application of the HTTP API: routes, error answers, description."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from pipeline import __version__
from pipeline.errors import ViapublicaError
from pipeline.http_api import (
    audit_routes,
    feedback_routes,
    health_routes,
    hot_list_routes,
    incident_routes,
    own_account_routes,
    passkey_routes,
    people_routes,
    push_routes,
    question_routes,
    rights_routes,
    session_routes,
    traffic_routes,
)
from pipeline.http_api.problems import Problem, RequestRefused, problem, problem_of
from pipeline.http_api.request_guard import RequestGuard
from pipeline.http_api.service import Service

_ROUTES: Final = (
    health_routes.router,
    session_routes.router,
    own_account_routes.router,
    passkey_routes.router,
    question_routes.router,
    traffic_routes.router,
    hot_list_routes.router,
    incident_routes.router,
    feedback_routes.router,
    push_routes.router,
    audit_routes.router,
    people_routes.router,
    rights_routes.router,
)


def create_application(service: Service) -> FastAPI:
    """The application.

    Args:
        service: what its routes work with.
    """
    app = FastAPI(
        title="viapublica",
        version=__version__,
        summary="Queries of plates, events and traffic, hot-lists, incidents, cameras, people, and the audit.",
        docs_url=None,  # pages of documentation would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would repeat the address
    )
    app.state.service = service
    for router in _ROUTES:
        app.include_router(router)
    app.add_middleware(RequestGuard, encrypted=service.encrypted, behind_proxy=service.behind_proxy)
    app.add_exception_handler(ViapublicaError, _program_error)
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    _describe_problems(app)
    return app


def _program_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ViapublicaError)  # noqa: S101 - registered for it
    return problem_of(error, request.state.request_id)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)  # noqa: S101
    return problem(
        error.status_code, error.detail, error.fix, headers=error.headers, request_id=request.state.request_id
    )


def _invalid(request: Request, error: Exception) -> Response:
    """Names the fields; what was sent is never repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()[:10]]
    text = "; ".join(found) or "The request cannot be read"
    fix = "See /openapi.json"
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, text, fix, request_id=request.state.request_id)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    words = HTTPStatus(error.status_code).description or HTTPStatus(error.status_code).phrase
    return problem(error.status_code, words, headers=error.headers, request_id=request.state.request_id)


def _describe_problems(app: FastAPI) -> None:
    """Puts `Problem` into the description, and takes FastAPI's own form of validation errors out of it."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = described()
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = Problem.model_json_schema()
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
