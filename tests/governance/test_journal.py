"""Changes of the register outside the program are detected."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest

from pipeline.errors import PolicyError, ReleaseError
from pipeline.governance.register import Register
from tests.governance.entries import REGION, approved, built_file, request


@pytest.fixture
def filled(register: Register, path: Path, tmp_path: Path) -> Path:
    """Entries 1 to 4: a request, its approval, a file; another request."""
    number = approved(register, tmp_path).number
    register.built(number, built_file(), "Carla")
    register.request(request("Rádio <b>Cidade</b>"))
    assert register.check_journal() is None
    return path


def tampered(path: Path, statements: str) -> None:
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    connection.executescript(statements)
    connection.close()


def test_each_entry_has_person_time_action_and_account(register: Register, filled: Path) -> None:
    entries = register.journal()
    assert [(entry.seq, entry.who, entry.action) for entry in entries] == [
        (1, "Ana Souza", "request"),
        (2, "Beatriz Lima", "approve"),
        (3, "Carla", "build"),
        (4, "Ana Souza", "request"),
    ]
    assert all(entry.account for entry in entries)
    assert [entry.previous for entry in entries] == ["", *(entry.hash for entry in entries[:-1])]
    assert entries[0].details["change"]["request"]["recipient"] == "12ª Vara Criminal"
    assert [entry.seq for entry in register.journal("2026/2")] == [4]


@pytest.mark.parametrize(
    ("statement", "seq", "problem"),
    [
        ("UPDATE journal SET who = 'Dora' WHERE seq = 2", 2, "was changed"),
        ("UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 1", 1, "was changed"),
        ("UPDATE journal SET account = 'x' WHERE seq = 4", 4, "was changed"),
        ("UPDATE journal SET details = 'no JSON' WHERE seq = 3", 3, "was changed"),
        ("UPDATE journal SET details = replace(details, 'Vara', 'Rádio') WHERE seq = 1", 1, "was changed"),
        ("UPDATE journal SET hash = 'x' WHERE seq = 2", 2, "was changed"),
        ("DELETE FROM journal WHERE seq = 2", 2, "entry 2 is missing"),
        ("DELETE FROM journal WHERE seq = 1", 1, "entry 1 is missing"),
        ("DELETE FROM journal WHERE seq = 4", 0, "has no entry"),
        ("DELETE FROM journal WHERE seq = 2; UPDATE journal SET seq = 2 WHERE seq = 3", 2, "does not follow"),
        ("UPDATE disclosures SET recipient = 'Rádio' WHERE id = 1", 3, "changed outside the journal"),
        ("UPDATE disclosures SET basis = 'because' WHERE id = 1", 3, "changed outside the journal"),
        ("UPDATE built_files SET sha256 = 'x'", 3, "changed outside the journal"),
        ("DELETE FROM built_files", 3, "changed outside the journal"),
        ("UPDATE disclosures SET state = 'approved' WHERE id = 2", 4, "changed outside the journal"),
    ],
)
def test_a_change_outside_the_program_is_detected(
    register: Register, filled: Path, statement: str, seq: int, problem: str
) -> None:
    tampered(filled, statement)
    broken = register.check_journal()
    assert broken is not None
    assert broken.seq == seq
    assert problem in broken.problem


@pytest.mark.parametrize("gone", [True, False])
def test_a_replaced_or_missing_declaration_is_detected(register: Register, filled: Path, gone: bool) -> None:
    assert filled.exists()
    (stored,) = register.declarations.iterdir()
    if gone:
        stored.unlink()
    else:
        stored.write_bytes(b"another")
    broken = register.check_journal()
    assert broken is not None
    assert (broken.seq, broken.number) == (3, "2026/000001")
    assert stored.name in broken.problem


def test_a_removed_disclosure_is_detected(register: Register, filled: Path) -> None:
    tampered(filled, "DELETE FROM disclosures WHERE id = 2")
    broken = register.check_journal()
    assert broken is not None
    assert (broken.number, broken.problem) == ("2026/000002", "its disclosure is missing")


def test_invalid_values_in_the_database_are_reported_with_their_number(register: Register, filled: Path) -> None:
    tampered(filled, "UPDATE disclosures SET basis = 'because' WHERE id = 1")
    with pytest.raises(ReleaseError, match="2026/000001: is damaged in the register"):
        register.list()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET who = 'Dora'",
        "DELETE FROM journal WHERE seq = 4",
        "REPLACE INTO journal SELECT seq, 0, who, account, action, number, details, previous, hash FROM journal",
        "DELETE FROM disclosures",
        "DELETE FROM built_files",
        "DELETE FROM exemptions",
        "UPDATE built_files SET sha256 = 'x'",
    ],
)
def test_the_database_refuses_to_alter_entries(register: Register, filled: Path, statement: str) -> None:
    register.request_exemption("2026/1", REGION, "a statue", "Ana Souza")
    connection = sqlite3.connect(filled)
    connection.execute("PRAGMA recursive_triggers = ON")
    with pytest.raises(sqlite3.IntegrityError, match="is never altered"):
        connection.execute(statement)
    connection.close()


def test_a_change_and_its_entry_are_committed_together_or_not_at_all(
    register: Register, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = register.list(), register.journal()

    def breaks(*_: object) -> None:
        raise RuntimeError("killed here")

    monkeypatch.setattr("pipeline.governance.journal.append", breaks)
    with pytest.raises(RuntimeError, match="killed"):
        register.refuse("2026/2", "Beatriz Lima", "why not")
    monkeypatch.undo()
    assert (register.list(), register.journal()) == before
    with pytest.raises(PolicyError):
        register.may_build("2026/2")
    assert register.check_journal() is None


def test_the_chain_can_be_recomputed_independently(register: Register, filled: Path) -> None:
    connection = sqlite3.connect(filled)
    rows = connection.execute(
        "SELECT seq, at_ms, who, account, action, number, details, previous, hash FROM journal ORDER BY seq"
    ).fetchall()
    connection.close()
    names = ("seq", "at_ms", "who", "account", "action", "number", "details", "previous")
    for *values, digest in rows:
        entry = dict(zip(names, values, strict=True))
        entry["details"] = json.loads(entry["details"])
        text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert hashlib.sha256(text.encode()).hexdigest() == digest
