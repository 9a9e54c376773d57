"""The page of the requests of the persons concerned, with their deadlines (decree 18.743/2014 art. 19)."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import RIGHTS
from pipeline.console.visits import Visit, checked, visit_of
from pipeline.domain.times import parse_time
from pipeline.http_api import rights_routes

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=RIGHTS.path)
VisitOfRights = Annotated[Visit, Depends(visit_of(RIGHTS))]
_PAGE_ROWS: Final = 200


@router.get("")
def rights(visit: VisitOfRights) -> Response:
    """The form: the list is opened in a case."""
    return _shown(visit, None)


@router.post("")
def requests(visit: VisitOfRights) -> Response:
    """The requests, with what is overdue first in sight."""
    form = visit.form
    question = checked(
        rights_routes.RequestsQuestion,
        {"case": form.text("case"), "limit": _PAGE_ROWS, "offset": form.text("offset") or 0},
    )
    return _shown(visit, rights_routes.search(question, visit.caller, visit.service))


def _shown(visit: Visit, found: rights_routes.RequestsAnswer | None) -> Response:
    return section_page("rights.html", visit, RIGHTS.name, form=visit.form, found=found, parsed=parse_time)
