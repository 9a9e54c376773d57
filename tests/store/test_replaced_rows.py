"""Rows of an earlier analysis that the new one of the same video lacks are deleted, and no other row."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.domain.event_identity import identified
from pipeline.domain.events import Event
from pipeline.store.backends.database import EventDatabase
from pipeline.store.replaced_rows import AnalysisRows, delete_replaced
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.schema.tables import TABLES
from tests.event_samples import count, health, plate_read, track


def store(database: EventDatabase, *events: Event) -> None:
    for event in events:
        (table,) = (table for table in TABLES.values() if table.event is type(event))
        database.insert(table, [event])


def stored(database: EventDatabase) -> list[tuple[str, int]]:
    rows = [
        row
        for table in TABLES.values()
        for row in database.rows(f"SELECT toString(event_id) AS id, ts_ms FROM {table.name} ORDER BY ts_ms")
    ]
    return [(row["id"], int(row["ts_ms"])) for row in rows]


def test_what_the_new_analysis_lacks_is_deleted(database: EventDatabase) -> None:
    same, again = plate_read(1), plate_read(2)
    misread = plate_read(2, plate="ABC1235")
    lost, other_time = track(3), identified(msgspec.structs.replace(track(4), ts_ms=track(4).ts_ms + 60_000))
    untouched = identified(msgspec.structs.replace(plate_read(5), stream_id="another-video"))
    store(database, same, misread, lost, other_time, untouched, count(6), health(7))
    rows = AnalysisRows(same.camera_id, same.stream_id)
    rows.add([same, again, track(4), count(6)])
    store(database, again, track(4))

    assert delete_replaced(StoredEvents(database, embedded=False), rows) == 3

    expected = [same, again, untouched, track(4), count(6), health(7)]
    assert sorted(stored(database)) == sorted((str(event.event_id), event.ts_ms) for event in expected)
    plates = {row["plate"] for row in database.rows("SELECT plate FROM plate_reads")}
    assert "ABC1235" not in plates


def test_deletions_name_ids_and_no_plate(database: EventDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []
    command = database.command

    def recorded(sql: str) -> None:
        commands.append(sql)
        command(sql)

    monkeypatch.setattr(database, "command", recorded)
    again = [plate_read(n) for n in range(40)]
    store(database, *(plate_read(n, plate="ABC1235") for n in range(40)), plate_read(90), *again)
    rows = AnalysisRows(again[0].camera_id, again[0].stream_id)
    rows.add(again)
    assert delete_replaced(StoredEvents(database, embedded=False), rows) == 41
    assert stored(database) == [(str(read.event_id), read.ts_ms) for read in again]
    assert {row["plate"] for row in database.rows("SELECT plate FROM plate_reads")} == {again[0].plate}
    deletions = [sql for sql in commands if "DELETE WHERE" in sql]
    assert deletions
    assert not any("ABC" in sql for sql in deletions)
