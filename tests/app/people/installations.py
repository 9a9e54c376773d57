"""Registries that are set up on real files, with administrators who passed the second factor."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.people.administration import Administration
from pipeline.app.people.installation import FirstSetUp, set_up
from pipeline.app.people.open_registry import OpenRegistry, open_registry
from pipeline.domain.account import InstitutionKind
from pipeline.domain.people import NewPerson, RegisteredInstitution, Sector, Validity
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.governance.login_secrets import totp_code
from tests.governance.entries import StoppedClock
from tests.governance.people import DAY_MS, PASSWORD, person, year

ADMINISTRATORS = ("ana", "bia")


@dataclass
class Office:
    """An installation in a folder; every person works as the system user of their login."""

    folder: Path
    clock: StoppedClock

    @property
    def stores(self) -> ConfiguredStores:
        return ConfiguredStores.of_data_dir(self.folder / "data")

    @property
    def register(self) -> str:
        return str(self.folder / "register.db")

    def opened(self, user: str) -> AbstractContextManager[OpenRegistry]:
        return open_registry(self.register, self.stores, Requester(user=user), clock=self.clock)

    def activate(self, login: str, invitation: str) -> None:
        """Sets password and second factor, and gives a code."""
        with self.opened(login) as opened:
            secret, _ = opened.registry.prepare_activation(login, invitation)
            code = totp_code(secret, self.clock.now_ms)
            opened.registry.activate(login, invitation, PASSWORD, secret, code)
            self.clock.now_ms += 30_000
            opened.actor.confirm(totp_code(secret, self.clock.now_ms))

    def employ(self, login: str, role: Role) -> None:
        """A trained person with an active account and a role, registered by ana."""
        with self.opened("ana") as opened:
            people = Administration(opened)
            people.register([new_person(self, login)])
            for change in (people.train, people.sign_term):
                change(login, days(self, 300))
            people.grant(login, role, days(self, 300))
            invitation = people.invite(login)
        self.activate(login, invitation)

    def audit(self) -> list[dict[str, Any]]:
        """All records of the audit, oldest first."""
        paths = sorted((self.folder / "data" / "audit").glob("*.jsonl"))
        return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def first_answers(clock: StoppedClock) -> FirstSetUp:
    admins = tuple(person(clock, login, system_user=login) for login in ADMINISTRATORS)
    return FirstSetUp(
        institution=RegisteredInstitution(
            institution_id="ceic", name="Centro Integrado de Comando", kind=InstitutionKind.PUBLIC, central=True
        ),
        sector=Sector(institution_id="ceic", sector_id="central", name="Central"),
        administrators=admins,
        validity=year(clock),
    )


def office(folder: Path) -> Office:
    """An installation whose two administrators are active."""
    made = Office(folder, StoppedClock())
    installed = set_up(made.register, made.stores, Requester(user="root"), first_answers(made.clock), made.clock)
    for login, invitation in zip(ADMINISTRATORS, installed.invitations, strict=True):
        made.activate(login, invitation)
    return made


def days(office: Office, count: int) -> Validity:
    return Validity(office.clock.now_ms, office.clock.now_ms + count * DAY_MS)


def new_person(office: Office, login: str, **values: Any) -> NewPerson:
    return person(office.clock, login, **({"system_user": login} | values))
