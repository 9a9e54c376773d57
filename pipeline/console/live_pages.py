"""Live views of cameras: one camera, the wall, and the video of both, with the viewer's name burnt in."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from pipeline.app.live_view import MOST_CAMERAS
from pipeline.console.camera_list import camera_list
from pipeline.console.live_video import live_video, motion_jpeg
from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import SITUATION, Section
from pipeline.console.visits import Visit, visit_of
from pipeline.domain.camera import CAMERA_ID
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.http_api.problems import InvalidRequest, RequestRefused

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=SITUATION.path)
SIZES: Final = (1, 4, 9, 16)
"""Cameras of the wall at a time."""
ROTATION_S: Final = 20
_WATCHING: Final = Section(SITUATION.name, SITUATION.title, (Operation.MONITORING,))

Watcher = Annotated[Visit, Depends(visit_of(_WATCHING))]
CameraOf = Annotated[str, Path(pattern=CAMERA_ID.pattern)]


@router.get("/{purpose}/cameras/{camera}")
def one_camera(visit: Watcher, purpose: Purpose, camera: CameraOf) -> Response:
    """One camera, live; the video decides whether the person may watch it."""
    listed = camera_list(visit, purpose)
    known = next((one for one in listed["cameras"] or () if one.camera_id == camera), None)
    return _shown(visit, purpose, "live.html", camera=camera, known=known)


@router.get("/{purpose}/wall/{size}")
def wall(visit: Watcher, purpose: Purpose, size: int) -> Response:
    """The camera wall: several cameras at a time, in turn."""
    if size not in SIZES:
        raise InvalidRequest("wall", f"has {', '.join(map(str, SIZES))} cameras", "Choose one of these")
    listed = camera_list(visit, purpose)
    cameras = None if listed["cameras"] is None else [one for one in listed["cameras"] if not one.stopped]
    values = {"cameras": cameras, "cameras_problem": listed["cameras_problem"], "size": size, "sizes": SIZES}
    return _shown(visit, purpose, "wall.html", rotation_s=ROTATION_S, **values)


@router.get("/{purpose}/video/{cameras}")
def video(visit: Watcher, purpose: Purpose, cameras: str) -> StreamingResponse:
    """The video of one or several cameras (ids, separated by commas), for the script of the pages."""
    named = cameras.split(",")
    if not 1 <= len(named) <= MOST_CAMERAS or not all(CAMERA_ID.fullmatch(one) for one in named):
        raise InvalidRequest("cameras", f"are not 1 to {MOST_CAMERAS} ids", "Separate them by commas")
    return live_video(visit, purpose, named, live_turn(visit))


@router.get("/{purpose}/mjpeg/{camera}")
def mjpeg(visit: Watcher, purpose: Purpose, camera: CameraOf) -> StreamingResponse:
    """The video of one camera for browsers that decode none themselves."""
    return motion_jpeg(visit, purpose, camera, live_turn(visit))


def live_turn(visit: Visit) -> Callable[[], None]:
    """A turn among the live views of the server; what gives it back."""
    views = visit.service.live_views
    if not views.acquire(blocking=False):
        words = "Too many people watch live at the moment"
        raise RequestRefused(HTTPStatus.SERVICE_UNAVAILABLE, words, "Close a view, or try again later")
    return views.release


def _shown(visit: Visit, purpose: Purpose, template: str, **values: Any) -> Response:
    return section_page(template, visit, SITUATION.name, purpose=purpose, **values)
