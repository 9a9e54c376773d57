"""The drawing page of one camera in the console: masks, zones, lines and calibration on its masked image."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import JSONResponse, Response

from pipeline.app.access.acting import acting_as
from pipeline.app.access.own_operations import require_own
from pipeline.app.cameras.drawing_session import DrawingSession
from pipeline.console.camera_pages import CameraOf, address_of, onboarding_of
from pipeline.console.drawing.handlers import ACTIONS, drawing_answer, drawing_page
from pipeline.console.pages import gone_to, static_address
from pipeline.console.registry_visits import CameraRoute, VisitOfPeople
from pipeline.console.sections import PEOPLE
from pipeline.console.visits import Visit, opened_for
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose

router = APIRouter(route_class=CameraRoute, include_in_schema=False, prefix=f"{PEOPLE.path}/cameras/{{camera}}/draw")
FILES: Final = "/console/drawing"
"""Where the scripts and the style of the page are."""


async def sent_body(request: Request) -> bytes:
    """The body of a request, as it is."""
    return await request.body()


@router.post("")
def begin(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """Take an image of the camera, on which the person draws."""
    require_own(visit.caller.registry, (Operation.CONFIGURATION,))
    onboarding_of(visit).begin_drawing(opened_for(visit, Purpose.CITY_SERVICES.value), camera)
    return gone_to(visit.request, f"{address_of(camera)}/draw/")


@router.get("/")
def page(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """The page."""
    _session(visit, camera)
    reader = visit.reader
    return drawing_page(FILES, f"{static_address()}/tokens.css", reader.tongue.value, reader.theme.value)


@router.get("/still.jpg")
def still(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """The image: privacy masks filled, persons, faces and plates masked."""
    return Response(_session(visit, camera).still.content, media_type="image/jpeg")


@router.get("/state")
def state(visit: VisitOfPeople, camera: CameraOf) -> Response:
    """What the page begins with, the token of its requests, and where it leads at its end."""
    return JSONResponse({**_session(visit, camera).state(), "csrf": visit.csrf, "back": address_of(camera)})


@router.post("/{action}")
def act(
    visit: VisitOfPeople,
    camera: CameraOf,
    action: Annotated[str, Path(pattern=f"^({'|'.join(ACTIONS)})$")],
    body: Annotated[bytes, Depends(sent_body)],
) -> Response:
    """A request of the page; see `drawing_answer`."""
    session = _session(visit, camera)
    if action == "finish":
        onboarding_of(visit).end_drawing(visit.caller.registry, camera)
    with acting_as(opened_for(visit, Purpose.ADMINISTRATION.value)):
        return drawing_answer(session, action, body)


def _session(visit: Visit, camera: str) -> DrawingSession:
    require_own(visit.caller.registry, (Operation.CONFIGURATION,))
    return onboarding_of(visit).drawing(visit.caller.registry, camera)
