"""Days dropped from chDB and from a ClickHouse server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from pipeline.domain.disposal import Disposed
from pipeline.domain.events import AlertEvent, Event, Kind, PlateReadEvent
from pipeline.domain.hold import Hold
from pipeline.errors import AuditUnavailable, StoreBusy
from pipeline.storage.trusted_clock import TrustedClock
from pipeline.store.backends.database import EventDatabase
from pipeline.store.backends.open_database import open_database
from pipeline.store.event_store import open_event_store
from pipeline.store.retention import (
    drop_due,
    drop_due_safely,
    open_for_maintenance,
    stored_days,
    trusted_clock_path,
)
from pipeline.store.retention_scheduler import RetentionScheduler
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.schema.tables import TABLES
from pipeline.store.settings import ChdbSettings, StoreSettings
from tests.asking import Asking
from tests.event_samples import START_MS, health, plate_read, wait_until
from tests.store.test_store import fill

DAY_MS = 86_400_000
FIRST = datetime.fromtimestamp(START_MS / 1000, UTC).date()
WEEK = RetentionSettings()


def ten_days(start_ms: int = START_MS) -> list[Event]:
    """Two reads a day for ten days, and a state long before."""
    return [
        *(plate_read(2 * n + m, ts_ms=start_ms + n * DAY_MS + m) for n in range(10) for m in range(2)),
        health(0),
    ]


def weeks_ago() -> int:
    """A moment twenty days ago, by the clock that a keeper goes by; milliseconds since 1970."""
    return time.time_ns() // 1_000_000 - 20 * DAY_MS


def test_whole_days_go_when_their_time_is_over(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    fill(database, ten_days())
    today = FIRST + timedelta(days=10)
    before = stored_days(database, WEEK, today)
    assert [(day.table, day.day, day.rows) for day in before if day.due] == [
        ("plate_reads", FIRST + timedelta(days=n), 2) for n in range(3)
    ]
    assert all(day.size > 0 for day in before)
    dropped = drop_due(database, WEEK, today)
    assert [day.day for day in dropped] == [FIRST, FIRST + timedelta(days=1), FIRST + timedelta(days=2)]
    store = Asking(open_event_store(store_settings, tmp_path, dict))
    assert [e.frame for e in store.plates("ABC1D23", limit=100)] == list(range(19, 5, -1))
    assert store.count(Kind.HEALTH) == 1, "states are kept longer"
    store.close()
    assert drop_due(database, WEEK, today) == []


def test_a_hold_preserves_its_rows_of_a_day_that_is_due_and_no_others(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    events = [
        msgspec.structs.replace(one, first_ts_ms=one.ts_ms) if isinstance(one, PlateReadEvent) else one
        for one in ten_days()
    ]
    fill(database, events)
    first = min((one for one in events if isinstance(one, PlateReadEvent)), key=lambda one: one.ts_ms)
    hold = Hold("0c5f", first.camera_id, first.ts_ms, first.ts_ms + 1, "ofício 12", "A. Souza", 0)
    embedded = isinstance(store_settings, ChdbSettings)
    today = FIRST + timedelta(days=10)
    dropped = drop_due(database, WEEK, today, [hold], embedded=embedded)
    assert [(day.day, day.rows, day.held) for day in dropped] == [
        (FIRST, 1, 1),
        (FIRST + timedelta(days=1), 2, 0),
        (FIRST + timedelta(days=2), 2, 0),
    ]
    assert drop_due(database, WEEK, today, [hold], embedded=embedded) == []
    store = Asking(open_event_store(store_settings, tmp_path, dict))
    assert [e.frame for e in store.plates("ABC1D23", limit=100)][-1] == first.frame
    store.close()
    assert [day.rows for day in drop_due(database, WEEK, today)] == [1]


def test_nothing_is_dropped_that_cannot_be_reported_before(database: EventDatabase) -> None:
    fill(database, ten_days())
    today, rows = FIRST + timedelta(days=10), []

    def refused(_place: str, parts: Sequence[Disposed], _holds: Sequence[str]) -> AbstractContextManager[None]:
        rows.append(sum(one.number for one in parts))
        raise AuditUnavailable("audit", "takes no record")

    with pytest.raises(AuditUnavailable):
        drop_due(database, WEEK, today, disposing=refused)
    assert (rows, sum(day.rows for day in stored_days(database, WEEK, today) if day.due)) == ([6], 6)


def test_null_keeps_and_a_day_that_is_not_over_or_lies_in_the_future_stays(database: EventDatabase) -> None:
    fill(database, ten_days())
    for_ever = RetentionSettings(plate_reads=None)
    assert drop_due(database, for_ever, FIRST + timedelta(days=80)) == []
    day = RetentionSettings(plate_reads=1, health=1)
    assert drop_due(database, day, FIRST + timedelta(days=1)) == []
    assert drop_due(database, day, FIRST - timedelta(days=30)) == []
    assert len(stored_days(database, day, FIRST)) == 11


def test_a_keeper_drops_at_its_start_and_again_later(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    start_ms = weeks_ago()
    first = datetime.fromtimestamp(start_ms / 1000, UTC).date()
    fill(database, ten_days(start_ms))
    settings = RetentionSettings(plate_reads=15)
    keeper = RetentionScheduler(settings, store_settings, tmp_path, every_s=0.05)
    keeper.start(wait_s=20)
    left = [day.day for day in stored_days(database, settings) if day.table == "plate_reads"]
    assert left[-5:] == [first + timedelta(days=n) for n in range(5, 10)]
    assert first not in left
    fill(database, [plate_read(0, ts_ms=start_ms)])
    wait_until(lambda: first not in [day.day for day in stored_days(database, settings)])
    keeper.close()
    keeper.close()


def test_a_keeper_makes_no_store_and_survives_one_that_is_away(tmp_path: Path) -> None:
    keeper = RetentionScheduler(WEEK, ChdbSettings(), tmp_path, every_s=None)
    keeper.start(wait_s=10)
    keeper.close()
    assert not (tmp_path / "events").exists()
    (tmp_path / "events").write_text("not a folder")
    keeper = RetentionScheduler(WEEK, ChdbSettings(), tmp_path, every_s=0.01)
    keeper.start(wait_s=10)
    keeper.close()


def test_a_store_without_tables_is_none(store_settings: StoreSettings, tmp_path: Path) -> None:
    assert open_for_maintenance(store_settings, tmp_path) is None
    open_database(store_settings, tmp_path, create=True).close()
    assert open_for_maintenance(store_settings, tmp_path) is None


@pytest.mark.parametrize("days", [0, -1, 36_501, 1.5])
def test_senseless_days_are_refused(days: float) -> None:
    with pytest.raises(ValidationError):
        RetentionSettings.model_validate({"plate_reads": days})


def test_the_table_names_are_the_keys() -> None:
    assert {table.name for table in TABLES.values()} == set(RetentionSettings.model_fields) - {"groups"}
    assert [RetentionSettings().days(table) for table in TABLES.values()][:2] == [7, 7]


def jumping(tmp_path: Path, days: int) -> int:
    """The clock's time in so many days; it was trusted now."""
    now_ms = time.time_ns() // 1_000_000
    TrustedClock(trusted_clock_path(tmp_path)).confirm(now_ms)
    return now_ms + days * DAY_MS


def test_a_clock_that_has_jumped_drops_nothing_and_raises_an_alert(
    database: EventDatabase, store_settings: StoreSettings, tmp_path: Path
) -> None:
    fill(database, ten_days(time.time_ns() // 1_000_000 - 9 * DAY_MS))
    clock = TrustedClock(trusted_clock_path(tmp_path))
    jumped_ms = jumping(tmp_path, 30)
    dropped, held = drop_due_safely(database, WEEK, clock, jumped_ms)
    assert {day.rows for day in dropped} <= {2}, "what was due before the jump"
    assert held is not None
    assert held.figures()["rows"] == 17
    fill(database, [plate_read(90, ts_ms=jumped_ms)])
    again, still = drop_due_safely(database, WEEK, clock, jumped_ms + 3_600_000)
    assert still is not None
    assert {day.rows for day in again} <= {2}, "an hour later, which may be the next day, as at the first"
    store = Asking(open_event_store(store_settings, tmp_path, dict))
    (alert,) = store.events(Kind.ALERT)
    store.close()
    assert isinstance(alert, AlertEvent)
    assert (alert.rule, alert.severity.value) == ("disposal-held", "critical")
    assert alert.ts_ms <= time.time_ns() // 1_000_000, "not by the clock that is wrong"


def test_a_confirmed_clock_drops_what_is_due(database: EventDatabase, tmp_path: Path) -> None:
    fill(database, ten_days(time.time_ns() // 1_000_000 - 9 * DAY_MS))
    clock = TrustedClock(trusted_clock_path(tmp_path))
    jumped_ms = jumping(tmp_path, 30)
    drop_due_safely(database, WEEK, clock, jumped_ms)
    clock.confirm(jumped_ms)
    dropped, held = drop_due_safely(database, WEEK, clock, jumped_ms)
    assert held is None
    assert sum(day.rows for day in dropped) == 17, "and a state"


def test_without_a_trusted_time_the_newest_file_is_the_sign(database: EventDatabase, tmp_path: Path) -> None:
    fill(database, ten_days(time.time_ns() // 1_000_000 - 9 * DAY_MS))
    now_ms = time.time_ns() // 1_000_000
    for name, days in (("jumped", 30), ("right", 0)):
        (tmp_path / name).mkdir()
        clock = TrustedClock(trusted_clock_path(tmp_path / name))
        _, held = drop_due_safely(database, WEEK, clock, now_ms + days * DAY_MS)
        assert (held is not None) == (name == "jumped"), name


def test_a_second_run_logs_no_warning_before_the_error_that_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds: list[int] = []

    def busy(_: RetentionScheduler) -> None:
        rounds.append(len(rounds))
        raise StoreBusy("store", "process 7 owns this event store", "Wait until it ends")

    monkeypatch.setattr(RetentionScheduler, "round", busy)
    first = RetentionScheduler(WEEK, ChdbSettings(), tmp_path, every_s=None)
    with capture_logs() as logs:
        first.start(wait_s=5)
        first.close()
    assert [line["log_level"] for line in logs] == ["debug"]
    later = RetentionScheduler(WEEK, ChdbSettings(), tmp_path, every_s=0.01)
    with capture_logs() as logs:
        later.start(wait_s=5)
        while len(rounds) < 4:
            time.sleep(0.01)
        later.close()
    assert [line["log_level"] for line in logs[:2]] == ["debug", "warning"], "a store that stays busy is a warning"
