"""Each question to the event store and each export has a record on the disk before it is answered."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.audit.audited_questions import MOST_SINGLE_PLATES, answered
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.noted_exports import note_export
from pipeline.app.queries import EventQueries, open_queries
from pipeline.audit.record_search import RecordQuestion, search_records
from pipeline.audit.seal import KEY_NAME, read_auditor_key
from pipeline.domain.events import Kind
from pipeline.domain.requester import Requester
from pipeline.errors import AuditUnavailable, PolicyError, StoreError
from pipeline.store.questions import Cameras, Clones, Convoy, Events, Plates, Question, Route
from pipeline.store.traffic_questions import Traffic
from tests.asking import declare_roads
from tests.audit.logs import lines
from tests.event_samples import START_MS, plate_read
from tests.filled_store import fill_store

_ANA = Requester(user="ana", purpose="criminal-investigation", case="IP-7/2026")


def _records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(folder)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    fill_store(tmp_path, [plate_read(0), plate_read(30)])
    declare_roads(tmp_path, "cam-1")
    return tmp_path


def _queries(data: Path) -> EventQueries:
    return open_queries(ConfiguredStores.of_data_dir(data), _ANA)


def test_an_answered_question_is_recorded_once_with_its_rows(data: Path) -> None:
    read = plate_read(0)
    with _queries(data) as queries:
        found = queries.ask(Plates(plates=(read.plate,), camera_ids=("cam-1",), start_ms=START_MS - 1)).value
    (record,) = _records(data / "audit")
    assert (record["operation"], record["outcome"], record["rows"]) == ("plate-query", "allowed", len(found))
    assert (record["system_user"], record["purpose"], record["case"]) == ("ana", _ANA.purpose, _ANA.case)
    assert (record["cameras"], "from" in record, "to" in record) == (["cam-1"], True, False)
    key = read_auditor_key(data / "audit" / KEY_NAME)
    assert len(list(search_records(data / "audit", RecordQuestion(plate=read.plate), key))) == 1
    content = b"".join(path.read_bytes() for path in (data / "audit").rglob("*") if path.is_file())
    assert read.plate.encode() not in content


def test_a_question_that_fails_is_recorded_as_failed(data: Path) -> None:
    with _queries(data) as queries, pytest.raises(StoreError):
        queries.ask(Plates(plates=("ABC1D23",), camera_ids=("nowhere",)))
    (record,) = _records(data / "audit")
    assert (record["outcome"], record["reason"], "rows" in record) == ("failed", "StoreError", False)


def test_nothing_is_answered_when_the_audit_takes_no_record(data: Path) -> None:
    (data / "audit").write_text("a file in its place")
    with _queries(data) as queries, pytest.raises(AuditUnavailable, match="nothing is answered"):
        queries.ask(Plates(plates=(plate_read(0).plate,)))


def test_an_export_is_recorded_without_the_name_of_its_file(tmp_path: Path) -> None:
    read = plate_read(0)
    note_export(ConfiguredStores.of_data_dir(tmp_path), tmp_path / f"{read.plate}.csv", [read], _ANA)
    (record,) = _records(tmp_path / "audit")
    assert (record["operation"], record["rows"], record["cameras"]) == ("export", 1, ["cam-1"])
    assert record["details"] == {"evaluation": "intelligence-analyst: allowed", "form": "csv", "plates": True}
    assert read.plate not in str(record)


@pytest.mark.parametrize(
    ("question", "operation"),
    [
        (Plates(plates=("ABC1D23",)), "plate-query"),
        (Plates(plates=("ABC*",), like=True), "pattern-query"),
        (Plates(plates=("ABC1D23",) * (MOST_SINGLE_PLATES + 1)), "bulk-query"),
        (Events(), "bulk-query"),
        (Events(kind=Kind.COUNT), "count-query"),
        (Route(plate="ABC1D23", locations={}), "journey-query"),
        (Convoy(plate="ABC1D23"), "convoy-query"),
        (Clones(locations={}), "clone-query"),
        (Traffic(), "count-query"),
        (Cameras(), "count-query"),
    ],
)
def test_each_question_is_an_operation(question: Question[Any], operation: str) -> None:
    entry = answered(question, _ANA, [])
    assert (entry.operation, entry.rows) == (operation, 0)
    assert "ABC" not in str(entry.details)


def test_a_refused_purpose_is_recorded_without_its_text(data: Path) -> None:
    asking = Requester(user="ana", purpose="saber se é evangélica")
    with pytest.raises(PolicyError):
        open_queries(ConfiguredStores.of_data_dir(data), asking)
    (record,) = _records(data / "audit")
    assert (record["outcome"], record["policy"], record["system_user"]) == ("refused", "sensitive-text", "ana")
    assert "evang" not in str(record)


@pytest.mark.parametrize(
    ("number", "text"), [(errno.EROFS, "audit.dir"), (errno.EACCES, "audit.dir"), (errno.ENOSPC, "Free disk space")]
)
def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(
    number: int, text: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), str(data / "audit"))

    monkeypatch.setattr("pipeline.audit.audit_log.private_folder", refuse)
    with _queries(data) as queries, pytest.raises(AuditUnavailable, match=text) as refused:
        queries.ask(Cameras())
    assert str(data / "audit") in str(refused.value)
