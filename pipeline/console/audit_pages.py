"""Pages of auditors: search, verification, signs of misuse, and the proof of one record as a file."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from pipeline.app.audit.permitted_audit import PermittedAudit
from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import AUDIT
from pipeline.console.visits import Visit, checked, visit_of
from pipeline.domain.audit import Outcome
from pipeline.domain.operation import Operation
from pipeline.domain.times import parse_time
from pipeline.http_api import audit_routes

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=AUDIT.path)
VisitOfAudit = Annotated[Visit, Depends(visit_of(AUDIT))]
_PAGE_ROWS: Final = 100


@router.get("")
def audit(visit: VisitOfAudit) -> Response:
    """The form of a search."""
    return _shown(visit)


@router.post("")
def search(visit: VisitOfAudit) -> Response:
    """Search, and show the records below the form."""
    form = visit.form
    question = checked(
        audit_routes.AuditQuestion,
        {
            "person": form.text("person"),
            "operation": form.text("operation") or None,
            "outcome": form.text("outcome") or None,
            "camera": form.text("camera"),
            "case": form.text("case"),
            "start": form.text("start") or None,
            "end": form.text("end") or None,
            "limit": _PAGE_ROWS,
            "offset": form.text("offset") or 0,
        },
    )
    return _shown(visit, found=audit_routes.search(question, visit.caller, visit.service))


@router.post("/verification")
def verification(visit: VisitOfAudit) -> Response:
    """Check every record and checkpoint."""
    return _shown(visit, verified=audit_routes.verification(visit.caller, visit.service))


@router.post("/anomalies")
def anomalies(visit: VisitOfAudit) -> Response:
    """Signs of misuse of searches by plate."""
    question = checked(audit_routes.AnomaliesQuestion, {})
    return _shown(visit, signs=audit_routes.anomalies(question, visit.caller, visit.service).anomalies)


@router.post("/proofs/{sequence}")
def proof(visit: VisitOfAudit, sequence: Annotated[int, Path(ge=0, lt=2**53)]) -> Response:
    """The proof of one record, which others can check without the audit."""
    with visit.service.limits.proof(visit.caller.person.login):
        text = PermittedAudit(visit.caller.registry, visit.service.stores).proof(sequence)
    headers = {"Content-Disposition": f'attachment; filename="viapublica-proof-{sequence}.txt"'}
    return Response(text, HTTPStatus.OK, headers, "text/plain; charset=utf-8")


def _shown(visit: Visit, **answers: Any) -> Response:
    """The page with the form as it was sent, and what was asked for."""
    values: dict[str, Any] = {
        "form": visit.form,
        "operations_of_law": list(Operation),
        "outcomes": list(Outcome),
        "parsed": parse_time,
        "operation_titles": {one.value: visit.reader.term(one) for one in Operation},
    }
    nothing: dict[str, Any] = {"found": None, "verified": None, "signs": None}
    return section_page("audit.html", visit, AUDIT.name, **values | nothing | answers)
