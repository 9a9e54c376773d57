"""The drawing page of one camera and its requests; the program that serves them decides who may send them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from pipeline.app.cameras.camera_calibration import GroundRefused
from pipeline.app.cameras.drawing_session import CameraDrawing, DrawingSession, FlawedDrawing, StaleDrawing
from pipeline.errors import AuditUnavailable, PolicyError, ViapublicaError
from pipeline.http_api.problems import problem

__all__ = ["ACTIONS", "DRAWING_FILES", "drawing_answer", "drawing_page", "drawing_routes"]

ACTIONS: Final = ("check", "diff", "save", "ground", "reload", "finish")
"""Requests of the page that have a body."""
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy that the page needs: nothing but its own files."""
DRAWING_FILES: Final = Path(__file__).parent / "static"
"""Scripts, texts and style of the page."""
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


def drawing_page(files: str, tokens: str, language: str = "", theme: str = "") -> Response:
    """The page.

    Args:
        files: address of the folder with its scripts; tokens: of the design tokens.
        language: of its texts, "" for that of the browser; theme: ``light`` or ``dark``, else as the browser is set.
    """
    attributes = f' data-language="{language.partition("-")[0]}"' if language else ""
    attributes += f' data-theme="{theme}"' if theme in {"light", "dark"} else ""
    text = (DRAWING_FILES / "page.html").read_text(encoding="utf-8").replace("<html", f"<html{attributes}", 1)
    text = text.replace('"/tokens.css"', f'"{tokens}"').replace('"/static/', f'"{files}/')
    return HTMLResponse(text, headers={"Content-Security-Policy": _PAGE_POLICY})


def drawing_answer(session: DrawingSession, action: str, body: bytes) -> Response:
    """The answer to a request of the page.

    Args:
        session: the drawing; action: one of `ACTIONS`; body: JSON.
    """
    try:
        return JSONResponse(_answered(session, action, body))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{where}: {found['msg']}")
    except ViapublicaError as error:
        return _refusal(error)


def drawing_routes(session: DrawingSession, finish: Callable[[], None]) -> list[BaseRoute]:
    """The page, its image and its requests, for one person.

    Args:
        session: the drawing; finish: called when the person is done.
    """

    async def page(_: Request) -> Response:
        return drawing_page("/static", "/tokens.css")

    async def still(_: Request) -> Response:
        return Response(session.still.content, media_type="image/jpeg")

    async def tokens(_: Request) -> Response:
        return FileResponse(_TOKENS)

    async def no_icon(_: Request) -> Response:
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def state(_: Request) -> Response:
        return JSONResponse(await run_in_threadpool(session.state))

    def answering(action: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            answered = await run_in_threadpool(drawing_answer, session, action, await request.body())
            if action == "finish":
                finish()
            return answered

        return answer

    return [
        Route("/", page),
        Route("/still.jpg", still),
        Route("/tokens.css", tokens),
        Route("/state", state),
        Route("/favicon.ico", no_icon),
        *(Route(f"/{action}", answering(action), methods=["POST"]) for action in ACTIONS),
        Mount("/static", StaticFiles(directory=DRAWING_FILES)),
    ]


def _answered(session: DrawingSession, action: str, body: bytes) -> Any:
    if action == "check":
        asked = _Check.model_validate_json(body)
        return {"flaws": [flaw.as_json() for flaw in session.flaws(asked.drawing.drawing())]}
    if action in {"diff", "save"}:
        change = _Change.model_validate_json(body)
        drawing = change.drawing.drawing()
        return (
            session.save(drawing, change.version)
            if action == "save"
            else {"diff": session.diff(drawing, change.version)}
        )
    if action == "ground":
        ground = _Ground.model_validate_json(body)
        return session.ground(ground.measure, ground.check)
    return session.reload() if action == "reload" else {}


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
