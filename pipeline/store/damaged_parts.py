"""Damaged parts: files of rows that a database has set aside (detached), outside its tables and still on the disk.

A torn disk or a power cut damages a part; the next start of the engine moves it into the folder `detached` and goes on
without its rows. They are missing from answers, no statement reaches them, and they hold data that is due.
"""

from __future__ import annotations

import time
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import structlog

from pipeline.domain.event_identity import UNIDENTIFIED, identified, sequence_of
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Severity
from pipeline.domain.times import DAY_MS
from pipeline.store.backends.database import UNKNOWN_TABLE, DatabaseError, EventDatabase, bind, literal
from pipeline.store.erasure_selection import Selection
from pipeline.store.schema.tables import ALERTS, OF_MINUTES, TABLES

_log = structlog.get_logger(__name__)

DAMAGE_RULE: Final = AlertRule.STORED_DATA_LOST.value
"""Rule of the alerts about damaged parts; answers read them again, see `pipeline.store.answers.coverage`."""
PARTS_QUERY: Final = (
    "SELECT table, name, toString(ifNull(partition_id, '')) AS partition_id, toInt64(bytes_on_disk) AS size, "
    "toString(ifNull(reason, '')) AS reason FROM system.detached_parts WHERE database = currentDatabase()"
)
CANNOT_LIST: Final = frozenset({UNKNOWN_TABLE, 497})
"""Error codes: ClickHouse 18.16 has no list of damaged parts, and this login may not read it."""
_NO_LOSS: Final = ("-by-broken", "clone")
"""Ends of the reasons for which a part is set aside while its rows are in the table."""


@dataclass(frozen=True, slots=True)
class DamagedPart:
    """A part that was set aside.

    Attributes:
        table: it belonged to; name: of its folder.
        day: of its rows, in UTC; None where its name does not say.
        size: bytes; reason: as the database names it.
    """

    table: str
    name: str
    day: date | None
    size: int
    reason: str

    @property
    def lost_rows(self) -> bool:
        """Whether rows are missing from the table because of it."""
        return not self.reason.endswith(_NO_LOSS)

    def overlaps(self, start_ms: int | None, end_ms: int | None) -> bool:
        """Whether it may hold rows of a time range; a track or read may have begun the day before it ended."""
        if self.day is None:
            return True
        begin_ms = round(datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC).timestamp() * 1000)
        return (start_ms is None or begin_ms + DAY_MS > start_ms) and (end_ms is None or begin_ms - DAY_MS < end_ms)


def can_list(database: EventDatabase) -> bool:
    """Whether the database can name damaged parts to this login; ClickHouse 18.16 cannot.

    Raises:
        DatabaseError: the database failed.
    """
    try:
        database.rows(f"{PARTS_QUERY} LIMIT 0")
    except DatabaseError as error:
        if error.code in CANNOT_LIST:
            return False
        raise
    return True


def damaged_parts(database: EventDatabase) -> list[DamagedPart]:
    """The damaged parts of our tables, by table and name; none where the database cannot name them.

    Raises:
        DatabaseError: the database failed.
    """
    if not can_list(database):
        return []
    ours = {table.name for table in TABLES.values()}
    found = [
        DamagedPart(row["table"], row["name"], day_of_partition(row["partition_id"]), int(row["size"]), row["reason"])
        for row in database.rows(PARTS_QUERY)
        if row["table"] in ours
    ]
    return sorted(found, key=lambda part: (part.table, part.name))


def note_damage(database: EventDatabase) -> list[DamagedPart]:
    """The damaged parts; each is logged, and is an alert in the event store, once however often this is called.

    Raises:
        DatabaseError: the database failed.
    """
    found = damaged_parts(database)
    alerts = []
    for part in found:
        if not part.lost_rows:
            continue
        _log.error("stored_data_lost", store=database.target, table=part.table, part=part.name, reason=part.reason)
        alerts.append(_alert(part, _noticed_ms(database, part)))
    if alerts:
        database.insert(ALERTS, alerts)
    return found


def to_erase(parts: Sequence[DamagedPart], selection: Selection) -> list[DamagedPart]:
    """Those that may hold what is selected, and nothing that a hold preserves: they go as a whole."""
    return [
        part
        for part in parts
        if part.overlaps(selection.start_ms, selection.end_ms)
        and not (selection.key and part.table in {table.name for table in OF_MINUTES})
        and not any(part.overlaps(hold.begin_ms, hold.end_ms) for hold in selection.held)
    ]


def drop_parts(database: EventDatabase, parts: Sequence[DamagedPart]) -> None:
    """Delete damaged parts from the disk.

    Raises:
        DatabaseError: the database failed.
    """
    for part in parts:
        database.command(
            f"ALTER TABLE {part.table} DROP DETACHED PART {literal(part.name)} SETTINGS allow_drop_detached = 1"
        )
        _log.info("damaged_part_dropped", store=database.target, table=part.table, part=part.name)


def _alert(part: DamagedPart, noticed_ms: int) -> AlertEvent:
    of_day = "" if part.day is None else f" of {part.day.isoformat()}"
    return identified(
        AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=ENGINE_ID,
            ts_ms=noticed_ms,
            rule=DAMAGE_RULE,
            severity=Severity.CRITICAL,
            subject=part.table,
            detail=f"part of the data{of_day} was lost: {part.reason or 'set aside'}",
        ),
        zlib.crc32(part.name.encode()),  # two parts of one day may be lost
    )


def _noticed_ms(database: EventDatabase, part: DamagedPart) -> int:
    """When it was first noticed: an alert that is written again stays the same."""
    now_ms = time.time_ns() // 1_000_000
    number = sequence_of(_alert(part, now_ms).event_id)
    rows = database.rows(
        f"SELECT toString(event_id) AS id, toInt64(ts_ms) AS ts_ms FROM {ALERTS.name} WHERE "  # noqa: S608 - bound
        + bind("rule = {rule} AND subject = {table}", {"rule": DAMAGE_RULE, "table": part.table})
    )
    noticed = (int(row["ts_ms"]) for row in rows if sequence_of(uuid.UUID(row["id"])) == number)
    return min(noticed, default=now_ms)


def day_of_partition(partition_id: str) -> date | None:
    """The day of a partition's rows, from its id; None where there is none."""
    try:
        return datetime.strptime(partition_id[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
