"""Requests of the drawing page about one camera; the program that serves them decides who may send them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.app.cameras.camera_calibration import GroundRefused
from pipeline.app.cameras.drawing_session import CameraDrawing, DrawingSession, FlawedDrawing, StaleDrawing
from pipeline.errors import AuditUnavailable, PolicyError, ViapublicaError
from pipeline.http_api.problems import problem

__all__ = ["drawing_routes"]

_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy that the page needs: nothing but its own files."""
_STATIC: Final = Path(__file__).parent / "static"
_TOKENS: Final = Path(__file__).parent.parent / "static" / "tokens.css"
_STRICT: Final = ConfigDict(extra="forbid", frozen=True)
_Point = tuple[float, float]


class _Drawing(BaseModel):
    model_config = _STRICT

    masks: list[Any] = Field(max_length=200)
    ignore: list[Any] = Field(max_length=200)
    zones: list[Any] = Field(max_length=50)
    lines: list[Any] = Field(max_length=50)
    calibration: Any = None

    def drawing(self) -> CameraDrawing:
        """For the session, which checks it."""
        return CameraDrawing(self.masks, self.ignore, self.zones, self.lines, self.calibration)


class _Check(BaseModel):
    model_config = _STRICT

    drawing: _Drawing


class _Change(BaseModel):
    model_config = _STRICT

    drawing: _Drawing
    version: str = Field(max_length=64)


class _Ground(BaseModel):
    model_config = _STRICT

    measure: dict[str, Any]
    check: tuple[_Point, _Point, float] | None = None


def drawing_routes(session: DrawingSession, finish: Callable[[], None] | None = None) -> list[BaseRoute]:
    """The page, its image and its requests.

    Args:
        session: the drawing.
        finish: called when the person is done; None where the page is one of several.
    """

    def check(body: bytes) -> Any:
        asked = _Check.model_validate_json(body)
        return {"flaws": [flaw.as_json() for flaw in session.flaws(asked.drawing.drawing())]}

    def diff(body: bytes) -> Any:
        asked = _Change.model_validate_json(body)
        return {"diff": session.diff(asked.drawing.drawing(), asked.version)}

    def save(body: bytes) -> Any:
        asked = _Change.model_validate_json(body)
        return session.save(asked.drawing.drawing(), asked.version)

    def ground(body: bytes) -> Any:
        asked = _Ground.model_validate_json(body)
        return session.ground(asked.measure, asked.check)

    def finished(_: bytes) -> Any:
        if finish is not None:
            finish()
        return {}

    async def page(_: Request) -> Response:
        return FileResponse(_STATIC / "page.html", headers={"Content-Security-Policy": _PAGE_POLICY})

    async def still(_: Request) -> Response:
        return Response(session.still.content, media_type="image/jpeg")

    async def tokens(_: Request) -> Response:
        return FileResponse(_TOKENS)

    async def no_icon(_: Request) -> Response:
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def state(_: Request) -> Response:
        return JSONResponse(await run_in_threadpool(session.state))

    posts = {"check": check, "diff": diff, "save": save, "ground": ground, "finish": finished}
    posts["reload"] = lambda _: session.reload()
    return [
        Route("/", page),
        Route("/still.jpg", still),
        Route("/tokens.css", tokens),
        Route("/state", state),
        Route("/favicon.ico", no_icon),
        *(Route(f"/{name}", _answering(action), methods=["POST"]) for name, action in posts.items()),
        Mount("/static", StaticFiles(directory=_STATIC)),
    ]


def _answering(action: Callable[[bytes], Any]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        body = await request.body()
        try:
            return JSONResponse(await run_in_threadpool(action, body))
        except ValidationError as error:
            found = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in found["loc"])
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {found['msg']}")
        except ViapublicaError as error:
            return _refusal(error)

    return answer


def _refusal(error: ViapublicaError) -> JSONResponse:
    """A problem document; of flaws, and of a calibration, with codes that the page puts into words."""
    status = {StaleDrawing: HTTPStatus.CONFLICT, PolicyError: HTTPStatus.FORBIDDEN}.get(
        type(error), HTTPStatus.UNPROCESSABLE_ENTITY
    )
    if isinstance(error, AuditUnavailable):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    more: Mapping[str, Any] = {}
    if isinstance(error, FlawedDrawing):
        more = {"flaws": [flaw.as_json() for flaw in error.flaws]}
    elif isinstance(error, GroundRefused):
        more = {"code": error.code, "values": error.values}
    detail = f"{error.subject}: {error.problem}"
    return JSONResponse({"status": status, "detail": detail, "fix": error.fix, **more}, status)
