"""Routes of questions to the event store: plates, route, events, cameras."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter
from pydantic import Field

from pipeline.app.people.permitted_questions import PermittedQuestions
from pipeline.app.questions import Events, Plates, Route
from pipeline.domain.locale import Locale
from pipeline.domain.times import format_utc
from pipeline.http_api.callers import Caller, CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody
from pipeline.http_api.problems import with_body
from pipeline.http_api.question_messages import (
    Asked,
    EventsQuestion,
    NoteAnswer,
    PlatesQuestion,
    QuestionAnswer,
    RouteAnswer,
    RouteQuestion,
    RouteRead,
)
from pipeline.http_api.service import Service

router = APIRouter(prefix="/queries", tags=["queries"], responses=with_body())


class CameraAnswer(AnswerBody):
    """A camera and its state."""

    camera_id: str
    location: str
    latitude: float | None = Field(description="Degrees, WGS 84; null where no place is registered.")
    longitude: float | None
    institution: str
    sector: str
    stopped: str = Field(description="Why its stream must not run; empty when it may.")
    last_event: str | None = Field(description="Time of its newest event; null when it sent none.")
    state: str = Field(description="The last state it reported; empty when it reported none.")
    state_since: str | None
    events: dict[str, int] = Field(description="Number of stored events per kind.")


class CamerasAnswer(AnswerBody):
    """The cameras that may be asked about."""

    cameras: list[CameraAnswer]
    notes: list[NoteAnswer] = Field(description="What limits the answer.")
    left_out_cameras: int = Field(description="Registered cameras that no rule permits to ask about for this purpose.")


@router.post("/plates")
def plates(body: PlatesQuestion, caller: CallerOf, service: ServiceOf) -> QuestionAnswer:
    """Find the reads of one vehicle or a few, newest first."""
    question = Plates(
        plates=body.checked_plates(),
        errors=body.errors,
        min_confidence=body.min_confidence,
        **body.scope(service.stores.zone),
    )
    found = questions_of(body, caller, service).ask(question)
    return QuestionAnswer.of(found.answer, lambda value: value, left_out=found.left_out, page=body)


@router.post("/route")
def route(body: RouteQuestion, caller: CallerOf, service: ServiceOf) -> RouteAnswer:
    """Follow a vehicle from camera to camera: the newest legs, in the order of time."""
    question = Route(
        plate=body.checked_plate(),
        min_confidence=body.min_confidence,
        locations={},
        **body.scope(service.stores.zone),
    )
    found = questions_of(body, caller, service).ask(question)
    value = found.answer.value
    page = QuestionAnswer.of(found.answer, lambda value: value.legs, left_out=found.left_out, page=body)
    only = value.only_read
    return RouteAnswer(
        **dict(page),
        only_read=None if only is None else RouteRead(**msgspec.structs.asdict(only)),
        unlocated=list(value.unlocated),
    )


@router.post("/events")
def events(body: EventsQuestion, caller: CallerOf, service: ServiceOf) -> QuestionAnswer:
    """List events of one kind, newest first."""
    found = questions_of(body, caller, service).ask(Events(kind=body.kind, **body.scope(service.stores.zone)))
    return QuestionAnswer.of(found.answer, lambda value: value, left_out=found.left_out, page=body)


@router.post("/cameras")
def cameras(body: Asked, caller: CallerOf, service: ServiceOf) -> CamerasAnswer:
    """List the cameras that you may ask about for a purpose, with their state."""
    found = questions_of(body, caller, service).cameras()
    stored = {one.camera_id: one for one in found.answer.value}
    rows = []
    for camera in sorted(found.cameras, key=lambda one: one.camera_id):
        state = stored.get(camera.camera_id)
        rows.append(
            CameraAnswer(
                camera_id=camera.camera_id,
                location=camera.location,
                latitude=camera.latitude,
                longitude=camera.longitude,
                institution=camera.institution,
                sector=camera.sector,
                stopped=camera.why_stopped(service.now_ms),
                last_event=_time(state.last_seen_ms if state else None),
                state=state.state if state else "",
                state_since=_time(state.state_since_ms if state else None),
                events={kind.value: number for kind, number in state.events.items()} if state else {},
            )
        )
    notes = NoteAnswer.all_of(found.answer)
    return CamerasAnswer(cameras=rows, notes=notes, left_out_cameras=found.left_out)


def questions_of(body: Asked, caller: Caller, service: Service, locale: Locale | None = None) -> PermittedQuestions:
    """The questions of a request.

    Args:
        body: states purpose and case; caller, service: of the request; locale: of notes, None for English.
    """
    opened = service.registry.held_by(caller.credential, body.purpose.value, body.case)
    return PermittedQuestions(opened, service.stores, service.store, body.purpose, body.case, locale=locale)


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else format_utc(at_ms)
