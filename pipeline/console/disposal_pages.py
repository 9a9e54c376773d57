"""The page of disposals: what retention deleted, and their report (decree 18.743/2014 art. 6 XII, 8)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from pipeline.app.access.acting import acting_as
from pipeline.app.access.own_operations import require_own
from pipeline.app.erasure.proof import document_signer
from pipeline.app.rights.disposals import listed_disposals, write_disposal_report
from pipeline.console.pages import section_page
from pipeline.console.rights_visits import RightsRoute, VisitOfRights, written_files
from pipeline.console.sections import RIGHTS
from pipeline.console.visits import Visit
from pipeline.domain.operation import Operation

router = APIRouter(route_class=RightsRoute, include_in_schema=False, prefix=f"{RIGHTS.path}/disposals")


@router.get("")
def disposals(visit: VisitOfRights) -> Response:
    """The form of a month."""
    require_own(visit.caller.registry, (Operation.REPORT,))
    return _page(visit)


@router.post("")
def listed(visit: VisitOfRights) -> Response:
    """The disposals of a month, compared with the audit."""
    with acting_as(visit.caller.registry):
        found, differing = listed_disposals(visit.service.stores, visit.form.text("month"))
    return _page(visit, found=found, differing=differing)


@router.post("/report")
def report(visit: VisitOfRights) -> Response:
    """The report of a month: PDF/A, JSON, and its signature where the server has a certificate."""
    month, settings = visit.form.text("month"), visit.service.release_settings
    password = settings.password
    sign, _ = document_signer(settings.certificate, settings.key, None if password is None else lambda: password)
    with acting_as(visit.caller.registry):
        return written_files(
            f"descartes-{month.replace('/', '-')}.zip",
            lambda folder: write_disposal_report(visit.service.stores, month, folder, sign).files,
        )


def _page(visit: Visit, **found: Any) -> Response:
    values: dict[str, Any] = {"found": None, "differing": (), "form": visit.form}
    values["this_month"] = visit.reader.month(visit.service.now_ms)
    return section_page("disposals.html", visit, RIGHTS.name, **values | found)
