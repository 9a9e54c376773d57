"""Pages of hot-lists: plates that an authority searches for, their passages, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.app.alerts.incidents import CloseReason
from pipeline.app.hotlists.permitted_hot_lists import HitsWanted, HotListService, list_hits
from pipeline.console.catalogues import source
from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute, ShownProblem, shown
from pipeline.console.sections import LISTS
from pipeline.console.visits import Form, Visit, checked, visit_of
from pipeline.domain.events import Severity
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.errors import StoreError
from pipeline.http_api import hot_list_routes, incident_routes
from pipeline.http_api.asked_questions import AskedQuestions

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=LISTS.path)
PURPOSES: Final = (
    Purpose.CRIMINAL_INVESTIGATION,
    Purpose.INTELLIGENCE,
    Purpose.REQUISITION,
    Purpose.POLICING,
    Purpose.CRISIS,
    Purpose.VIOLENCE_PREVENTION,
)
"""Those for which hits may be reviewed; a test compares them with the access rules."""
VERDICTS: Final = {
    CloseReason.TRUE: source("Era este veículo"),
    CloseReason.FALSE: source("Placa lida errado ou outro veículo"),
}
_HITS: Final = 200
_ENTERED: Final = source("Registrada: entrada %(number)s da lista %(name)s.")
_ENDED: Final = source("Busca encerrada: entrada %(number)s.")
_CLOSED: Final = source("Resultado registrado na auditoria.")

VisitOfLists = Annotated[Visit, Depends(visit_of(LISTS))]


@dataclass(frozen=True, slots=True)
class Hits:
    """Passages of listed vehicles as the page shows them.

    Attributes:
        rows: newest first; notes: on the answer; left_out: number of cameras that it leaves out.
        states: state and holder of the incidents to which passages belong, by their ids.
        problem: why there is no answer, None where there is one.
    """

    rows: list[Any]
    notes: tuple[Any, ...]
    left_out: int
    states: dict[str, tuple[str, str]]
    problem: ShownProblem | None = None


@router.get("")
def lists(visit: VisitOfLists) -> Response:
    """The form of purpose and case, without which nothing is shown."""
    return _page(visit, None, "")


@router.post("")
def show(visit: VisitOfLists) -> Response:
    """The entries and hits that the person may see."""
    return _shown(visit, "")


@router.post("/entries")
def enter(visit: VisitOfLists) -> Response:
    """Search for a plate from now on; another person has approved it before."""
    form = visit.form
    body = checked(
        hot_list_routes.NewEntry,
        _stated(form)
        | {
            "list": form.text("list"),
            "plate": form.text("plate"),
            "authority": form.text("authority"),
            "reason": form.text("reason"),
            "severity": form.text("severity") or Severity.WARNING,
            "start": visit.reader.iso(visit.service.now_ms),
            "until": form.text("until"),
            "seen_by": form.lines("seen_by"),
            "any_plate": bool(form.text("any_plate")),
        },
    )
    made = hot_list_routes.add(body, visit.caller, visit.service)
    return _shown(visit, visit.reader.worded(_ENTERED, number=made.entry, name=made.list))


@router.post("/entries/end")
def end(visit: VisitOfLists) -> Response:
    """End an entry before its time."""
    form = visit.form
    body = checked(
        hot_list_routes.EndedEntries,
        _stated(form) | {"entries": form.lines("entry"), "reason": form.text("end_reason")},
    )
    hot_list_routes.end(body, visit.caller, visit.service)
    return _shown(visit, visit.reader.worded(_ENDED, number=", ".join(map(str, body.entries))))


@router.post("/hits/feedback")
def feedback(visit: VisitOfLists) -> Response:
    """Close the incident of a hit with what it was."""
    form = visit.form
    body = checked(
        incident_routes.StepBody,
        _stated(form)
        | {
            "incident": form.text("incident"),
            "action": "close",
            "reason": form.text("verdict"),
            "take_over": bool(form.text("take_over")),
            "hits": True,
        },
    )
    incident_routes.add_step(body, visit.caller, visit.service)
    return _shown(visit, visit.reader.worded(_CLOSED))


def _stated(form: Form) -> dict[str, Any]:
    return {"purpose": form.text("purpose"), "case": form.text("case")}


def _shown(visit: Visit, done: str) -> Response:
    form = visit.form
    body = checked(
        hot_list_routes.HitsQuestion,
        _stated(form) | {"list": form.text("only"), "start": form.text("start") or None, "limit": _HITS},
    )
    with hot_list_routes.hot_lists_of(body, visit.caller, visit.service) as found:
        values = {"state": found.state(), "entries": found.entries(body.list, ended=bool(form.text("ended")))}
        values["hits"] = _hits(visit, found, body)
    return _page(visit, values, done)


def _hits(visit: Visit, found: HotListService, body: hot_list_routes.HitsQuestion) -> Hits:
    asked = AskedQuestions(body, visit.caller, visit.service, visit.reader.locale)
    wanted = HitsWanted(list_name=body.list, **body.scope(visit.service.stores.zone))
    try:
        answer = list_hits(found, asked, wanted)
        question = checked(
            incident_routes.IncidentsQuestion,
            {"purpose": body.purpose, "case": body.case, "start": body.start, "limit": 1000, "hits": True},
        )
        incidents = incident_routes.search(question, visit.caller, visit.service).rows if answer.value else []
    except StoreError as error:
        return Hits([], (), 0, {}, shown(error, visit.reader, visit.request.state.request_id))
    states = {one["incident"]: (one["state"], one["holder"]) for one in incidents}
    return Hits(answer.value, answer.notes, asked.left_out, states)


def _page(visit: Visit, found: dict[str, Any] | None, done: str) -> Response:
    values: dict[str, Any] = {
        "purposes": PURPOSES,
        "form": visit.form,
        "found": found,
        "done": done,
        "verdicts": VERDICTS,
        "severities": list(Severity),
        "may_enter": Operation.PLATE_LIST in visit.operations,
    }
    return section_page("lists.html", visit, LISTS.name, **values)
