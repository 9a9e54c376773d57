"""Pages of plates: purpose and case first, then reads, a route, convoys, possible clones or a pattern; their export."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.app.noted_exports import note_download
from pipeline.app.questions import MOST_ROWS, NoteCode
from pipeline.console import camera_map, timeline
from pipeline.console.answer_file import CSV, PARQUET, FileHead, csv_file, parquet_file
from pipeline.console.pages import section_page
from pipeline.console.plate_answers import Found
from pipeline.console.plate_questions import COLUMNS, FOLLOWING, OPERATIONS, TITLES, Search, asked_question, search_of
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import PLATES
from pipeline.console.visits import Visit, opened_for, visit_of
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.requester import Requester
from pipeline.http_api.problems import InvalidRequest
from pipeline.http_api.question_messages import MOST_PLATES
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

VisitOfPlates = Annotated[Visit, Depends(visit_of(PLATES))]


@router.get("")
def plates(visit: VisitOfPlates) -> Response:
    """The form of a search."""
    return _shown(visit, None)


@router.post("")
def search(visit: VisitOfPlates) -> Response:
    """Search, and show what was found below the form."""
    return _shown(visit, _found(visit))


@router.post("/export")
def csv_download(visit: VisitOfPlates) -> Response:
    """Search again, and send what is found for spreadsheets, with the person's name; the export is recorded."""
    return _file(visit, "csv")


@router.post("/parquet")
def parquet_download(visit: VisitOfPlates) -> Response:
    """The same for programs."""
    return _file(visit, "parquet")


def _file(visit: Visit, kind: str) -> Response:
    found = _found(visit, limit=MOST_ROWS, offset=0)
    values = found.values
    if not values:
        raise InvalidRequest("file", "would be empty: nothing was found", "Search for something else")
    purpose, case = visit.form.text("purpose"), visit.form.text("case")
    requester = Requester(user=visit.caller.registry.requester.user, purpose=purpose, case=case)
    opened = opened_for(visit, purpose)
    name = f"viapublica-{visit.request.state.request_id}.{kind}"
    note_download(opened, visit.service.stores, name, values, requester)
    head = FileHead(visit.caller.person, Purpose(purpose), case, name, visit.service.now_ms, found.complete)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if kind == "parquet":
        content = parquet_file(values, found.answer.answer.cameras, visit.reader, head)
        return Response(content, HTTPStatus.OK, headers, PARQUET)
    return Response(csv_file(found.rows, COLUMNS[found.search], visit.reader, head), HTTPStatus.OK, headers, CSV)


def _found(visit: Visit, **page: int) -> Found:
    asked, question = asked_question(visit.form, visit.service.stores.zone, _PAGE_ROWS)
    question = msgspec.structs.replace(question, **page)
    answer = questions_of(asked, visit.caller, visit.service, visit.reader.locale).ask(question)
    more = any(note.code is NoteCode.LIMIT for note in answer.answer.notes)
    return Found(search_of(visit.form), answer, asked.offset + asked.limit if more else None)


def _shown(visit: Visit, found: Found | None) -> Response:
    """The page with the form as it was sent."""
    searches = [one for one in Search if OPERATIONS[one] in visit.operations]
    of_one = found is not None and len(visit.form.lines("plates")) == 1
    values: dict[str, Any] = {
        "purposes": PURPOSES,
        "form": visit.form,
        "searches": searches,
        "following": [one for one in FOLLOWING if one in searches and of_one and one is not search_of(visit.form)],
        "following_titles": FOLLOWING,
        "titles": TITLES,
        "chosen": search_of(visit.form) if visit.form.fields else searches[0],
        "most_plates": MOST_PLATES,
        "may_export": Operation.EXPORT in visit.operations,
        "may_retrieve": Operation.RETRIEVAL in visit.operations,
        "found": found,
        "Search": Search,
        "rows": found.rows if found else [],
        "drawn": found.drawn() if found else None,
        "map": found.map() if found else None,
        "width": timeline.WIDTH,
        "map_width": camera_map.WIDTH,
        "map_height": camera_map.HEIGHT,
    }
    return section_page("plates.html", visit, PLATES.name, **values)
