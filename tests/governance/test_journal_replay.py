"""Nothing is done for an entry of the register that was changed outside the program, and no trace of it is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pipeline.app.audit.audited_operation import operation_audit
from pipeline.app.audit.audited_register import AuditedRegister
from pipeline.app.release.registered_file import registered_files
from pipeline.domain.disclosure import DisclosureState
from pipeline.domain.erasure import ErasureRequest, ErasureResult, EventNumbers
from pipeline.errors import PolicyError, ReleaseError
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.journal import Act, append
from pipeline.governance.register import Register
from tests.governance.entries import REGION, SHA, StoppedClock, approved, built_file, request, signed

APPROVED_BY_SQL = "UPDATE disclosures SET state = 'approved', decided_by = 'Bruno', reasons = ''"


def change(path: Path, statement: str) -> None:
    """Change the database as any person with write access can, triggers in force."""
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def refused(register: Register, folder: Path) -> str:
    number = approved(register, folder).number
    register.refuse(number, "Beatriz Lima", "the wrong street")
    return number


ACTIONS: list[Callable[[Register, str, Path], object]] = [
    lambda register, number, _: register.may_build(number),
    lambda register, number, _: register.check_conditions(number, None),
    lambda register, number, _: register.built(number, built_file(), "Carla"),
    lambda register, number, _: register.delivered(number, "Carla"),
    lambda register, number, _: register.approve(number, "Dora"),
    lambda register, number, _: register.refuse(number, "Dora", "why"),
    lambda register, number, folder: register.declare(number, signed(folder), "Carla"),
    lambda register, number, _: register.request_exemption(number, REGION, "a sign", "Carla"),
    lambda register, number, _: register.exemption_shown(number, 1, b"png", "Carla"),
    lambda register, number, _: register.confirm_exemption(number, 1, "Carla"),
    lambda register, number, _: register.confirmed_exemptions(number),
    lambda register, number, _: register.check_unchanged(number),
]


@pytest.mark.parametrize("act", ACTIONS)
def test_nothing_is_done_for_a_refusal_that_became_an_approval(
    register: Register, path: Path, tmp_path: Path, act: Callable[[Register, str, Path], object]
) -> None:
    number = refused(register, tmp_path)
    before = register.journal()
    change(path, APPROVED_BY_SQL)
    words = r"the register's entry 2026/000001: was changed outside viapublica after entry 3 \(withdraw by Beatriz Lima"
    with pytest.raises(ReleaseError, match=words):
        act(register, number, tmp_path)
    assert register.journal() == before
    broken = register.check_journal()
    assert broken is not None
    assert broken.problem == "its disclosure was changed outside the journal"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE disclosures SET recipient = 'Rádio'",
        "UPDATE disclosures SET source_sha256 = 'x', camera_id = ''",
        "UPDATE disclosures SET delivered_ms = 1",
        "UPDATE exemptions SET confirmed_by = 'Bruno', confirmed_ms = 1",
        "UPDATE exemptions SET region = '{}'",
        "INSERT INTO built_files SELECT 9, id, 'a', 'ef', 1, 'a', 1, '{}', '{}' FROM disclosures",
    ],
)
def test_any_changed_field_file_or_exemption_stops_the_build(
    register: Register, path: Path, tmp_path: Path, statement: str
) -> None:
    number = register.request(request(), signed(tmp_path)).number
    register.request_exemption(number, REGION, "a sign", "Ana Souza")
    register.approve(number, "Beatriz Lima")
    register.may_build(number)
    change(path, statement)
    with pytest.raises(ReleaseError, match=r"was changed outside viapublica after entry 3 \(approve by Beatriz Lima"):
        register.may_build(number)


def test_a_disclosure_without_a_journal_is_none(register: Register, path: Path, tmp_path: Path) -> None:
    approved(register, tmp_path)
    connection = sqlite3.connect(path)
    names = [row[1] for row in connection.execute("PRAGMA table_info(disclosures)")]
    values = [{"id": "9", "number": "'2026/000009'", "running": "9"}.get(name, name) for name in names]
    connection.close()
    change(path, f"INSERT INTO disclosures SELECT {', '.join(values)} FROM disclosures")
    with pytest.raises(ReleaseError, match="2026/000009: has no journal entry: it was added outside viapublica"):
        register.may_build("2026/9")


def test_a_file_of_a_changed_disclosure_is_not_called_registered(
    register: Register, path: Path, tmp_path: Path
) -> None:
    number = approved(register, tmp_path).number
    register.built(number, built_file(), "Carla")
    asked = AuditedRegister(str(path), operation_audit(None, tmp_path / "data"))
    assert registered_files(asked, SHA)[0].permitted
    register.refuse(number, "Beatriz Lima", "the wrong street")
    change(path, "UPDATE disclosures SET state = 'built', reasons = ''")
    with pytest.raises(ReleaseError, match="was changed outside viapublica after entry 4"):
        registered_files(asked, SHA)
    asked.close()
    assert register.get(number).state is DisclosureState.BUILT, "it is still shown, with its journal"
    assert register.journal(number)[-1].action == "withdraw"


def test_other_disclosures_go_on(register: Register, path: Path, tmp_path: Path) -> None:
    refused(register, tmp_path)
    change(path, APPROVED_BY_SQL)
    number = approved(register, tmp_path).number
    register.built(number, built_file(), "Carla")
    register.delivered(number, "Carla")


@pytest.mark.parametrize("earlier_version", [False, True])
def test_a_build_after_a_refusal_is_found_although_row_and_last_entry_agree(
    register: Register, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier_version: bool
) -> None:
    """As registers look in which a version without the check built and delivered."""
    number = refused(register, tmp_path)
    change(path, APPROVED_BY_SQL)
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.governance.exemption_register.check_unchanged", lambda *_: None)
        if earlier_version:  # whose entries do not say from what they began
            patched.setattr("pipeline.governance.journal.append", append_without_before)
        register.built(number, built_file(), "Carla")
        register.delivered(number, "Carla")
    broken = register.check_journal()
    assert broken is not None
    assert (broken.seq, broken.number) == (4, number)
    assert broken.problem == "(build) is not permitted after entry 3 (withdraw)"
    with pytest.raises(ReleaseError, match=r"journal entry 4 \(build\) is not permitted after entry 3 \(withdraw\)"):
        register.delivered(number, "Carla")


def append_without_before(session: Session, act: Act, number: str, details: Mapping[str, Any]) -> None:
    append(session, act, number, {key: value for key, value in details.items() if key != "before"})


def test_a_permitted_action_on_a_changed_row_is_found(
    register: Register, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = approved(register, tmp_path).number
    change(path, "UPDATE disclosures SET recipient = 'Rádio'")
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.governance.exemption_register.check_unchanged", lambda *_: None)
        patched.setattr("pipeline.policy.disclosure.check_building", lambda _: None)
        patched.setattr(Register, "_check_conditions", lambda *_: "")
        register.built(number, built_file(), "Carla")
    broken = register.check_journal()
    assert broken is not None
    assert broken.problem == "(build) began from values that differ from entry 2 (approve)"


def test_every_permitted_course_is_intact(register: Register, tmp_path: Path) -> None:
    number = register.request(request()).number
    register.declare(number, signed(tmp_path), "Ana Souza")
    register.approve(number, "Beatriz Lima")
    register.built(number, built_file(), "Carla")
    one = register.request_exemption(number, REGION, "a sign", "Ana Souza").exemption_id
    register.exemption_shown(number, one, b"png", "Dora")
    register.approve(number, "Beatriz Lima")
    register.confirm_exemption(number, one, "Dora")
    register.approve(number, "Beatriz Lima")
    register.built(number, built_file("cd" * 32), "Carla", rebuild="a sign")
    register.delivered(number, "Carla")
    register.delivered(number, "Carla")
    register.built(number, built_file("ef" * 32), "Carla", rebuild="lost")
    register.delivered(number, "Carla")
    refused(register, tmp_path)
    other = register.request(request()).number
    register.refuse(other, "Beatriz Lima", "no purpose")
    with pytest.raises(PolicyError, match="was already refused"):
        register.approve(other, "Dora")
    assert register.check_journal() is None


def test_a_changed_erasure_is_neither_finished_nor_proved(path: Path, register: Register, clock: StoppedClock) -> None:
    with ErasureRegister(path, clock) as erasures:
        number = erasures.begin(ErasureRequest("Ana Souza", "pedido 17/2026", "ab" * 32, (), None, None))
        change(path, "UPDATE erasures SET begun_by = 'Bruno'")
        for act in (erasures.get, lambda of: erasures.finish(of, ErasureResult((), (), (), EventNumbers({}, 0)))):
            with pytest.raises(ReleaseError, match="entry E2026/000001: was changed outside viapublica after entry 1"):
                act(number)
    broken = register.check_journal()
    assert broken is not None
    assert broken.number == number
