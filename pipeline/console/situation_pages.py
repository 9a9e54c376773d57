"""Pages of the situation: incidents as they happen, their steps, hand-overs of shifts, cameras and their state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Path
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from pipeline.app.alerts.incidents import CloseReason, IncidentState
from pipeline.console import camera_map
from pipeline.console.alert_stream import console_stream
from pipeline.console.camera_list import camera_list
from pipeline.console.catalogues import source
from pipeline.console.pages import page, section_page, section_values
from pipeline.console.problem_pages import PageRoute, shown
from pipeline.console.sections import SITUATION
from pipeline.console.situation_map import situation_map
from pipeline.console.visits import Visit, checked, visit_of
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.times import parse_time
from pipeline.errors import StoreError
from pipeline.http_api import incident_routes
from pipeline.http_api.question_messages import Asked

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=SITUATION.path)
PURPOSES: Final = (
    Purpose.CITY_SERVICES,
    Purpose.EVENTS,
    Purpose.CRISIS,
    Purpose.VIOLENCE_PREVENTION,
    Purpose.MUNICIPAL_PROPERTY,
    Purpose.MOBILITY,
    Purpose.POLICING,
)
"""Those for which incidents may be handled; the first one is the routine of a control room."""
_OPEN: Final = [IncidentState.NEW, IncidentState.ACKNOWLEDGED, IncidentState.ESCALATED]
_SHOWN_ALERTS: Final = 500
_HOURS: Final = 24
_HOUR_MS: Final = 3_600_000
_MINUTE_MS: Final = 60_000
"""Step of the begin of what is shown: people who open it at the same time ask the same."""
REASONS: Final = {
    CloseReason.TRUE: source("Ocorreu; nada mais a fazer"),
    CloseReason.FALSE: source("Alarme falso"),
    CloseReason.DUPLICATE: source("Repetição de outro incidente"),
    CloseReason.TEST: source("Teste"),
}

VisitOfSituation = Annotated[Visit, Depends(visit_of(SITUATION))]
IncidentOf = Annotated[str, Path(pattern=r"^[0-9a-f-]{6,36}$")]


@router.get("")
def situation(visit: VisitOfSituation) -> Response:
    """Incidents and cameras for the routine of the control room."""
    return _shown(visit, PURPOSES[0])


@router.get("/{purpose}")
def situation_for(visit: VisitOfSituation, purpose: Purpose) -> Response:
    """Incidents and cameras for a purpose."""
    return _shown(visit, purpose)


@router.post("/purpose")
def choose_purpose(visit: VisitOfSituation) -> Response:
    """Choose the purpose of the page."""
    return _shown(visit, checked(Asked, {"purpose": visit.form.text("purpose")}).purpose)


@router.get("/{purpose}/incidents/{incident}")
def one_incident(visit: VisitOfSituation, purpose: Purpose, incident: IncidentOf) -> Response:
    """One incident beside the list."""
    return _shown(visit, purpose, incident)


@router.get("/{purpose}/inbox")
def inbox(visit: VisitOfSituation, purpose: Purpose) -> Response:
    """The open incidents alone, as a page that is open asks for them when there is something new."""
    return page("part_inbox.html", visit.reader, purpose=purpose, detail=None, **_incidents(visit, purpose))


@router.get("/{purpose}/incidents/{incident}/detail")
def detail(visit: VisitOfSituation, purpose: Purpose, incident: IncidentOf) -> Response:
    """The incident alone, as a page that is open asks for it when a person has done something."""
    values: dict[str, Any] = _handling(visit, purpose) | {"detail": _detail(visit, purpose, incident)}
    return page("part_detail.html", visit.reader, **section_values(visit, SITUATION.name), **values)


@router.post("/{purpose}/incidents/{incident}/steps")
def add_step(visit: VisitOfSituation, purpose: Purpose, incident: IncidentOf) -> Response:
    """Acknowledge, escalate, close or comment on an incident."""
    form = visit.form
    step = checked(
        incident_routes.StepBody,
        {
            "purpose": purpose,
            "incident": incident,
            "action": form.text("action"),
            "text": form.text("text"),
            "reason": form.text("reason") or None,
            "duplicate_of": form.text("duplicate_of"),
            "take_over": bool(form.text("take_over")),
        },
    )
    incident_routes.add_step(step, visit.caller, visit.service)
    return _shown(visit, purpose, incident)


@router.post("/{purpose}/hand-overs")
def hand_over(visit: VisitOfSituation, purpose: Purpose) -> Response:
    """Hand the open incidents over to the next shift."""
    body = checked(incident_routes.HandOverBody, {"purpose": purpose, "text": visit.form.text("text")})
    incident_routes.hand_over(body, visit.caller, visit.service)
    return _shown(visit, purpose)


@router.post("/{purpose}/hand-overs/accept")
def accept(visit: VisitOfSituation, purpose: Purpose) -> Response:
    """Acknowledge the hand-over of the shift before."""
    body = checked(incident_routes.AcceptBody, {"purpose": purpose, "number": visit.form.text("number")})
    incident_routes.accept(body, visit.caller, visit.service)
    return _shown(visit, purpose)


@router.get("/{purpose}/stream")
def stream(
    visit: VisitOfSituation, purpose: Purpose, last_event_id: str = Header(default="", max_length=80)
) -> StreamingResponse:
    """Signs that the list has changed: a new alert, or a step of another person."""
    return console_stream(visit, purpose, last_event_id)


@cache
def actions_of(state: IncidentState) -> tuple[str, ...]:
    """What can be done with an incident in a state; a comment always."""
    if state is IncidentState.CLOSED:
        return ()
    return ("escalate", "close") if state is not IncidentState.NEW else ("acknowledge", "escalate", "close")


def _shown(visit: Visit, purpose: Purpose, incident: str = "") -> Response:
    """The page, whatever of it a request asks for; a script takes its part."""
    handling, incidents, cameras = _handling(visit, purpose), _incidents(visit, purpose), camera_list(visit, purpose)
    values: dict[str, Any] = {
        "purposes": PURPOSES,
        "parsed": parse_time,
        **handling,
        **incidents,
        **cameras,
        "map": situation_map(cameras["cameras"], incidents["incidents"], f"{SITUATION.path}/{purpose.value}"),
        "map_width": camera_map.WIDTH,
        "map_height": camera_map.HEIGHT,
        "detail": None if not incident else _detail(visit, purpose, incident),
        "hand_overs": _hand_overs(visit, purpose) if handling["may_handle"] else [],
    }
    return section_page("situation.html", visit, SITUATION.name, **values)


def _handling(visit: Visit, purpose: Purpose) -> dict[str, Any]:
    """What the forms of an incident need."""
    return {
        "purpose": purpose,
        "reasons": REASONS,
        "may_handle": Operation.INCIDENT in visit.operations,
        "actions_of": actions_of,
        "IncidentState": IncidentState,
    }


def _incidents(visit: Visit, purpose: Purpose) -> Mapping[str, Any]:
    now_ms = visit.service.now_ms
    question = checked(
        incident_routes.IncidentsQuestion,
        {
            "purpose": purpose,
            "start": visit.reader.iso(now_ms // _MINUTE_MS * _MINUTE_MS - _HOURS * _HOUR_MS),
            "limit": _SHOWN_ALERTS,
            "states": _OPEN,
            "locale": visit.reader.locale,
        },
    )
    try:
        found = incident_routes.search(question, visit.caller, visit.service)
    except StoreError as error:
        problem = shown(error, visit.reader, visit.request.state.request_id)
        return {"incidents": None, "incidents_problem": problem}
    return {
        "incidents": found.rows,
        "incidents_problem": None,
        "notes": found.notes,
        "left_out": found.left_out_cameras,
        "hours": _HOURS,
    }


def _detail(visit: Visit, purpose: Purpose, incident: str) -> incident_routes.IncidentAnswer:
    body = incident_routes.OneIncident(purpose=purpose, incident=incident, locale=visit.reader.locale)
    return incident_routes.show(body, visit.caller, visit.service)


def _hand_overs(visit: Visit, purpose: Purpose) -> list[incident_routes.HandOverAnswer]:
    return incident_routes.hand_overs(Asked(purpose=purpose), visit.caller, visit.service).hand_overs[:5]
