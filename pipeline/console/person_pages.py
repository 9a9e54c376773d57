"""Pages of one person: registration, training, term, roles, invitation, suspension, leaving (decree art. 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from starlette.responses import Response

from pipeline.console.catalogues import source
from pipeline.console.pages import gone_to, section_page
from pipeline.console.people_pages import STATES
from pipeline.console.registry_visits import (
    RegistryRoute,
    VisitOfPeople,
    address_of,
    administration_of,
    period_of,
)
from pipeline.console.sections import PEOPLE
from pipeline.console.visits import Visit, moment_ms
from pipeline.domain.people import Lack, NewPerson, Validity
from pipeline.domain.role import Role
from pipeline.http_api.problems import InvalidRequest

router = APIRouter(route_class=RegistryRoute, include_in_schema=False, prefix=PEOPLE.path)
LoginOf = Annotated[str, Path(max_length=200)]
LACKS: Final = {
    Lack.TRAINING: source("um treinamento que valha agora (art. 5º, § 4º)"),
    Lack.TERM: source("o termo de sigilo e confidencialidade assinado (art. 5º, § 5º)"),
    Lack.ROLE: source("uma função"),
    Lack.ACTIVATION: source(
        "senha e segundo fator: convide a pessoa, que ativa a conta com viapublica people activate"
    ),
}


class Step(StrEnum):
    """What is done with the account of a person."""

    TRAINING = "training"
    TERM = "term"
    ROLE = "role"
    WITHDRAWAL = "withdrawal"
    RENEWAL = "renewal"
    SUSPENSION = "suspension"
    DEPARTURE = "departure"


@router.get("/new")
def new(visit: VisitOfPeople) -> Response:
    """The form of a registration: for the own sector, or those that the general administration registers for."""
    institutions = administration_of(visit).institutions()
    own = visit.caller.person
    bodies = {
        f"{body.institution_id}/{sector.sector_id}": f"{body.name} – {sector.name}"
        for body, sectors in institutions
        for sector in sectors
        if (body.institution_id, sector.sector_id) == (own.institution, own.sector)
        or (own.central and not sector.has_local_unit)
    }
    return section_page("person_new.html", visit, PEOPLE.name, form=visit.form, bodies=bodies)


@router.post("/new")
def register(visit: VisitOfPeople) -> Response:
    """Register a person, whose page shows what is missing before they may work."""
    form = visit.form
    institution, _, sector = form.text("body").partition("/")
    person = NewPerson(
        login=form.text("login"),
        name=form.text("name"),
        document=form.text("document"),
        institution=institution,
        sector=sector,
        validity=Validity(visit.service.now_ms, moment_ms(visit, "until")),
        contract_until_ms=_contract_ms(visit),
    )
    (registered,) = administration_of(visit).register([person])
    return gone_to(visit.request, address_of(registered.login))


@router.get("/accounts/{login}")
def account(visit: VisitOfPeople, login: LoginOf) -> Response:
    """A person with their account, and what can be done with it."""
    return _page(visit, login)


@router.post("/accounts/{login}/invitation")
def invite(visit: VisitOfPeople, login: LoginOf) -> Response:
    """Invite a person; the code is shown once."""
    return _page(visit, login, administration_of(visit).invite(login))


@router.post("/accounts/{login}/{step}")
def change(visit: VisitOfPeople, login: LoginOf, step: Step) -> Response:
    """Do a step with the account of a person."""
    _STEPS[step](visit, login)
    return gone_to(visit.request, address_of(login))


def _page(visit: Visit, login: str, invitation: str = "") -> Response:
    found, now_ms = administration_of(visit).person(login), visit.service.now_ms
    values: dict[str, Any] = {
        "one": found,
        "base": address_of(found.login),
        "invitation": invitation,
        "lacks": [LACKS[lack] for lack in found.lacks(now_ms)],
        "grants": [one for one in found.roles if one.revoked_ms is None and one.validity.until_ms > now_ms],
        "account_states": STATES,
        "roles": list(Role),
    }
    return section_page("person.html", visit, PEOPLE.name, **values)


def _contract_ms(visit: Visit) -> int | None:
    return moment_ms(visit, "contract") if visit.form.text("contract") else None


def _role(visit: Visit) -> Role:
    return visit.form.choice("role", Role)


def _leave(visit: Visit, login: str) -> None:
    if not visit.form.text("confirmed"):
        raise InvalidRequest("confirmation", "is missing", "Confirm that the person left")
    administration_of(visit).leave(login)


_STEPS: Final[Mapping[Step, Callable[[Visit, str], object]]] = {
    Step.TRAINING: lambda visit, login: administration_of(visit).train(login, period_of(visit)),
    Step.TERM: lambda visit, login: administration_of(visit).sign_term(login, period_of(visit)),
    Step.ROLE: lambda visit, login: administration_of(visit).grant(login, _role(visit), period_of(visit)),
    Step.WITHDRAWAL: lambda visit, login: administration_of(visit).revoke(login, _role(visit)),
    Step.RENEWAL: lambda visit, login: administration_of(visit).renew(login, period_of(visit), _contract_ms(visit)),
    Step.SUSPENSION: lambda visit, login: administration_of(visit).suspend(login, visit.form.text("reason")),
    Step.DEPARTURE: _leave,
}
