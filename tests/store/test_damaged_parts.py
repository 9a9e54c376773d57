"""Parts that the engine sets aside are noticed, told in every answer, erased and dropped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.doctor import ComponentState, check_components
from pipeline.app.erasure.erase import open_erasure
from pipeline.app.queries import open_queries
from pipeline.config.load import load_config
from pipeline.domain.events import ENGINE_ID, AlertEvent, Kind
from pipeline.domain.requester import Requester
from pipeline.sink.build import build_writer
from pipeline.sink.settings import ClickHouseSinkSettings
from pipeline.store.answer import Note, NoteCode
from pipeline.store.backends.database import EventDatabase, migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.coverage_questions import CorruptPart, CorruptParts
from pipeline.store.damaged_parts import DAMAGE_RULE, can_list, damaged_parts
from pipeline.store.erasure_selection import Selection
from pipeline.store.questions import Count, Events, Plates, Question
from pipeline.store.retention import drop_due, open_for_maintenance, stored_days
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.settings import ChdbSettings
from tests.app.erasure.test_erase import files_with
from tests.cli.commands import viapublica_here
from tests.event_samples import START_MS, plate_read, track
from tests.store.test_retention import FIRST
from tests.store.test_store import fill

PLATE = "ABC1234"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose embedded store was damaged: the part with the read of one plate has a torn checksum file."""
    database = open_database(ChdbSettings(), tmp_path, create=True)
    migrate(database)
    fill(database, [*(plate_read(n, plate=PLATE if n == 3 else f"XYZ{n:04}") for n in range(40)), track(1)])
    database.close()
    torn = 0
    for path in (tmp_path / "events" / "store").rglob("checksums.txt"):
        if b"ABC1C34" in (path.parent / "primary.cidx").read_bytes():
            path.write_bytes(path.read_bytes()[:5])
            torn += 1
    assert torn
    return tmp_path


def notes(data: Path, question: Question[Any]) -> Sequence[Note]:
    with open_queries(ConfiguredStores.of_data_dir(data), Requester.of_process()) as queries:
        return [note for note in queries.ask(question).notes if note.code is NoteCode.LOST]


def opened(data: Path) -> EventDatabase:
    database = open_for_maintenance(ChdbSettings(), data)
    assert database is not None
    return database


def test_the_writer_notices_it_and_stores_one_alert_however_often_it_opens(data: Path) -> None:
    for _ in range(2):
        writer = build_writer(ChdbSettings(), data)
        writer.open()
        assert getattr(writer, "damaged_parts", 0) == 1
        writer.close()
    with open_queries(ConfiguredStores.of_data_dir(data), Requester.of_process()) as queries:
        (alert,) = queries.ask(Events(kind=Kind.ALERT)).value
    assert isinstance(alert, AlertEvent)
    assert (alert.camera_id, alert.rule, alert.subject) == (ENGINE_ID, DAMAGE_RULE, "plate_reads")
    assert alert.detail == f"part of the data of {FIRST.isoformat()} was lost: broken-on-start"


def test_every_answer_that_touches_the_table_says_so(data: Path) -> None:
    for question in (Plates(plates=("*",), like=True), Count(kind=Kind.PLATE_READ)):
        (note,) = notes(data, question)
        assert note.limits
        assert note.text.startswith(f"part of the data in plate_reads of {FIRST.isoformat()} (UTC) was lost")
    assert notes(data, Events(kind=Kind.TRACK)) == []
    assert notes(data, Plates(plates=(PLATE,), start_ms=START_MS + 3 * 86_400_000)) == [], "another day"


def test_erasing_the_plate_drops_the_part_and_the_loss_is_still_told(data: Path) -> None:
    stores = ConfiguredStores.of_data_dir(data)
    with open_erasure(Selection.of(PLATE, (), None, None), stores) as erasure:
        assert any("ABC1234" not in place.name and place.kind == "damaged" for place in erasure.preview())
        assert {place.left for place in erasure.erase()} == {0}
    assert files_with(PLATE, data) == []
    (note,) = notes(data, Plates(plates=(PLATE,)))
    assert note.limits


def test_an_erasure_of_another_time_leaves_the_part(data: Path) -> None:
    later = Selection.of(None, ["cam-1"], START_MS + 3 * 86_400_000, START_MS + 4 * 86_400_000)
    with open_erasure(later, ConfiguredStores.of_data_dir(data)) as erasure:
        assert [place for place in erasure.preview() if place.kind == "damaged"] == []
    assert files_with(PLATE, data) != []


def test_retention_lists_and_drops_it_with_its_day(data: Path) -> None:
    database = opened(data)
    week = RetentionSettings()
    (day,) = [day for day in stored_days(database, week, FIRST) if day.damaged]
    assert (day.table, day.day, day.due) == ("plate_reads", FIRST, False)
    assert drop_due(database, week, FIRST) == []
    assert len(damaged_parts(database)) == 1
    drop_due(database, week, FIRST + timedelta(days=8))
    assert damaged_parts(database) == []
    database.close()
    assert files_with(PLATE, data) == []


def test_a_server_that_cannot_list_them_is_named_by_an_erasure(
    clickhouse_store: ClickHouseSinkSettings, tmp_path: Path
) -> None:
    database = open_database(clickhouse_store, tmp_path, create=True)
    migrate(database)
    assert not can_list(database), "the test server is of version 18.16"
    database.close()
    stores = ConfiguredStores(tmp_path, (clickhouse_store,))
    with open_erasure(Selection.of(PLATE, (), None, None), stores) as erasure:
        assert any("folders `detached`" in words for words in erasure.out_of_reach)


def test_the_doctor_says_so(data: Path) -> None:
    config = data / "viapublica.yaml"
    config.write_text("data_dir: .\ncameras: [{id: cam-1, source: a.mp4, scope: public-road}]\n")
    report = viapublica_here("doctor", "--config", config, "--json")
    (row,) = [row for row in map(json.loads, report.stdout.splitlines()) if "stored data" in str(row)]
    assert "part of its data was lost" in str(row)


def test_a_bit_that_flips_in_a_stored_file_is_found_with_table_and_day(tmp_path: Path) -> None:
    database = open_database(ChdbSettings(), tmp_path, create=True)
    migrate(database)
    fill(database, [plate_read(1, plate=PLATE), track(1)])
    database.close()
    assert corrupt(tmp_path) == []
    (path,) = [
        path
        for path in (tmp_path / "events" / "store").rglob("data.bin")
        if b"ABC1C34" in (path.parent / "primary.cidx").read_bytes()
    ]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    (found,) = corrupt(tmp_path) or []
    assert (found.table, found.day) == ("plate_reads", "2026-09-21")
    assert found.problem
    city = tmp_path / "city.yaml"
    camera = "cameras: [{id: a, source: a.mp4, scope: public-road}]"
    city.write_text(f"{camera}\ndata_dir: {tmp_path}\nsinks: [{{type: chdb}}]\n")
    (check,) = [one for one in check_components(load_config(city), None) if one.component == "stored data"]
    assert check.state is ComponentState.BROKEN
    assert "plate_reads of 2026-09-21" in check.detail
    assert "restore these days from a backup" in check.fix


def corrupt(data: Path) -> list[CorruptPart] | None:
    with open_queries(ConfiguredStores.of_data_dir(data), Requester.of_process()) as queries:
        return queries.ask(CorruptParts()).value
