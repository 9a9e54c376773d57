"""Routes of incidents: search, one incident, steps, hand-overs of shifts, and the stream of alerts."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from pydantic import Field

from pipeline.app.alerts.incidents import (
    CloseReason,
    HandOver,
    IncidentAction,
    IncidentState,
)
from pipeline.app.questions import Events
from pipeline.domain.events import Severity
from pipeline.domain.locale import Locale
from pipeline.domain.purpose import Purpose
from pipeline.http_api.alert_streams import alert_text, open_stream
from pipeline.http_api.asked_incidents import AskedIncidents
from pipeline.http_api.callers import CallerOf, ServiceOf
from pipeline.http_api.messages import AnswerBody
from pipeline.http_api.problems import of_account, responses, with_body
from pipeline.http_api.question_messages import Asked, PagedQuestion, QuestionAnswer

router = APIRouter(prefix="/incidents", tags=["incidents"])
_CONFLICTS: Final = with_body() | responses(HTTPStatus.CONFLICT)
_HITS: Final = "About listed plates, of the entries whose hits you see, in place of all others."


class IncidentsQuestion(PagedQuestion):
    """Incidents of a time; limit and offset count alerts."""

    states: list[IncidentState] = Field(default=[], description="Only these; none for all.", max_length=4)
    hits: bool = Field(default=False, description=_HITS)
    locale: Locale | None = Field(default=None, description="Of the sentences; English without.")


class OneIncident(Asked):
    """One incident."""

    incident: str = Field(description="Its id, or the first characters of it.", min_length=6, max_length=36)
    hits: bool = Field(default=False, description=_HITS)
    locale: Locale | None = Field(default=None, description="Of the sentences; English without.")


class StepBody(OneIncident):
    """What the person does with an incident."""

    action: IncidentAction
    text: str = Field(default="", description="A comment, or to which office it is escalated.", max_length=400)
    reason: CloseReason | None = Field(default=None, description="Of closing.")
    duplicate_of: str = Field(default="", description="The incident that this one repeats.", max_length=36)
    take_over: bool = Field(default=False, description="Also if another person has it.")


class HandOverBody(Asked):
    """The hand-over of a shift."""

    text: str = Field(description="What the next shift should know.", min_length=1, max_length=400)


class AcceptBody(Asked):
    """The acknowledgement of a hand-over."""

    number: int = Field(description="Of the hand-over.", ge=1, le=2**31 - 1)


class IncidentsAnswer(QuestionAnswer):
    """A page of incidents."""

    withheld_incidents: int = Field(description="About plates, which you may not review; complete is false then.")


class IncidentAnswer(AnswerBody):
    """An incident with its alerts and steps."""

    incident: dict[str, Any] = Field(description="As in a search.")
    alerts: list[dict[str, Any]] = Field(description="As in the reference of events, oldest first.")
    steps: list[dict[str, Any]] = Field(description="What people have done with it, oldest first.")


class StateAnswer(AnswerBody):
    """An incident after a step."""

    incident: str
    camera_id: str
    rule: str
    severity: Severity
    began_ms: int
    state: IncidentState
    holder: str
    held_ms: int
    reason: CloseReason | None
    steps: list[dict[str, Any]] = Field(description="What people have done with it, oldest first.")


class HandOverAnswer(AnswerBody):
    """A hand-over."""

    number: int
    at_ms: int
    by: str
    text: str
    incidents: list[str] = Field(description="Ids of the incidents that were open.")
    accepted_by: str
    accepted_ms: int | None

    @classmethod
    def of(cls, one: HandOver) -> HandOverAnswer:
        """As it is answered."""
        return cls(**asdict(one) | {"incidents": list(one.incidents)})


class HandOversAnswer(AnswerBody):
    """The last hand-overs, newest first."""

    hand_overs: list[HandOverAnswer]


@router.post("/search", responses=with_body())
def search(body: IncidentsQuestion, caller: CallerOf, service: ServiceOf) -> IncidentsAnswer:
    """List incidents, newest first, with who has them."""
    asked = AskedIncidents(body, caller, service, hits=body.hits, locale=body.locale)
    with asked.incidents() as incidents:
        found = incidents.list(Events(**body.scope(service.stores.zone)), states=body.states, locale=body.locale)
    page = QuestionAnswer.of(found.answer, lambda value: value, left_out=asked.left_out, page=body)
    values = dict(page) | {"complete": page.complete and not found.withheld}
    return IncidentsAnswer(**values, withheld_incidents=found.withheld)


@router.post("/show", responses=_CONFLICTS)
def show(body: OneIncident, caller: CallerOf, service: ServiceOf) -> IncidentAnswer:
    """Show one incident."""
    with AskedIncidents(body, caller, service, hits=body.hits, locale=body.locale).incidents() as incidents:
        found = incidents.show(body.incident, body.locale)
    return IncidentAnswer(
        incident=msgspec.to_builtins(found.row),
        alerts=[msgspec.to_builtins(one) for one in found.alerts],
        steps=[msgspec.to_builtins(one) for one in found.steps],
    )


@router.post("/steps", responses=_CONFLICTS)
def add_step(body: StepBody, caller: CallerOf, service: ServiceOf) -> StateAnswer:
    """Acknowledge, escalate, close or comment on an incident; 409 names the person who has it."""
    with AskedIncidents(body, caller, service, hits=body.hits).incidents() as incidents:
        record = incidents.do(
            body.incident,
            body.action,
            text=body.text,
            reason=body.reason,
            duplicate_of=body.duplicate_of,
            take_over=body.take_over,
        )
    service.incident_changes.note()
    return StateAnswer(**msgspec.to_builtins(record))


@router.post("/hand-overs", responses=_CONFLICTS)
def hand_over(body: HandOverBody, caller: CallerOf, service: ServiceOf) -> HandOverAnswer:
    """Hand the open incidents over to the next shift."""
    with AskedIncidents(body, caller, service).incidents() as incidents:
        written = incidents.hand_over(body.text)
    service.incident_changes.note()
    return HandOverAnswer.of(written)


@router.post("/hand-overs/accept", responses=_CONFLICTS)
def accept(body: AcceptBody, caller: CallerOf, service: ServiceOf) -> HandOverAnswer:
    """Acknowledge a hand-over of the shift before."""
    with AskedIncidents(body, caller, service).incidents() as incidents:
        accepted = incidents.accept_hand_over(body.number)
    service.incident_changes.note()
    return HandOverAnswer.of(accepted)


@router.post("/hand-overs/search", responses=with_body())
def hand_overs(body: Asked, caller: CallerOf, service: ServiceOf) -> HandOversAnswer:
    """List the last hand-overs."""
    with AskedIncidents(body, caller, service).incidents() as incidents:
        return HandOversAnswer(hand_overs=[HandOverAnswer.of(one) for one in incidents.hand_overs()])


# Not in the description: an answer without an end is none that its tools can check. See docs/how-to/operate-alerts.md.
@router.get("/stream/{purpose}", responses=of_account(), include_in_schema=False)
def stream(
    purpose: Purpose, caller: CallerOf, service: ServiceOf, last_event_id: str = Header(default="", max_length=80)
) -> StreamingResponse:
    """New alerts as server-sent events; a client that resumes names the last one (``Last-Event-ID``)."""
    return open_stream(caller, service, purpose, last_event_id, text=alert_text)
