"""The schema's history on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.domain.events import Kind
from pipeline.errors import StoreError
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings, ClickHouseSinkSettings
from pipeline.store.backends import database as database_module
from pipeline.store.backends.database import EventDatabase, check_version, migrate, stored_version
from pipeline.store.backends.open_database import open_database
from pipeline.store.event_store import open_event_store
from pipeline.store.schema.migrations import LATEST, MIGRATIONS, Migration
from pipeline.store.table_writer import TableWriter
from tests.asking import Asking
from tests.event_samples import admit_all, one_of_each, plate_read, records, wait_until


def test_versions_count_up_without_a_gap() -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(1, LATEST + 1))


def test_migrating_twice_changes_nothing_and_keeps_the_rows(database: EventDatabase) -> None:
    TableWriter("test", lambda: database).open()
    writer = TableWriter("test", lambda: database)
    writer.open()
    writer.write(records(one_of_each()))
    migrate(database)
    check_version(database)
    assert stored_version(database) == LATEST
    assert database.rows("SELECT count() AS n FROM schema_version")[0]["n"] == LATEST
    assert database.rows("SELECT count() AS n FROM plate_reads")[0]["n"] == 1


def test_a_migration_that_broke_half_way_goes_on_from_there(
    store_settings: ChdbSinkSettings | ClickHouseSinkSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(store_settings, tmp_path, create=True)
    good = "CREATE TABLE IF NOT EXISTS extra (a UInt8) ENGINE = MergeTree ORDER BY a"
    broken = Migration(LATEST + 1, "breaks", (good, "CREATE NONSENSE"))
    monkeypatch.setattr(database_module, "MIGRATIONS", (*MIGRATIONS, broken))
    monkeypatch.setattr(database_module, "LATEST", LATEST + 1)
    with pytest.raises(StoreError):
        migrate(database)
    assert stored_version(database) == LATEST
    with pytest.raises(StoreError, match=f"has schema {LATEST}, this program needs {LATEST + 1}"):
        check_version(database)
    monkeypatch.setattr(database_module, "MIGRATIONS", (*MIGRATIONS, Migration(LATEST + 1, "fixed", (good,))))
    migrate(database)
    assert stored_version(database) == LATEST + 1
    database.close()


def test_a_store_of_the_first_version_opens_with_its_rows(
    store_settings: ChdbSinkSettings | ClickHouseSinkSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(store_settings, tmp_path, create=True)
    with monkeypatch.context() as old:
        old.setattr(database_module, "MIGRATIONS", MIGRATIONS[:1])
        old.setattr(database_module, "LATEST", 1)
        migrate(database)
    database.command(
        "INSERT INTO plate_reads (event_id, camera_id, ts_ms, schema_version, plate, plate_key) SELECT "
        "toUUID('6d8d5d0c-8f57-4b1a-9c3e-2f1a7e0b9c11'), 'gate', toInt64(1764412800000), 1, 'ABC1C34', 'ABC1C34'"
    )
    database.close()
    writer = TableWriter("test", lambda: open_database(store_settings, tmp_path, create=True))
    writer.open()
    writer.write(records([plate_read(2)]))
    writer.close()
    database = open_database(store_settings, tmp_path, create=False)
    assert stored_version(database) == LATEST
    plates = {row["plate"] for row in database.rows("SELECT plate FROM plate_reads")}
    assert len(plates) == 2
    assert "ABC1C34" in plates
    database.close()


def test_a_store_of_a_newer_program_is_left_alone(
    store_settings: ChdbSinkSettings | ClickHouseSinkSettings, tmp_path: Path, database: EventDatabase
) -> None:
    database.command(f"INSERT INTO schema_version SELECT {LATEST + 7}, 'from the future', 1")
    store = Asking(open_event_store(store_settings, tmp_path, dict))
    with pytest.raises(StoreError, match=f"has schema {LATEST + 7}, this program knows up to {LATEST}"):
        store.count(Kind.TRACK)
    store.close()
    sink = build_sink(store_settings.model_copy(update={"close_timeout_s": 0}), tmp_path, admit_all)
    sink.add([plate_read(1)])
    wait_until(lambda: "a newer program wrote it" in sink.status().error)
    sink.close()
    assert sink.status().pending
