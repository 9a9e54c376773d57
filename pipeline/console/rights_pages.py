"""Pages of the requests of the persons concerned: list, intake, one with its letter and decision (decree art. 19)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from pipeline.app.rights.permitted_requests import permitted_request_service
from pipeline.app.rights.subject_requests import SubjectRequestService
from pipeline.console.pages import section_page
from pipeline.console.rights_visits import RightsRoute, VisitOfRights, span_of, written_file
from pipeline.console.sections import RIGHTS
from pipeline.console.visits import Visit, checked
from pipeline.domain.subject_request import (
    IdentityCheck,
    RequestDecision,
    RequestKind,
    SubjectRequest,
    SubjectRequestRecord,
)
from pipeline.domain.times import parse_time
from pipeline.errors import PolicyError
from pipeline.http_api import rights_routes

router = APIRouter(route_class=RightsRoute, include_in_schema=False, prefix=RIGHTS.path)
_PAGE_ROWS: Final = 200


@router.get("")
def rights(visit: VisitOfRights) -> Response:
    """The form: the list is opened in a case."""
    return _list_page(visit, None)


@router.post("")
def requests(visit: VisitOfRights) -> Response:
    """The requests, with what is overdue first in sight."""
    form = visit.form
    question = checked(
        rights_routes.RequestsQuestion,
        {"case": form.text("case"), "limit": _PAGE_ROWS, "offset": form.text("offset") or 0},
    )
    return _list_page(visit, rights_routes.search(question, visit.caller, visit.service))


@router.get("/new")
def new(visit: VisitOfRights) -> Response:
    """The form of a new request."""
    values: dict[str, Any] = {
        "form": visit.form,
        "kinds": list(RequestKind),
        "checks": list(IdentityCheck),
        "cameras": visit.service.stores.cameras or {},
        "days": visit.service.stores.answer_days,
    }
    return section_page("rights_new.html", visit, RIGHTS.name, **values)


@router.post("/new")
def receive(visit: VisitOfRights) -> Response:
    """Enter a request, which gets its number and its deadline."""
    form = visit.form
    kind = form.choice("kind", RequestKind)
    begin_ms, end_ms = span_of(visit)
    wanted = SubjectRequest(
        kind=kind,
        person=form.text("person"),
        contact=form.text("contact"),
        identity=tuple(one for one in IdentityCheck if one.value in form.chosen("identity")),
        begin_ms=begin_ms,
        end_ms=end_ms,
        by=visit.caller.person.name,
        place=form.text("place"),
        characteristics=form.text("characteristics"),
        camera_ids=tuple(dict.fromkeys(form.chosen("cameras"))),
    )
    with _service(visit) as service:
        found = service.receive(wanted, _plate(visit), None)
    return _one_page(visit, found)


@router.post("/request")
def one(visit: VisitOfRights) -> Response:
    """One request with all of its facts."""
    with _service(visit) as service:
        return _one_page(visit, service.get(visit.form.text("number")))


@router.post("/request/decision")
def decide(visit: VisitOfRights) -> Response:
    """Decide a request with reasons; what erases is decided on the command line."""
    form = visit.form
    decision = form.choice("decision", RequestDecision)
    with _service(visit) as service:
        found = service.check_decision(form.text("number"), form.text("reasons"))
        if found.request.kind is RequestKind.ERASURE and decision is not RequestDecision.REFUSED:
            raise PolicyError(
                f"request {found.number}",
                "erases data, which the console does not",
                "Decide it where the run can be stopped: viapublica requests decide",
            )
        return _one_page(visit, service.decide(found.number, decision, form.text("reasons"), visit.caller.person.name))


@router.post("/request/letter")
def letter(visit: VisitOfRights) -> Response:
    """The letter of a request: the receipt before the decision, else the decision (PDF/A)."""
    number = visit.form.text("number")
    with _service(visit) as service:
        return written_file(lambda folder: service.write_letter(number, folder, _plate(visit)))


def _service(visit: Visit) -> AbstractContextManager[SubjectRequestService]:
    service = visit.service
    return permitted_request_service(visit.caller.registry, service.register, service.stores, visit.form.text("case"))


def _plate(visit: Visit) -> str | None:
    return visit.form.text("plate") or None


def _list_page(visit: Visit, found: rights_routes.RequestsAnswer | None) -> Response:
    return section_page("rights.html", visit, RIGHTS.name, form=visit.form, found=found, parsed=parse_time)


def _one_page(visit: Visit, found: SubjectRequestRecord) -> Response:
    values: dict[str, Any] = {
        "found": found,
        "case": visit.form.text("case"),
        "overdue": found.is_overdue(visit.service.now_ms),
        "decisions": list(RequestDecision),
        "RequestKind": RequestKind,
        "RequestDecision": RequestDecision,
    }
    return section_page("rights_request.html", visit, RIGHTS.name, **values)
