"""The page of registered people and cameras, for administrators."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from pipeline.app.cameras.camera_administration import CameraAdministration
from pipeline.console.camera_list import camera_list
from pipeline.console.camera_pages import address_of as address_of_camera
from pipeline.console.camera_pages import onboarding_of
from pipeline.console.catalogues import source
from pipeline.console.pages import section_page
from pipeline.console.registry_visits import RegistryRoute, VisitOfPeople, address_of
from pipeline.console.sections import PEOPLE
from pipeline.console.visits import Visit, checked
from pipeline.domain.people import AccountStatus
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.domain.times import parse_time
from pipeline.http_api import people_routes

router = APIRouter(route_class=RegistryRoute, include_in_schema=False, prefix=PEOPLE.path)
_PAGE_ROWS: Final = 500
STATES: Final = {
    AccountStatus.INVITED: source("convidada"),
    AccountStatus.ACTIVE: source("ativa"),
    AccountStatus.SUSPENDED: source("suspensa"),
    AccountStatus.CLOSED: source("fechada"),
}


@router.get("")
def people(visit: VisitOfPeople) -> Response:
    """People whose registration the person manages, and the cameras of their body."""
    return _shown(visit, 0)


@router.post("")
def further_people(visit: VisitOfPeople) -> Response:
    """Another page of people."""
    return _shown(visit, visit.form.text("offset") or 0)


def _shown(visit: Visit, offset: int | str) -> Response:
    question = checked(people_routes.PeopleQuestion, {"limit": _PAGE_ROWS, "offset": offset})
    values: dict[str, Any] = {
        "found": people_routes.search(question, visit.caller, visit.service),
        "roles": {one.value: visit.reader.term(one) for one in Role},
        "account_states": STATES,
        "address_of": address_of,
        "parsed": parse_time,
        **_cameras(visit),
    }
    return section_page("people.html", visit, PEOPLE.name, **values)


def _cameras(visit: Visit) -> dict[str, Any]:
    """The registered cameras with their state, where the event store knows it; and those that are only configured."""
    registered = CameraAdministration(visit.caller.registry).cameras()
    listed = camera_list(visit, Purpose.CITY_SERVICES)
    ids = onboarding_of(visit).ids() if visit.caller.person.central else frozenset()
    return {
        "registered": registered,
        "states": {one.camera_id: one for one in listed["cameras"] or ()},
        "cameras_problem": listed["cameras_problem"],
        "unregistered": sorted(ids - {one.camera_id for one in registered}),
        "address_of_camera": address_of_camera,
    }
