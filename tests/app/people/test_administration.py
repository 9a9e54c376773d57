"""People and institutions: who may change what, and the audit record of each change."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.people.administration import Administration
from pipeline.domain.account import InstitutionKind
from pipeline.domain.people import NewPerson, RegisteredInstitution, Sector
from pipeline.domain.purpose import Purpose
from pipeline.domain.role import Role
from pipeline.errors import AuditUnavailable, PolicyError, RegistryError
from tests.app.people.installations import Office, days, new_person


def _institutions(city: Office) -> None:
    """A second sector with a local unit, and a police force without one."""
    with city.opened("ana") as opened:
        office = Administration(opened)
        office.add_sector(Sector(institution_id="ceic", sector_id="transito", name="Trânsito"))
        office.add_institution(
            RegisteredInstitution(institution_id="pm", name="Polícia Militar", kind=InstitutionKind.SECURITY)
        )
        office.add_sector(Sector(institution_id="pm", sector_id="9bpm", name="9º BPM", has_local_unit=False))


def _sector_administrator(city: Office) -> None:
    """caio administers ceic/central."""
    city.employ("caio", Role.SECTOR_ADMINISTRATOR)


def test_every_change_has_its_audit_record_with_account_role_and_operation(city: Office) -> None:
    before = len(city.audit())
    _sector_administrator(city)
    with city.opened("bia") as opened:
        office = Administration(opened)
        office.renew("caio", days(city, 400), None)
        office.revoke("caio", Role.SECTOR_ADMINISTRATOR)
        office.suspend("caio", "apuração 3/2026")
        office.leave("caio")
    found = city.audit()[before:]
    assert [(one["operation"], one["details"]["action"]) for one in found] == [
        ("account-registration", "register"),
        ("permission", "train"),
        ("permission", "term"),
        ("permission", "grant"),
        ("permission", "invite"),
        ("permission", "activate"),
        ("account-registration", "renew"),
        ("permission", "revoke"),
        ("account-suspension", "suspend"),
        ("account-suspension", "leave"),
    ]
    assert all(one["details"]["subject"] == "caio" for one in found)
    for one in found[:5]:
        assert (one["account"], one["institution"], one["role"]) == ("ana", "ceic", "general-administrator")
    assert {one["account"] for one in found[6:]} == {"bia"}
    assert {one["system_user"] for one in found[6:]} == {"bia"}


def test_nothing_is_changed_while_the_audit_takes_no_record(city: Office) -> None:
    audit = city.folder / "data" / "audit"
    with city.opened("ana") as opened:
        audit.rename(city.folder / "aside")
        audit.write_text("")
        with pytest.raises(AuditUnavailable):
            Administration(opened).register([new_person(city, "caio")])
        audit.unlink()
        (city.folder / "aside").rename(audit)
        assert [one.login for one in Administration(opened).people()] == ["ana", "bia"]


def test_a_sectors_administration_registers_its_own_people_only(city: Office) -> None:
    _institutions(city)
    _sector_administrator(city)
    with city.opened("caio") as opened:
        office = Administration(opened)
        office.register([new_person(city, "dora")])
        assert [one.login for one in office.people()] == ["ana", "bia", "caio", "dora"]
        for person in (
            new_person(city, "edu", sector="transito"),
            new_person(city, "edu", institution="pm", sector="9bpm"),
        ):
            with pytest.raises(PolicyError, match="belongs to another"):
                office.register([person])
        with pytest.raises(PolicyError, match="role does not include"):
            office.add_sector(Sector(institution_id="ceic", sector_id="novo", name="Novo"))
    refused = [one for one in city.audit() if one["outcome"] == "refused"]
    assert [one["policy"] for one in refused] == ["other-sector", "other-institution", "no-permission"]
    assert {one["account"] for one in refused} == {"caio"}


def test_the_general_administration_registers_people_of_bodies_without_an_administration(city: Office) -> None:
    _institutions(city)
    with city.opened("ana") as opened:
        office = Administration(opened)
        office.register([new_person(city, "edu", institution="pm", sector="9bpm")])
        with pytest.raises(PolicyError, match="registers its own people"):
            office.register([new_person(city, "fabi", sector="transito")])


def test_no_one_decides_on_their_own_account(city: Office) -> None:
    with city.opened("ana") as opened:
        office = Administration(opened)
        with pytest.raises(PolicyError, match="decides on their own"):
            office.grant("ana", Role.AUDITOR, days(city, 30))
        with pytest.raises(PolicyError, match="decides on their own"):
            office.train("ana", days(city, 30))
        with pytest.raises(PolicyError, match="decides on their own"):
            office.leave("ANA")


def test_without_a_code_or_an_account_nothing_is_changed_or_shown(city: Office) -> None:
    with city.opened("root") as opened, pytest.raises(PolicyError, match="user root: has no account"):
        Administration(opened).people()
    city.clock.now_ms += 15 * 60_000
    with city.opened("ana") as opened:
        assert opened.actor.needs_code()
        with pytest.raises(PolicyError, match="second factor"):
            Administration(opened).people()
        with pytest.raises(PolicyError, match="second factor"):
            Administration(opened).leave("bia")


def test_an_administrator_whose_term_ended_may_do_nothing(city: Office) -> None:
    city.clock.now_ms += 60_000
    with city.opened("ana") as opened:
        Administration(opened).sign_term("bia", days(city, 1))
    city.clock.now_ms += 86_400_000
    with city.opened("bia") as opened, pytest.raises(PolicyError, match="no valid signed term"):
        Administration(opened).add_sector(Sector(institution_id="ceic", sector_id="x", name="X"))


def test_two_administrators_at_once_register_a_person_once(city: Office) -> None:
    with city.opened("ana") as first, city.opened("bia") as second:
        Administration(first).register([new_person(city, "caio")])
        with pytest.raises(RegistryError, match="is registered already"):
            Administration(second).register([new_person(city, "caio")])


_CSV = """\ufefflogin;name;document;institution;sector;contract
dora;Dora Lima;M-100;ceic;central;
edu;Edu Reis;M-101;ceic;central;2027-05-01
{further}"""


def _import(city: Office, text: str) -> tuple[NewPerson, ...]:
    path = Path(city.folder) / "pessoas.csv"
    path.write_text(text)
    with city.opened("ana") as opened:
        return Administration(opened).import_people(path, days(city, 100).until_ms)


def test_a_list_of_people_is_imported_whole(city: Office) -> None:
    imported = _import(city, _CSV.format(further=""))
    assert [(one.login, one.contractor) for one in imported] == [("dora", False), ("edu", True)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("DORA;Dora Lima;M-300;ceic;central;", "line 4: login 'dora' is that of line 2 already"),
        ("gil;Gil Reis;m.100;ceic;central;", "line 4: document 'M100' is that of line 2 already"),
        ("gil;Gil Reis;529.982.247-25;ceic;central;", "ana has this document"),
        ("bia;Bia Outra;M-9;ceic;central;", "bia has this login"),
        ("gil;Gil Reis;111.111.111-11;ceic;central;", "line 4: document of gil: is no CPF"),
        ("gil;Gil Reis;M-9;ceic;lua;", "sector ceic/lua: is not registered"),
        ("gil;Gil Reis;M-9;ceic;central;ontem", "line 4"),
        ("gil;Gil Reis;M-9", "more or fewer cells"),
    ],
)
def test_a_list_with_a_problem_is_not_imported_at_all(city: Office, line: str, problem: str) -> None:
    with pytest.raises(RegistryError, match=problem):
        _import(city, _CSV.format(further=line + "\n"))
    with city.opened("ana") as opened:
        assert [one.login for one in Administration(opened).people()] == ["ana", "bia"]


def test_a_list_without_the_named_columns_is_refused(city: Office) -> None:
    with pytest.raises(RegistryError, match="heading: lacks name, document"):
        _import(city, "login,institution,sector\ndora,ceic,central\n")
    with pytest.raises(RegistryError, match="heading: has religion"):
        _import(city, "login,name,document,institution,sector,religion\n")
    with pytest.raises(RegistryError, match="no line but the heading"):
        _import(city, "login,name,document,institution,sector\n")


def test_emergency_access_is_asked_for_by_one_and_opened_by_an_administrator(city: Office) -> None:
    _sector_administrator(city)
    city.employ("dora", Role.OPERATOR)
    with city.opened("dora") as opened:
        asked = Administration(opened).request_emergency(60, Purpose.CRISIS, "enchente")
        with pytest.raises(PolicyError):
            Administration(opened).open_emergency(asked.emergency_id)
        wrong = Administration(opened).request_emergency(60, Purpose.MOBILITY, "congestionamento")
    with city.opened("caio") as opened:
        Administration(opened).open_emergency(asked.emergency_id)
        with pytest.raises(PolicyError, match="Emergency access is for a crisis"):
            Administration(opened).open_emergency(wrong.emergency_id)
        break_glass = opened.registry.break_glass("dora")
    assert break_glass is not None
    assert (break_glass.first, break_glass.second) == ("dora", "caio")
