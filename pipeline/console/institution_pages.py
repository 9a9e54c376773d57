"""The page of institutions, their sectors, and agreements on sharing between them (decree 18.743/2014 art. 4)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.responses import Response

from pipeline.console.catalogues import source
from pipeline.console.pages import gone_to, section_page
from pipeline.console.registry_visits import RegistryRoute, VisitOfPeople, administration_of, period_of
from pipeline.console.sections import PEOPLE
from pipeline.console.visits import Visit
from pipeline.domain.account import InstitutionKind
from pipeline.domain.operation import Operation
from pipeline.domain.people import RegisteredInstitution, Sector
from pipeline.domain.purpose import Purpose
from pipeline.domain.sharing_agreement import SHAREABLE, NewAgreement
from pipeline.http_api.problems import InvalidRequest

router = APIRouter(route_class=RegistryRoute, include_in_schema=False, prefix=f"{PEOPLE.path}/institutions")
KINDS: Final = {
    InstitutionKind.PUBLIC: source("órgão público"),
    InstitutionKind.SECURITY: source("segurança pública"),
    InstitutionKind.PARTNER: source("parceiro (empresa, associação, morador)"),
}


@router.get("")
def institutions(visit: VisitOfPeople) -> Response:
    """Institutions and agreements."""
    office = administration_of(visit)
    now_ms = visit.service.now_ms
    values: dict[str, Any] = {
        "found": office.institutions(),
        "agreements": office.agreements(),
        "ended": lambda one: one.ended_ms is not None or one.validity.until_ms <= now_ms,
        "kinds": KINDS,
        "purposes": list(Purpose),
        "shareable": [one for one in Operation if one in SHAREABLE],
    }
    return section_page("institutions.html", visit, PEOPLE.name, **values)


@router.post("")
def add_institution(visit: VisitOfPeople) -> Response:
    """Register an institution."""
    form = visit.form
    kind = form.choice("kind", InstitutionKind)
    wanted = RegisteredInstitution(
        institution_id=form.text("institution"),
        name=form.text("name"),
        kind=kind,
        document=form.text("document"),
        case_format=form.text("case_format"),
    )
    administration_of(visit).add_institution(wanted)
    return _listed(visit)


@router.post("/sectors")
def add_sector(visit: VisitOfPeople) -> Response:
    """Register a sector of an institution."""
    form = visit.form
    days = form.text("retention")
    if not (days.isascii() and days.isdecimal() and len(days) <= 4):
        raise InvalidRequest("retention", "is no number of days", "Give 1 to 3650 days")
    wanted = Sector(
        institution_id=form.text("institution"),
        sector_id=form.text("sector"),
        name=form.text("name"),
        has_local_unit=bool(form.text("local_unit")),
        retention_days=int(days),
    )
    administration_of(visit).add_sector(wanted)
    return _listed(visit)


@router.post("/agreements")
def share(visit: VisitOfPeople) -> Response:
    """Register an agreement on sharing."""
    form = visit.form
    wanted = NewAgreement(
        number=form.text("number"),
        owner=form.text("owner"),
        recipient=form.text("recipient"),
        purposes=frozenset(one for one in Purpose if one.value in form.chosen("purposes")),
        operations=frozenset(one for one in Operation if one.value in form.chosen("operations")),
        validity=period_of(visit),
    )
    administration_of(visit).add_agreement(wanted)
    return _listed(visit)


@router.post("/agreements/{number}/end")
def end(visit: VisitOfPeople, number: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> Response:
    """End an agreement on sharing at once."""
    administration_of(visit).end_agreement(number)
    return _listed(visit)


def _listed(visit: Visit) -> Response:
    return gone_to(visit.request, router.prefix)
