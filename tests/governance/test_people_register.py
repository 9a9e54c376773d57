"""Institutions, sectors and persons: registration, training, terms, contracts, roles and leaving."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.domain.account import InstitutionKind
from pipeline.domain.people import AccountStatus, RegisteredInstitution, Sector, Validity
from pipeline.domain.role import Role
from pipeline.errors import PolicyError, RegistryError
from pipeline.governance.login_secrets import totp_code
from pipeline.governance.registry import Registry
from tests.governance.entries import StoppedClock
from tests.governance.people import DAY_MS, PASSWORD, Changes, activated, person, year


def test_a_change_whose_audit_record_fails_is_undone(registry: Registry, clock: StoppedClock, changes: Changes) -> None:
    changes.failure = OSError(28, "No space left on device")
    with pytest.raises(OSError, match="No space"):
        registry.train("ana", year(clock), "root")
    with pytest.raises(OSError, match="No space"):
        registry.register([person(clock, "bia")], "root")
    changes.failure = None
    assert registry.person("ana").training is None
    assert [one.login for one in registry.people()] == ["ana"]
    assert changes.seen == []


def test_every_change_is_reported_once(registry: Registry, clock: StoppedClock, changes: Changes) -> None:
    registry.train("ana", year(clock), "root")
    registry.sign_term("ana", year(clock), "root")
    registry.grant("ana", Role.OPERATOR, year(clock), "root")
    registry.revoke("ana", Role.OPERATOR, "root")
    registry.renew("ana", year(clock), "root")
    registry.leave("ana", "root")
    assert changes.actions == ["train", "term", "grant", "revoke", "renew", "leave"]
    assert {change.subject for change in changes.seen} == {"ana"}


def test_only_one_institution_is_the_general_administration(registry: Registry) -> None:
    with pytest.raises(RegistryError, match="cannot be the general administration: that is ceic"):
        registry.add_institution(
            RegisteredInstitution(institution_id="outra", name="Outra", kind=InstitutionKind.PUBLIC, central=True)
        )
    with pytest.raises(RegistryError, match="registered already"):
        registry.add_sector(Sector(institution_id="ceic", sector_id="central", name="Central"))
    with pytest.raises(RegistryError, match="institution nada: is not registered"):
        registry.add_sector(Sector(institution_id="nada", sector_id="x", name="X"))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"document": "529.982.247-26"}, "check digits are wrong"),
        ({"document": "111.111.111-11"}, "check digits are wrong"),
        ({"document": " "}, "is missing"),
        ({"login": "ana souza"}, "is not possible"),
        ({"login": "аna"}, "is not possible"),  # Cyrillic а
        ({"sector": "lua"}, "sector ceic/lua: is not registered"),
        ({"contractor": True}, "has no end of the contract"),
        ({"validity": Validity(1, 2)}, "before the year 2000"),
        ({"system_user": "a b"}, "is no user name"),
    ],
)
def test_a_value_that_is_not_possible_is_named(
    registry: Registry, clock: StoppedClock, values: dict[str, Any], problem: str
) -> None:
    with pytest.raises(RegistryError, match=problem):
        registry.register([replace(person(clock, "bia"), **values)], "root")
    assert len(registry.people()) == 1


def test_one_natural_person_has_one_login(registry: Registry, clock: StoppedClock) -> None:
    with pytest.raises(RegistryError, match="ana has this login"):
        registry.register([person(clock, "Ana", document="M1")], "root")
    with pytest.raises(RegistryError, match="ana has this document"):
        registry.register([person(clock, "ana.2", document="52998224725")], "root")
    with pytest.raises(RegistryError, match="bia has this document"):
        registry.register([person(clock, "bia"), person(clock, "bia2", document="111.444.777-35")], "root")
    assert len(registry.people()) == 1, "nothing is half imported"


def test_a_system_user_belongs_to_one_person(registry: Registry, clock: StoppedClock) -> None:
    registry.register([person(clock, "bia", system_user="bia")], "root")
    with pytest.raises(RegistryError, match="belongs to another person"):
        registry.register([person(clock, "caio", system_user="bia")], "root")


def test_a_person_decides_nothing_about_themselves(registry: Registry, clock: StoppedClock) -> None:
    for change in (
        lambda: registry.train("ana", year(clock), "ana"),
        lambda: registry.sign_term("ANA", year(clock), "ana"),
        lambda: registry.grant("ana", Role.GENERAL_ADMINISTRATOR, year(clock), "ana"),
        lambda: registry.leave("ana", "ana"),
        lambda: registry.renew("ana", year(clock), "ana"),
        lambda: registry.invite("ana", "ana"),
        lambda: registry.suspend("ana", "férias", "ana"),
        lambda: registry.register([person(clock, "bia")], "bia"),
    ):
        with pytest.raises(PolicyError, match="cannot decide on their own account"):
            change()


def test_roles_of_other_bodies_are_refused(registry: Registry, clock: StoppedClock) -> None:
    registry.register([person(clock, "bia", institution="padaria", sector="loja")], "root")
    with pytest.raises(PolicyError, match="general administration only"):
        registry.grant("bia", Role.GENERAL_ADMINISTRATOR, year(clock), "root")
    with pytest.raises(PolicyError, match="none for partners"):
        registry.grant("bia", Role.OPERATOR, year(clock), "root")
    granted = registry.grant("bia", Role.OBSERVER, year(clock), "root")
    assert granted.roles_at(clock.now_ms) == (Role.OBSERVER,)
    assert granted.roles_at(clock.now_ms + 366 * DAY_MS) == ()


def test_a_leavers_account_roles_and_sessions_end_at_once(registry: Registry, clock: StoppedClock) -> None:
    secret = activated(registry, clock, "ana")
    registry.grant("ana", Role.OPERATOR, year(clock), "root")
    token = registry.sign_in("ana", PASSWORD, totp_code(secret, clock.now_ms), "127.0.0.1").token
    assert registry.session_person(token).login == "ana"
    left = registry.leave("ana", "root")
    assert left.status is AccountStatus.CLOSED
    assert left.roles_at(clock.now_ms) == ()
    assert left.account(Role.OPERATOR, clock.now_ms, second_factor=True).state.left
    with pytest.raises(PolicyError, match="has ended"):
        registry.session_person(token)
    with pytest.raises(RegistryError, match="left the function"):
        registry.grant("ana", Role.OPERATOR, year(clock), "root")
    again = registry.register([person(clock, "ana")], "root")[0]
    assert (again.status, again.training, again.term) == (AccountStatus.INVITED, None, None)


def test_the_account_that_access_is_decided_on_has_every_validity(registry: Registry, clock: StoppedClock) -> None:
    bia = person(clock, "bia", contract_until_ms=clock.now_ms + 30 * DAY_MS)
    registry.register([bia], "root")
    later = Validity(clock.now_ms + DAY_MS, clock.now_ms + 9 * DAY_MS)
    registry.train("bia", later, "root")
    found = registry.sign_term("bia", year(clock), "root")
    state = found.account(Role.OPERATOR, clock.now_ms, second_factor=False).state
    assert state.trained_until_ms is None, "a training of tomorrow counts from tomorrow"
    assert state.term_until_ms == year(clock).until_ms
    assert (state.contractor, state.contract_until_ms) == (True, clock.now_ms + 30 * DAY_MS)
    assert state.suspended, "an account that is not activated may do nothing"
    assert found.account(Role.OPERATOR, later.from_ms, second_factor=False).state.trained_until_ms == later.until_ms
