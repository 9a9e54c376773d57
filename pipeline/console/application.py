"""The console on an application of the HTTP API."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from inspect import isawaitable
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from pipeline.app.cameras.camera_onboarding import CameraOnboarding
from pipeline.console import (
    account_pages,
    audit_pages,
    camera_drawing_pages,
    camera_pages,
    directory_pages,
    disposal_pages,
    health_pages,
    hold_pages,
    institution_pages,
    list_pages,
    live_pages,
    people_pages,
    person_pages,
    plate_pages,
    push_pages,
    recording_pages,
    release_file_pages,
    release_pages,
    rights_pages,
    session_pages,
    situation_pages,
    traffic_pages,
)
from pipeline.console.drawing.handlers import DRAWING_FILES
from pipeline.console.pages import static_address
from pipeline.console.problem_pages import problem_page
from pipeline.http_api.problems import RequestRefused
from pipeline.http_api.request_guard import FORMS_BELOW
from pipeline.http_api.service import Service

PAGES: Final = (
    session_pages.router,
    directory_pages.router,
    account_pages.router,
    situation_pages.router,
    live_pages.router,
    push_pages.router,
    plate_pages.router,
    list_pages.router,
    recording_pages.router,
    traffic_pages.router,
    release_pages.router,
    release_file_pages.router,
    rights_pages.router,
    hold_pages.router,
    disposal_pages.router,
    people_pages.router,
    institution_pages.router,
    person_pages.router,
    camera_pages.router,
    camera_drawing_pages.router,
    audit_pages.router,
    health_pages.router,
)


class _Stored(StaticFiles):
    """Files that browsers store for ever, as their address changes with them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """See `StaticFiles`."""
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def _answer_errors_by_pages(app: FastAPI) -> None:
    """Answer unknown addresses below ``/console/`` by pages; those of the API stay answers for programs."""
    of_api = app.exception_handlers[HTTPException]

    async def answered(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
        if request.url.path.startswith(FORMS_BELOW):
            words = HTTPStatus(error.status_code).description or HTTPStatus(error.status_code).phrase
            return problem_page(request, RequestRefused(error.status_code, words))
        answer = of_api(request, error)
        return await answer if isawaitable(answer) else answer

    app.add_exception_handler(HTTPException, answered)


def add_console(app: FastAPI) -> FastAPI:
    """Add the pages of the console to an application, below ``/console/``; ``/`` leads to them.

    Args:
        app: of the HTTP API, whose guard, sessions and decisions the pages use.
    """
    for router in PAGES:
        app.include_router(router)
    _answer_errors_by_pages(app)
    service: Service = app.state.service
    app.state.cameras = CameraOnboarding(service.register, service.release_settings.config)
    app.mount(camera_drawing_pages.FILES, StaticFiles(directory=DRAWING_FILES), name="drawing")
    app.mount(static_address(), _Stored(directory=Path(str(files("pipeline.console") / "static"))), name="static")
    return app
