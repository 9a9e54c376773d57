"""Retention in the event store: whole days are dropped from the tables when their time is over."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import structlog

from pipeline.domain.disposal import Disposed, Disposing, no_report
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Severity
from pipeline.domain.hold import Hold
from pipeline.domain.times import DAY_MS, format_utc
from pipeline.policy.retention import due_days
from pipeline.storage.trusted_clock import TrustedClock, TrustedTime
from pipeline.store.backends.database import EventDatabase, bind, literal, migrate, stored_version
from pipeline.store.backends.open_database import chdb_folder, open_database
from pipeline.store.damaged_parts import DamagedPart, damaged_parts, drop_parts, note_damage
from pipeline.store.erasure_selection import held_rows
from pipeline.store.retention_settings import RetentionSettings
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.schema.tables import ALERTS, TABLES, Table
from pipeline.store.settings import ChdbSettings, StoreSettings
from pipeline.store.spared_rows import longer_rows, shorter_rows, spared_rows

_log = structlog.get_logger(__name__)

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
HoldsAt = Callable[[int], Sequence[Hold]]
"""Finds the holds in force at a time, milliseconds since 1970 UTC."""
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
        held: rows that holds preserve beyond their time.
    """

    table: str
    day: date
    rows: int
    size: int
    due: bool
    partitions: tuple[str, ...] = ()
    damaged: tuple[DamagedPart, ...] = ()
    held: int = 0

    def disposed(self) -> Disposed:
        """As the log of disposals states it."""
        begin_ms = self.span_ms()[0] + DAY_MS
        return Disposed("events", self.table, begin_ms, begin_ms + DAY_MS, self.rows, self.size, self.held)

    def span_ms(self) -> tuple[int, int]:
        """Milliseconds since 1970 UTC of its begin and end; what ended in it may have begun a day before."""
        begin_ms = round(datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC).timestamp() * 1000)
        return begin_ms - DAY_MS, begin_ms + DAY_MS


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

    fix: ClassVar[str] = "Set the clock; or, if it is right, `viapublica retention run --trust-clock`"

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
        before_ms = self.trusted.at_ms - max(0, self.now_ms - since_ms)  # not by the clock, which may be wrong
        return identified(
            AlertEvent(
                event_id=UNIDENTIFIED,
                camera_id=ENGINE_ID,
                ts_ms=before_ms,
                rule=AlertRule.DISPOSAL_HELD.value,
                severity=Severity.CRITICAL,
                detail="the clock has jumped, so data that is due by it is not dropped",
            ),
            since_ms // 1000,
        )


def no_holds(_at_ms: int) -> Sequence[Hold]:
    """None."""
    return ()


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


def drop_due(
    database: EventDatabase,
    settings: RetentionSettings,
    today: date | None = None,
    holds: Sequence[Hold] = (),
    *,
    embedded: bool = False,
    disposing: Disposing = no_report,
) -> list[StoredDay]:
    """Drop every day whose time is over, but for what holds preserve; what was dropped.

    A day is a partition or some, so this deletes files and reads nothing; of a day with held rows the others are
    deleted one by one. It may be stopped anywhere and run again.

    Args:
        database, settings, today: see `stored_days`.
        holds: in force.
        embedded: the database is this process's own, see `StoredEvents`.
        disposing: reports what is dropped, before it is.

    Raises:
        StoreError: the database failed, or a deletion took too long.
        AuditUnavailable: it cannot be reported, so nothing is dropped.
    """
    today = today or datetime.now(UTC).date()
    stored, dropped, whole = StoredEvents(database, embedded=embedded), [], []
    deletions: list[tuple[Table, str]] = []
    for day in stored_days(database, settings, today):
        over = _over_in_part(stored, day, settings, (today - day.day).days, holds)
        if over is not None:
            dropped.append(over[0])
            deletions += over[1]
        elif day.due:
            whole.append(day)
            dropped.append(day)
    with _reported(database.target, dropped, holds, disposing):
        for day in whole:
            for partition in day.partitions:
                # Digits, see `_PARTITION`: no value from outside is in the statement.
                database.command(f"ALTER TABLE {day.table} DROP PARTITION ID '{partition}'")
            drop_parts(database, day.damaged)
        stored.dispose(deletions)
    return [day for day in dropped if day.rows or (day.due and not day.held)]


def _reported(
    place: str, days: Sequence[StoredDay], holds: Sequence[Hold], disposing: Disposing
) -> AbstractContextManager[object]:
    """Reports days before they are dropped; those without rows need no report."""
    parts = [day.disposed() for day in days if day.rows]
    if not parts:
        return nullcontext()
    spans = [day.span_ms() for day in days if day.rows and day.held]
    against = [one.hold_id for one in holds if any(one.overlaps(one.camera_id, *span) for span in spans)]
    return disposing(place, parts, against)


def _over_in_part(
    stored: StoredEvents, day: StoredDay, settings: RetentionSettings, age_days: int, holds: Sequence[Hold]
) -> tuple[StoredDay, list[tuple[Table, str]]] | None:
    """A day some of whose rows are over, and the condition of those; None where its rows all go or all stay.

    Damaged parts of a day that is not dropped stay: no statement can search them.
    """
    table = next(one for one in TABLES.values() if one.name == day.table)
    near = [hold for hold in holds if hold.overlaps(hold.camera_id, *day.span_ms())]
    longer = longer_rows(table, settings.groups, age_days) if day.due else ""
    shorter = "" if day.due else shorter_rows(table, settings.groups, age_days)
    spared = spared_rows(table, near, longer)
    if not (shorter or (day.due and spared)):
        return None
    whole, held = f"toYYYYMMDD(ts) = {day.day:%Y%m%d}", held_rows(table, near)
    if day.due and not stored.rows(table, _all_of(whole, f"({spared})")):
        return None
    due = _all_of(whole, f"({shorter})") if shorter else whole
    over = _all_of(due, f"NOT ({spared})") if spared else due
    rows = stored.rows(table, over)
    preserved = stored.rows(table, _all_of(due, f"({held})")) if held else 0
    part = replace(day, rows=rows, size=0, damaged=(), held=preserved, due=day.due and not longer)
    return part, [(table, over)] if rows else []


def _all_of(*conditions: str) -> str:
    return " AND ".join(conditions)


def drop_due_safely(
    database: EventDatabase,
    settings: RetentionSettings,
    clock: TrustedClock,
    now_ms: int | None = None,
    *,
    holds: HoldsAt = no_holds,
    embedded: bool = False,
    disposing: Disposing = no_report,
) -> tuple[list[StoredDay], HeldDisposal | None]:
    """Drop what is due by the trusted time; what was dropped, and what a jump of the clock keeps from being dropped.

    The latter is logged, and is an alert in the event store, once for each jump.

    Args:
        database, settings, embedded, disposing: see `drop_due`.
        clock: the trusted one; now_ms: what the machine's says; None to ask it.
        holds: finds those in force at a time.

    Raises:
        RecordError: the holds cannot be read, so nothing is dropped.
        DatabaseError: the database failed.
        OSError: the trusted time cannot be stored; nothing was dropped.
    """
    now_ms, last_written_ms, deletes_more = _signs(database, settings, now_ms)
    trusted = clock.advance(now_ms, last_written_ms, deletes_more)
    in_force = holds(trusted.at_ms)
    dropped = drop_due(database, settings, _date(trusted.at_ms), in_force, embedded=embedded, disposing=disposing)
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
