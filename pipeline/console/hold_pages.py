"""The page of holds: what neither retention nor erasure deletes (decree 18.743/2014 art. 8, 9 §1)."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from pipeline.app.access.acting import acting_as
from pipeline.app.access.own_operations import require_own
from pipeline.app.holds import hold_state, hold_time, list_holds, release_hold
from pipeline.console.catalogues import source
from pipeline.console.pages import section_page
from pipeline.console.rights_visits import RightsRoute, VisitOfRights, span_of
from pipeline.console.sections import RIGHTS
from pipeline.console.visits import Visit, moment_ms, opened_for
from pipeline.domain.hold import Hold, HoldBasis, HoldGrounds
from pipeline.domain.operation import Operation
from pipeline.domain.purpose import Purpose

router = APIRouter(route_class=RightsRoute, include_in_schema=False, prefix=f"{RIGHTS.path}/holds")
PURPOSES: Final = (
    Purpose.PRESERVATION,
    Purpose.REQUISITION,
    Purpose.PROCEEDING,
    Purpose.SUBJECT_REQUEST,
    Purpose.CRIMINAL_INVESTIGATION,
    Purpose.CRISIS,
)
STATES: Final = {
    "in-force": source("em vigor"),
    "expires-soon": source("termina em breve"),
    "expired": source("terminou"),
}


@router.get("")
def holds(visit: VisitOfRights) -> Response:
    """The form: the list is opened for a purpose, in a case."""
    require_own(visit.caller.registry, (Operation.HOLD,))
    return _page(visit, None)


@router.post("")
def listed(visit: VisitOfRights) -> Response:
    """The holds that no person has released."""
    return _page(visit, _holds(visit))


@router.post("/new")
def place(visit: VisitOfRights) -> Response:
    """Place a hold on a time of a camera."""
    require_own(visit.caller.registry, (Operation.HOLD,))
    form, stores = visit.form, visit.service.stores
    begin_ms, end_ms = span_of(visit)
    grounds = HoldGrounds(
        basis=form.one_of("basis", HoldBasis),
        requester=form.text("requester"),
        document=form.text("document"),
        expires_ms=moment_ms(visit, "until") if form.text("until") else None,
    )
    with acting_as(opened_for(visit, _purpose(visit).value)):
        hold_time(
            stores,
            form.text("camera"),
            begin_ms,
            end_ms,
            reason=form.text("reason"),
            by=visit.caller.person.name,
            grounds=grounds,
        )
    return _page(visit, _holds(visit))


@router.post("/release")
def release(visit: VisitOfRights) -> Response:
    """Release a hold, as another person approved."""
    with acting_as(opened_for(visit, _purpose(visit).value)):
        release_hold(visit.service.stores, visit.form.text("hold"), visit.caller.person.name)
    return _page(visit, _holds(visit))


def _holds(visit: Visit) -> list[Hold]:
    with acting_as(opened_for(visit, _purpose(visit).value)):
        return list_holds(visit.service.stores)


def _purpose(visit: Visit) -> Purpose:
    return visit.form.choice("purpose", PURPOSES)


def _page(visit: Visit, found: list[Hold] | None) -> Response:
    now_ms = visit.service.now_ms
    values: dict[str, Any] = {
        "form": visit.form,
        "purposes": PURPOSES,
        "found": found,
        "state_of": lambda hold: hold_state(hold, now_ms),
        "states": STATES,
        "bases": list(HoldBasis),
        "basis_of": lambda hold: next((one for one in HoldBasis if one.value == hold.basis), None),
        "cameras": visit.service.stores.cameras or {},
    }
    return section_page("holds.html", visit, RIGHTS.name, **values)
