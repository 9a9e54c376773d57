"""Searches find records by every field, and by plate with the auditor's key only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.audit.audit_log import AuditLog
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.audit.seal import KEY_NAME, read_auditor_key
from pipeline.domain.audit import Outcome
from tests.audit.logs import DAY_MS, NOON_MS, SetClock, entry


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search") / "audit"
    clock = SetClock()
    log = AuditLog(folder, clock)
    log.append(entry(1, "ABC1234"))
    log.append(entry(2, "XYZ9A87"))
    clock.now_ms += DAY_MS
    log.append(msgspec.structs.replace(entry(3, "abc-1c34"), system_user="rui", cameras=(), account="r.silva"))
    log.append(
        msgspec.structs.replace(
            entry(4), operation="export", outcome=Outcome.REFUSED, purpose="pesquisa", plates=(), number="2026/000001"
        )
    )
    return folder


def _found(folder: Path, key: bytes | None = None, **asked: Any) -> list[int]:
    return [record["sequence"] for record in search_records(folder, RecordQuestion(**asked), key)]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [1, 2, 3, 4]),
        ({"person": "ana"}, [1, 2, 4]),
        ({"person": "r.silva"}, [3]),
        ({"operation": "export"}, [4]),
        ({"outcome": "refused"}, [4]),
        ({"purpose": "pesquisa"}, [4]),
        ({"case": "IP-2/2026"}, [2]),
        ({"number": "2026/000001"}, [4]),
        ({"camera": "c2"}, [1, 2, 3, 4]),
        ({"camera": "c9"}, [3]),
        ({"start_ms": NOON_MS + 1}, [3, 4]),
        ({"start_ms": NOON_MS, "end_ms": NOON_MS + 1}, [1, 2]),
        ({"person": "ana", "end_ms": NOON_MS}, []),
    ],
)
def test_every_field_limits_a_search(folder: Path, asked: dict[str, Any], found: list[int]) -> None:
    assert _found(folder, **asked) == found


def test_the_auditors_key_finds_a_plate_in_both_forms(folder: Path) -> None:
    key = read_auditor_key(folder / KEY_NAME)
    assert _found(folder, key, plate="ABC1C34") == _found(folder, key, plate="abc 1234") == [1, 3]
    assert _found(folder, key, plate="XYZ9A87", person="ana") == [2]
    assert _found(folder, key, plate="AAA0A00") == []


def test_without_the_key_no_plate_is_found(folder: Path) -> None:
    assert _found(folder, None, plate="ABC1234") == []
    assert _found(folder, bytes(32), plate="ABC1234") == []
