"""Pages of plates: purpose and case first, then reads of some plates, a route, or a pattern; and their export."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import Response

from pipeline.app.noted_exports import note_download
from pipeline.app.people.permitted_questions import PermittedAnswer
from pipeline.app.questions import MOST_ROWS, NoteCode, Plates, Route
from pipeline.console.answer_file import answer_file
from pipeline.console.catalogues import source
from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import PLATES
from pipeline.console.timeline import WIDTH, timeline
from pipeline.console.visits import Visit, checked, visit_of
from pipeline.domain.operation import Operation
from pipeline.domain.plate import check_question
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.errors import ViapublicaError
from pipeline.http_api.problems import InvalidRequest
from pipeline.http_api.question_messages import MOST_PLATES, PagedQuestion, PlatesQuestion, RouteQuestion
from pipeline.http_api.question_routes import questions_of

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=PLATES.path)
PURPOSES: Final = (
    Purpose.CRIMINAL_INVESTIGATION,
    Purpose.INTELLIGENCE,
    Purpose.REQUISITION,
    Purpose.PROCEEDING,
    Purpose.MUNICIPAL_PROPERTY,
    Purpose.CRISIS,
    Purpose.VIOLENCE_PREVENTION,
)
"""Those for which a plate may be searched for; a test compares them with the access rules."""
_PAGE_ROWS: Final = 200
_READ: Final = ("plate", "camera_id", "ts_ms", "confidence", "votes", "vehicle")
_LEG: Final = (
    "from_plate",
    "from_camera_id",
    "from_ts_ms",
    "to_plate",
    "to_camera_id",
    "to_ts_ms",
    "distance_m",
    "speed_km_h",
)
"""Columns of the files of reads and of routes."""


class Search(StrEnum):
    """What is searched for."""

    READS = "reads"
    ROUTE = "route"
    PATTERN = "pattern"


_OPERATIONS: Final = {
    Search.READS: Operation.PLATE_QUERY,
    Search.ROUTE: Operation.JOURNEY_QUERY,
    Search.PATTERN: Operation.PATTERN_QUERY,
}
TITLES: Final = {
    Search.READS: source("Leituras de uma placa ou de até 10"),
    Search.ROUTE: source("Trajeto de um veículo"),
    Search.PATTERN: source("Padrão de placa (* qualquer texto, ? um caractere)"),
}


class PatternQuestion(PagedQuestion):
    """Reads of plates that fit a pattern."""

    pattern: str = Field(max_length=20)

    def checked_pattern(self) -> str:
        """The pattern.

        Raises:
            InvalidRequest: it is none.
        """
        try:
            return check_question(self.pattern, like=True)
        except ViapublicaError as error:
            raise InvalidRequest("pattern", "is not a pattern of a plate", error.fix) from None


@dataclass(frozen=True, slots=True)
class Found:
    """An answer as the page shows it.

    Attributes:
        search: what was searched for; answer: of the event store.
        next_offset: of the next page; None on the last one.
    """

    search: Search
    answer: PermittedAnswer[Any]
    next_offset: int | None


VisitOfPlates = Annotated[Visit, Depends(visit_of(PLATES))]


@router.get("")
def plates(visit: VisitOfPlates) -> Response:
    """The form of a search."""
    return _shown(visit, None)


@router.post("")
def search(visit: VisitOfPlates) -> Response:
    """Search, and show what was found below the form."""
    return _shown(visit, _found(visit, _PAGE_ROWS))


@router.post("/export")
def export(visit: VisitOfPlates) -> Response:
    """Search again, and send the reads as a file with the person's name; the export is recorded."""
    found = _found(visit, MOST_ROWS, offset=0)
    rows = found.answer.answer.value
    rows = rows if isinstance(rows, list) else list(rows.legs)
    purpose, case = visit.form.text("purpose"), visit.form.text("case")
    requester = Requester(user=visit.caller.registry.requester.user, purpose=purpose, case=case)
    opened = visit.service.registry.held_by(visit.caller.credential, purpose, case)
    name = f"viapublica-{visit.request.state.request_id}.csv"
    note_download(opened, visit.service.stores, name, rows, requester)
    content = answer_file(
        [msgspec.to_builtins(row) for row in rows],
        _LEG if found.search is Search.ROUTE else _READ,
        visit.reader,
        person=visit.caller.person,
        purpose=Purpose(purpose),
        case=case,
        name=name,
        now_ms=visit.service.now_ms,
        complete=found.answer.answer.complete and not found.answer.left_out,
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, HTTPStatus.OK, headers, "text/csv; charset=utf-8")


def _found(visit: Visit, limit: int, offset: int | None = None) -> Found:
    form = visit.form
    kind = next((one for one in Search if one.value == form.text("search")), Search.READS)
    body = {
        "purpose": form.text("purpose"),
        "case": form.text("case"),
        "start": form.text("start") or None,
        "end": form.text("end") or None,
        "cameras": form.lines("cameras"),
        "limit": min(limit, 1000),
        "offset": (form.text("offset") or 0) if offset is None else offset,
    }
    asked: PagedQuestion
    question: Any
    typed = form.lines("plates")
    zone = visit.service.stores.zone
    if kind is Search.READS:
        asked = checked(PlatesQuestion, body | {"plates": typed, "errors": 1 if form.text("errors") else 0})
        question = Plates(plates=asked.checked_plates(), errors=asked.errors, **asked.scope(zone))
    elif len(typed) != 1:
        raise InvalidRequest("plates", "are not one", "Type one plate or one pattern")
    elif kind is Search.ROUTE:
        asked = checked(RouteQuestion, body | {"plate": typed[0]})
        question = Route(plate=asked.checked_plate(), locations={}, **asked.scope(zone))
    else:
        asked = checked(PatternQuestion, body | {"pattern": typed[0]})
        question = Plates(plates=(asked.checked_pattern(),), like=True, **asked.scope(zone))
    answer = questions_of(asked, visit.caller, visit.service, visit.reader.locale).ask(question)
    more = any(note.code is NoteCode.LIMIT for note in answer.answer.notes)
    return Found(kind, answer, asked.offset + asked.limit if more else None)


def _shown(visit: Visit, found: Found | None) -> Response:
    """The page with the form as it was sent."""
    searches = [one for one in Search if _OPERATIONS[one] in visit.operations]
    values: dict[str, Any] = {
        "purposes": PURPOSES,
        "form": visit.form,
        "searches": searches,
        "titles": TITLES,
        "chosen": visit.form.text("search") or searches[0].value,
        "most_plates": MOST_PLATES,
        "may_export": Operation.EXPORT in visit.operations,
        "found": found,
        "Search": Search,
        "rows": [],
        "drawn": None,
        "width": WIDTH,
    }
    if found is not None and found.search is Search.ROUTE:
        values["rows"] = [msgspec.to_builtins(leg) for leg in found.answer.answer.value.legs]
    elif found is not None:
        values["rows"] = [msgspec.to_builtins(read) for read in found.answer.answer.value]
        values["drawn"] = timeline([(one["camera_id"], one["ts_ms"]) for one in values["rows"]])
    return section_page("plates.html", visit, PLATES.name, **values)
