"""Each change and reading of the register has a record in the audit before it is committed or answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from pipeline.app.audit.audited_operation import audit_record, operation_audit
from pipeline.app.audit.audited_register import ACTIONS, AuditedRegister, register_stores, report_to
from pipeline.app.release.register_service import open_register
from pipeline.domain.disclosure import Content, LegalBasis, Request
from pipeline.domain.erasure import ErasureRequest
from pipeline.errors import AuditUnavailable, PolicyError, ReleaseError
from pipeline.governance.erasure_register import ErasureRegister
from pipeline.governance.journal_replay import _STEPS
from tests.audit.logs import lines

_REQUEST = Request(
    "Ana Lima",
    "12ª Vara Criminal",
    LegalBasis.JUDICIARY,
    "prova no processo 12/2026",
    Content(camera_id="cam-1", begin_ms=1_790_000_000_000, end_ms=1_790_000_060_000),
)


def _records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(folder / "audit")]


@pytest.fixture
def register(tmp_path: Path) -> Iterator[AuditedRegister]:
    audit = operation_audit(None, tmp_path / "data")
    with AuditedRegister(str(tmp_path / "register.db"), audit, create=True) as opened:
        yield opened


def test_every_change_is_recorded_with_its_journal_entry(register: AuditedRegister, tmp_path: Path) -> None:
    number = register.request(_REQUEST).number
    declaration = tmp_path / "requisition.pdf"
    declaration.write_bytes(b"requisition")
    register.declare(number, declaration, "Ana Lima")
    register.approve(number, "Rui Souza")
    register.refuse(number, "Rui Souza", "pedido retirado")
    found = _records(tmp_path)
    assert [one["details"]["action"] for one in found] == ["request", "declare", "approve", "withdraw"]
    assert [one["operation"] for one in found] == ["disclosure", "disclosure", "approval", "approval"]
    assert {one["number"] for one in found} == {number}
    assert (found[0]["cameras"], "from" in found[0], "to" in found[0]) == (["cam-1"], True, True)
    assert [one["details"]["by"] for one in found] == ["Ana Lima", "Ana Lima", "Rui Souza", "Rui Souza"]
    chain = [(one.seq, one.hash) for one in register.journal(number)]
    assert [(one["details"]["entry"], one["details"]["entry_hash"]) for one in found] == chain


def test_nothing_is_committed_when_the_audit_takes_no_record(register: AuditedRegister, tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("a file in its place")
    with pytest.raises(AuditUnavailable, match="or changed"):
        register.request(_REQUEST)
    (tmp_path / "audit").unlink()
    assert register.list() == ()
    assert register.check_journal() is None


def test_nothing_is_read_when_the_audit_takes_no_record(register: AuditedRegister, tmp_path: Path) -> None:
    number = register.request(_REQUEST).number
    (tmp_path / "audit").rename(tmp_path / "away")
    (tmp_path / "audit").write_text("a file in its place")
    for read in (lambda: register.get(number), register.list, register.journal, register.check_journal):
        with pytest.raises(AuditUnavailable):
            read()


def test_a_change_that_the_database_loses_is_recorded_as_failed(register: AuditedRegister, tmp_path: Path) -> None:
    def fail(_: object) -> None:
        raise OSError(28, "No space left on device")

    event.listen(Engine, "commit", fail)
    try:
        with pytest.raises(OSError, match="No space"):
            register.request(_REQUEST)
    finally:
        event.remove(Engine, "commit", fail)
    assert [(one["outcome"], one.get("reason", "")) for one in _records(tmp_path)] == [
        ("allowed", ""),
        ("failed", "OSError"),
    ]
    assert register.list() == ()


def test_readings_are_recorded_with_their_rows(register: AuditedRegister, tmp_path: Path) -> None:
    number = register.request(_REQUEST).number
    register.get(number)
    register.list()
    register.find_by_hash("0" * 64)
    register.journal(number)
    register.check_journal()
    found = _records(tmp_path)[1:]
    assert {one["operation"] for one in found} == {"report"}
    assert [(one["details"]["action"], one["rows"]) for one in found] == [
        ("show", 1),
        ("list", 1),
        ("find", 0),
        ("journal", 1),
        ("check-journal", 0),
    ]


def test_an_erasure_is_recorded_without_where_its_vehicle_was_seen(tmp_path: Path) -> None:
    with ErasureRegister(tmp_path / "register.db", report=report_to(audit_record(tmp_path / "audit"))) as register:
        number = register.begin(ErasureRequest("Ana Lima", "pedido 17", "f" * 64, ("cam-1",)))
        register.refuse(ErasureRequest("Ana Lima", "pedido 18", "", ("cam-1",), 0, 1), "inquérito em curso")
    begun, refused = _records(tmp_path)
    assert (begun["operation"], begun["number"], "cameras" in begun) == ("erasure", number, False)
    assert (refused["operation"], refused["cameras"]) == ("subject-request", ["cam-1"])


def test_every_action_of_the_journal_is_an_operation() -> None:
    assert set(ACTIONS) == set(_STEPS)


@pytest.mark.parametrize(
    ("where", "audit"),
    [("data/viapublica-register/register.db", "data/audit"), ("postgresql+psycopg://u@h/n", "audit")],
)
def test_without_a_configuration_the_audit_lies_beside_the_folder_of_the_register(
    where: str, audit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert register_stores(None, where).audit_dir == tmp_path / audit


def test_the_audit_of_a_configuration_gets_the_register_wherever_it_lies(tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    cameras = "cameras: [{id: cam-1, source: a.mp4, scope: public-road}]"
    config.write_text(f"data_dir: data\naudit: {{dir: chain}}\n{cameras}\n")
    with open_register(str(tmp_path / "office" / "register.db"), create=True, config=config) as register:
        register.request(_REQUEST)
    assert len(lines(tmp_path / "chain")) == 1
    assert not (tmp_path / "office" / "audit").exists()


def test_a_refusal_by_a_policy_is_recorded_without_its_text(tmp_path: Path) -> None:
    where = str(tmp_path / "viapublica-register" / "register.db")
    with open_register(where, create=True) as register:
        number = register.request(_REQUEST).number
    with pytest.raises(ReleaseError), open_register(where) as register:
        register.approve("2026/000009", "Rui Souza")
    with pytest.raises(PolicyError), open_register(where) as register:
        register.refuse(number, "Rui Souza", "é evangélica e frequenta o templo")
    with pytest.raises(PolicyError), open_register(where) as register:
        register.approve(number, "Ana Lima")
    found = _records(tmp_path)
    assert [one["outcome"] for one in found] == ["allowed", "refused", "refused"]
    assert [one["policy"] for one in found[1:]] == ["sensitive-text", "release-approving"]
    assert {one["reason"] for one in found[1:]} == {"PolicyError"}
    assert "evang" not in str(found)
