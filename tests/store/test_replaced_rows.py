"""Rows of an earlier analysis that the new one of the same video lacks are deleted, and no other row."""

from __future__ import annotations

import msgspec

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


def test_what_the_new_analysis_lacks_is_deleted_also_under_the_same_id(database: EventDatabase) -> None:
    same, again = plate_read(1), plate_read(2)
    misread = msgspec.structs.replace(again, plate="ABC1235", plate_key="ABC1235")
    lost, other_time = track(3), msgspec.structs.replace(track(4), ts_ms=track(4).ts_ms + 60_000)
    untouched = msgspec.structs.replace(plate_read(5), stream_id="another-video")
    store(database, same, misread, lost, other_time, untouched, count(6), health(7))
    rows = AnalysisRows(same.camera_id, same.stream_id)
    rows.add([same, again, track(4), count(6)])
    store(database, again, track(4))

    assert delete_replaced(StoredEvents(database, embedded=False), rows) == 3

    expected = [same, again, untouched, track(4), count(6), health(7)]
    assert sorted(stored(database)) == sorted((str(event.event_id), event.ts_ms) for event in expected)
    plates = {row["plate"] for row in database.rows("SELECT plate FROM plate_reads")}
    assert "ABC1235" not in plates


def test_deletions_name_no_plate(database: EventDatabase) -> None:
    read = plate_read(1)
    store(database, read)
    delete_replaced(StoredEvents(database, embedded=False), AnalysisRows(read.camera_id, read.stream_id))
    assert stored(database) == []
    commands = [str(row["command"]) for row in database.rows("SELECT command FROM system.mutations")]
    assert not any(read.plate in command for command in commands)
