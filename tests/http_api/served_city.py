"""A city with two bodies, their cameras, people of several roles, and stored events, that the HTTP API serves."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
from argon2 import PasswordHasher

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.audit.settings import AuditSettings
from pipeline.domain.account import InstitutionKind
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_registration import OwnerKind
from pipeline.domain.events import CountEvent
from pipeline.domain.people import RegisteredInstitution, Sector
from pipeline.domain.role import Role
from pipeline.governance.registry import Registry
from tests.app.people.installations import Office
from tests.channels.messages import push_settings
from tests.event_samples import count, plate_read
from tests.filled_store import fill_store
from tests.governance.people import PASSWORD, activated, camera, person, year

GUARD = ("av-brasil-900", "av-brasil-950")
"""Cameras of the municipal guard: both read plates."""
CEIC = "praca-sete"
PLATES = ("ABC1D23", "XYZ9A87")
ROLES: Mapping[str, tuple[str, str, Role]] = {
    "caio": ("guarda", "central", Role.INTELLIGENCE_ANALYST),
    "davi": ("ceic", "central", Role.OPERATOR),
    "elisa": ("ceic", "central", Role.AUDITOR),
    "fabio": ("guarda", "central", Role.AUDITOR),
    "gil": ("ceic", "central", Role.DATA_PROTECTION_OFFICER),
    "hugo": ("guarda", "central", Role.DATA_PROTECTION_OFFICER),
}
"""Institution, sector and role of each login."""


def quick_hasher() -> PasswordHasher:
    """One that takes no time; the parameters stand in each hash."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def weaken(register: str) -> None:
    """Hash the password of every active account quickly."""
    connection = sqlite3.connect(register)
    with connection:
        hashed = quick_hasher().hash(PASSWORD)
        connection.execute("UPDATE accounts SET password_hash = ? WHERE password_hash != ''", [hashed])
    connection.close()


def stores_of(city: Office, events: Path) -> ConfiguredStores:
    """Its stores, as a configuration with the cameras describes them.

    Args:
        city: has the audit; events: the data folder with the event store, which cannot be copied.
    """
    cameras = {name: Camera(camera_id=name, name=name, scope=Scope.PUBLIC_ROAD) for name in (*GUARD, CEIC)}
    audit = AuditSettings(dir=city.stores.audit_dir)
    channels = (push_settings("guard", cameras=GUARD), push_settings("city"))
    return replace(city.stores, data_dir=events, audit=audit, cameras=cameras, channels=channels)


def populate(city: Office) -> None:
    """Register bodies, people and cameras, and store events of every camera."""
    with city.opened("root") as opened:
        registry = opened.registry
        guard = RegisteredInstitution(
            institution_id="guarda",
            name="Guarda Municipal",
            kind=InstitutionKind.SECURITY,
            case_format=r"IP \d{1,5}/\d{4}",
        )
        registry.add_institution(guard)
        registry.add_sector(Sector(institution_id="guarda", sector_id="central", name="Central"))
        _register_people(registry, city)
        for name, body in ((GUARD[0], "guarda"), (GUARD[1], "guarda"), (CEIC, "ceic")):
            entry = camera(
                city.clock,
                name,
                institution=body,
                sector="central",
                owner_kind=OwnerKind.PUBLIC,
                owner="Município",
                agreement="",
                agreement_validity=None,
                plates_by="decreto 18.743/2014",
                latitude=-19.9,
                longitude=-43.9,
            )
            registry.register_camera(entry, "ana")
            registry.approve_project(name, "bia")
    begin = city.clock.now_ms - 3_600_000
    reads = [
        plate_read(number, camera=name, plate=PLATES[number % 2], ts_ms=begin + number * 60_000)
        for number, name in enumerate((*GUARD, CEIC) * 4)
    ]
    fill_store(Path(city.stores.data_dir), [*reads, *(_count(city, number) for number in range(3))])


def _count(city: Office, number: int) -> CountEvent:
    """The cars of a minute at the guard's first camera."""
    return msgspec.structs.replace(count(number, camera=GUARD[0]), ts_ms=city.clock.now_ms - (number + 2) * 60_000)


def _register_people(registry: Registry, city: Office) -> None:
    for login, (body, sector, role) in ROLES.items():
        registry.register([person(city.clock, login, institution=body, sector=sector)], "root")
        registry.train(login, year(city.clock), "root")
        registry.sign_term(login, year(city.clock), "root")
        registry.grant(login, role, year(city.clock), "root")
        activated(registry, city.clock, login)
