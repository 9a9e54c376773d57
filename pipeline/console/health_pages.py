"""The page of the installation's health: server, disks, cameras."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from pipeline.app.server_disks import Stored, disk_space
from pipeline.console.camera_list import camera_list
from pipeline.console.catalogues import source
from pipeline.console.pages import section_page
from pipeline.console.problem_pages import PageRoute
from pipeline.console.sections import HEALTH
from pipeline.console.visits import Visit, visit_of
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose
from pipeline.domain.times import parse_time

router = APIRouter(route_class=PageRoute, include_in_schema=False, prefix=HEALTH.path)
VisitOfHealth = Annotated[Visit, Depends(visit_of(HEALTH))]
_PURPOSE: Final = Purpose.CITY_SERVICES
"""Of the cameras' state: monitoring of public services (decree 18.743/2014 art. 2)."""
_TITLES: Final = {
    Stored.DATA: source("dados"),
    Stored.AUDIT: source("auditoria"),
    Stored.RECORDINGS: source("gravações"),
}


@router.get("")
def health(visit: VisitOfHealth) -> Response:
    """Server, disks and cameras."""
    disks = [
        {
            "title": _TITLES[one.stored],
            "free_bytes": one.free_bytes,
            "total_bytes": one.total_bytes,
            "is_low": one.is_low,
        }
        for one in disk_space(visit.service.stores)
    ]
    return section_page("health.html", visit, HEALTH.name, disks=disks, parsed=parse_time, **_cameras(visit))


def _cameras(visit: Visit) -> dict[str, Any]:
    """The cameras; none, without an error, for those whose roles do not include the question."""
    if Operation.COUNT_QUERY not in visit.operations:
        return {"cameras": None, "cameras_problem": None}
    return camera_list(visit, _PURPOSE)
