"""Registers of earlier versions get the tables of people and cameras without losing an entry."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pipeline.governance import register_database
from pipeline.governance.register import Register
from pipeline.governance.registry import Registry
from tests.governance.entries import REGION, StoppedClock, request, signed
from tests.governance.people import Changes, camera, person, set_up


def _rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(path)
    tables = ("disclosures", "built_files", "exemptions", "journal", "erasures")
    found = {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables}
    connection.close()
    return found


def test_a_register_of_an_earlier_version_keeps_every_entry(
    path: Path, clock: StoppedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register_database, "REVISION", "0003")
    with Register(path, clock) as register:
        for number in range(3):
            entered = register.request(request(by=f"Ana Souza {number}"), signed(tmp_path))
            register.request_exemption(entered.number, REGION, "a statue", "Ana")
        register.approve("2026/000001", "Beatriz Lima")
        register.refuse("2026/000002", "Beatriz Lima", "o período excede a finalidade")
        before, listed = _rows(path), register.list()
    assert [len(before[table]) for table in ("disclosures", "exemptions", "journal")] == [3, 3, 8]
    monkeypatch.undo()

    with Registry(path, Changes(), clock) as registry:
        set_up(registry)
        registry.register([person(clock, "ana")], "root")
        registry.register_camera(camera(clock), "ana")
        assert registry.is_set_up
    assert _rows(path) == before
    with Register(path, clock) as register:
        assert register.list() == listed
        assert register.check_journal() is None
        register.request(request())


def test_nothing_of_the_registry_is_deleted(path: Path, registry: Registry, clock: StoppedClock) -> None:
    registry.register_camera(camera(clock), "ana")
    connection = sqlite3.connect(path)
    for table in ("institutions", "persons", "accounts", "registered_cameras"):
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is never altered"):
            connection.execute(f"DELETE FROM {table}")
    connection.close()
