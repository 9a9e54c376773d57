"""Retention in the event store: whole days are dropped from the tables when their time is over."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import structlog

from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Kind, Severity, event_id
from pipeline.domain.times import format_utc
from pipeline.errors import StoreBusy, ViapublicaError
from pipeline.policy.retention import due_days
from pipeline.storage.trusted_clock import TrustedClock, TrustedTime
from pipeline.store.backends.database import EventDatabase, bind, literal, migrate, stored_version
from pipeline.store.backends.open_database import chdb_folder, open_database
from pipeline.store.damaged_parts import DamagedPart, damaged_parts, drop_parts, note_damage
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.schema.tables import ALERTS, TABLES, Table
from pipeline.store.settings import ChdbSettings, StoreSettings
from pipeline.store.tombstones import Tombstones

_log = structlog.get_logger(__name__)

RETENTION_EVERY_S: Final = 3600.0
"""Seconds between two rounds of a `RetentionScheduler`."""
_PARTS: Final = (
    "SELECT splitByChar('_', name)[1] AS partition_id, toInt64(sum(rows)) AS rows, "
    "toInt64(sum(bytes_on_disk)) AS size FROM system.parts "
    "WHERE active AND database = currentDatabase() AND table = {table} GROUP BY partition_id"
)
"""A part's name begins with the id of its partition: the day, and where a day has several, ``-`` and a number."""
_NEWEST: Final = (
    "SELECT toInt64(count()) AS parts, toInt64(toUInt32(max(modification_time))) AS s FROM system.parts "
    "WHERE active AND database = currentDatabase()"
)
_PARTITION = re.compile(r"[0-9]{8}(-[0-9]+)?")


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One day of one table.

    Attributes:
        table: its name; day: in UTC.
        rows: as stored, so an event that was delivered twice may count twice; size: bytes on the disk.
        due: its time is over.
        partitions: ids of the partitions that hold it.
        damaged: its parts that the database has set aside; their rows are not counted.
    """

    table: str
    day: date
    rows: int
    size: int
    due: bool
    partitions: tuple[str, ...] = ()
    damaged: tuple[DamagedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldDisposal:
    """Days that the clock says are due, while the clock is not trusted.

    Attributes:
        now_ms: what the clock says; trusted: the time that is trusted.
        days: due by the clock, and not dropped.
    """

    now_ms: int
    trusted: TrustedTime
    days: tuple[StoredDay, ...]

    fix: ClassVar[str] = "Set the clock; or, if it is right, `viapublica store retention apply --trust-clock`"

    def figures(self) -> dict[str, object]:
        """For logs and output: what would be dropped, and the two times."""
        return {
            "days": len({day.day for day in self.days}),
            "rows": sum(day.rows for day in self.days),
            "clock": format_utc(self.now_ms),
            "trusted": format_utc(self.trusted.at_ms),
        }

    def alert(self) -> AlertEvent:
        """The alert, the same for the whole time that this jump is held."""
        since_ms = self.trusted.held_since_ms or self.now_ms
        rule = AlertRule.DISPOSAL_HELD.value
        before_ms = self.trusted.at_ms - max(0, self.now_ms - since_ms)  # not by the clock, which may be wrong
        return AlertEvent(
            event_id=event_id(ENGINE_ID, "", Kind.ALERT, rule, since_ms),
            camera_id=ENGINE_ID,
            ts_ms=before_ms,
            rule=rule,
            severity=Severity.CRITICAL,
            detail="the clock has jumped, so data that is due by it is not dropped",
        )


def stored_days(database: EventDatabase, settings: RetentionSettings, today: date | None = None) -> list[StoredDay]:
    """Every day of every table, by table and day.

    Args:
        database: with our tables.
        settings: days to keep.
        today: the day it is now, in UTC; by default what the clock says.

    Raises:
        DatabaseError: the database failed.
    """
    today = today or datetime.now(UTC).date()
    found: list[StoredDay] = []
    damaged = damaged_parts(database)
    for table in TABLES.values():
        rows = database.rows(bind(_PARTS, {"table": table.name}))
        days = _days(table, rows, [part for part in damaged if part.table == table.name])
        due = set(due_days([day.day for day in days], today, settings.days(table)))
        found += [replace(day, due=day.day in due) for day in sorted(days, key=lambda day: day.day)]
    return found


def drop_due(database: EventDatabase, settings: RetentionSettings, today: date | None = None) -> list[StoredDay]:
    """Drop every day whose time is over; what was dropped.

    A day is a partition or some, so this deletes files and reads nothing. It may be stopped anywhere and run again.

    Raises:
        DatabaseError: the database failed.
    """
    due = [day for day in stored_days(database, settings, today) if day.due]
    for day in due:
        for partition in day.partitions:
            # Digits, see `_PARTITION`: no value from outside is in the statement.
            database.command(f"ALTER TABLE {day.table} DROP PARTITION ID '{partition}'")
        drop_parts(database, day.damaged)
    return due


def trusted_today(
    database: EventDatabase, settings: RetentionSettings, clock: TrustedClock, now_ms: int | None = None
) -> TrustedTime:
    """The time by which `drop_due` may go: see `TrustedClock.check`.

    Raises:
        DatabaseError: the database failed.
    """
    return clock.check(*_signs(database, settings, now_ms))


def drop_due_safely(
    database: EventDatabase, settings: RetentionSettings, clock: TrustedClock, now_ms: int | None = None
) -> tuple[list[StoredDay], HeldDisposal | None]:
    """Drop what is due by the trusted time; what was dropped, and what a jump of the clock keeps from being dropped.

    The latter is logged, and is an alert in the event store, once for each jump.

    Raises:
        DatabaseError: the database failed.
        OSError: the trusted time cannot be stored; nothing was dropped.
    """
    now_ms, last_written_ms, deletes_more = _signs(database, settings, now_ms)
    trusted = clock.advance(now_ms, last_written_ms, deletes_more)
    dropped = drop_due(database, settings, _date(trusted.at_ms))
    if trusted.held_since_ms is None:
        return dropped, None
    held = HeldDisposal(
        now_ms, trusted, tuple(day for day in stored_days(database, settings, _date(now_ms)) if day.due)
    )
    _log.error("disposal_held", store=database.target, **held.figures(), fix=held.fix)
    database.insert(ALERTS, [held.alert()])
    return dropped, held


def _signs(
    database: EventDatabase, settings: RetentionSettings, now_ms: int | None
) -> tuple[int, int | None, Callable[[int], bool]]:
    """The clock's time, that of the newest file of the tables, and whether the clock deletes more than another time."""
    now_ms = _now_ms() if now_ms is None else now_ms
    tables = ", ".join(literal(table.name) for table in TABLES.values())
    newest = database.rows(f"{_NEWEST} AND table IN ({tables})")[0]

    def due(at_ms: int) -> int:
        return sum(day.due for day in stored_days(database, settings, _date(at_ms)))

    def deletes_more(at_ms: int) -> bool:
        return due(now_ms) > due(at_ms)

    return now_ms, int(newest["s"]) * 1000 if newest["parts"] else None, deletes_more


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _date(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def _days(table: Table, rows: Sequence[Mapping[str, Any]], damaged: Sequence[DamagedPart]) -> list[StoredDay]:
    found: dict[date, StoredDay] = {}
    for row in rows:
        partition = str(row["partition_id"])
        try:
            day = datetime.strptime(partition[:8], "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if not _PARTITION.fullmatch(partition):
            continue
        one = found.get(day, StoredDay(table.name, day, 0, 0, due=False))
        found[day] = replace(
            one,
            rows=one.rows + int(row["rows"]),
            size=one.size + int(row["size"]),
            partitions=(*one.partitions, partition),
        )
    for part in damaged:
        if part.day is not None:
            one = found.get(part.day, StoredDay(table.name, part.day, 0, 0, due=False))
            found[part.day] = replace(one, size=one.size + part.size, damaged=(*one.damaged, part))
    return list(found.values())


def trusted_clock_path(data_dir: Path) -> Path:
    """The file with the trusted time of a data folder's disposals."""
    return data_dir / "retention.json"


class RetentionScheduler:
    """Drops what is due from a store: once soon after `start`, then every hour, in a thread of its own, until `close`.

    An error is logged and tried again the next hour; it stops nothing else.

    Args:
        settings: days to keep.
        store, data_dir: which event store; an embedded one must belong to this process or to none.
        every_s: seconds between two rounds; None for the first round only.
    """

    def __init__(
        self,
        settings: RetentionSettings,
        store: StoreSettings,
        data_dir: Path,
        every_s: float | None = RETENTION_EVERY_S,
    ) -> None:
        self._settings = settings
        self._store = store
        self._data_dir = data_dir
        self._every_s = every_s
        self._stop = threading.Event()
        self._first_round = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention", daemon=True)

    def start(self, wait_s: float = 0.0) -> None:
        """Begin.

        Args:
            wait_s: seconds to wait for the end of the first round. The process that fills an embedded store waits, so
                that a video's events, which bear the video's time, are not dropped while they are being written.
        """
        self._thread.start()
        self._first_round.wait(wait_s)

    def close(self) -> None:
        """Stop; may be called twice. A round that has begun gets two seconds to end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def round(self) -> list[StoredDay]:
        """Drop what is due now; what was dropped.

        Raises:
            StoreError: the store cannot be opened, or failed.
        """
        database = open_for_maintenance(self._store, self._data_dir)
        if database is None:
            TrustedClock(trusted_clock_path(self._data_dir)).advance(_now_ms(), None, lambda _: False)
            return []
        try:
            began = time.monotonic()
            clock = TrustedClock(trusted_clock_path(self._data_dir))
            dropped, held = drop_due_safely(database, self._settings, clock)
        finally:
            database.close()
        if held is None:
            Tombstones(self._data_dir).remove_expired(_now_ms())
        for day in dropped:
            _log.info("retention_dropped", table=day.table, day=day.day.isoformat(), rows=day.rows, bytes=day.size)
        if dropped:
            _log.info("retention_done", days=len(dropped), seconds=round(time.monotonic() - began, 3))
        return dropped

    def _run(self) -> None:
        while True:
            try:
                self.round()
            except StoreBusy as error:
                # A second run ends for the same reason, and states it with a fix.
                log = _log.warning if self._first_round.is_set() else _log.debug
                log("retention_failed", error=str(error), next_try_s=self._every_s)
            except ViapublicaError as error:
                _log.warning("retention_failed", error=str(error), next_try_s=self._every_s)
            except Exception:  # noqa: BLE001 - a bug here must not end the retention that the law requires
                _log.exception("retention_bug")
            self._first_round.set()
            if self._every_s is None or self._stop.wait(self._every_s):
                return


def open_for_maintenance(settings: StoreSettings, data_dir: Path) -> EventDatabase | None:
    """The event store with its tables up to date, for retention or erasure; None when there is none yet.

    Raises:
        StoreBusy: another process owns the embedded store.
        StoreError: it cannot be opened, or a newer program wrote it.
    """
    if isinstance(settings, ChdbSettings) and not chdb_folder(settings, data_dir).is_dir():
        return None
    database = open_database(settings, data_dir, create=False, restored=True)
    try:
        if stored_version(database) > 0:
            migrate(database)
            note_damage(database)
            return database
    except BaseException:
        database.close()
        raise
    database.close()
    return None
