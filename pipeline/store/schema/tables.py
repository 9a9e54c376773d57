"""The tables as the program sees them: which column holds which field, and events as columns.

`migrations` makes the tables; a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from msgspec.structs import astuple

from pipeline.domain.events import AlertEvent, CountEvent, Event, HealthEvent, Kind, PlateReadEvent, TrackEvent
from pipeline.sink.writer import Refused

_DAY_MS: Final = 86_400_000
_FLOAT32: Final = (2 - 2**-23) * 2.0**127
_END_MS: Final = 2**32 * 1000  # DateTime is an unsigned 32-bit count of seconds: 1970 to 2106


class ColumnType(Enum):
    """Types of columns that ClickHouse 18.16 and the newest share."""

    UUID = "UUID"
    STRING = "String"
    INT64 = "Int64"
    UINT16 = "UInt16"
    UINT32 = "UInt32"
    FLOAT32 = "Float32"
    NULLABLE_FLOAT32 = "Nullable(Float32)"


@dataclass(frozen=True, slots=True)
class Table:
    """Where one kind of event lies.

    Attributes:
        name: of the table; kind, event: what it holds.
        columns: in the order of the table; each has the name of the event's field.
    """

    name: str
    kind: Kind
    event: type[PlateReadEvent | TrackEvent | CountEvent | AlertEvent | HealthEvent]
    columns: dict[str, ColumnType]

    def values(self, events: Sequence[Event]) -> dict[str, tuple[Any, ...]]:
        """The events as columns.

        Raises:
            Refused: a time outside 1970 to 2106, or a number that is not finite.
        """
        by_field = dict(zip(self.event.__struct_fields__, zip(*map(astuple, events), strict=True), strict=True))
        columns = {name: by_field[name] for name in self.columns}
        times = columns["ts_ms"]
        if min(times) < 0 or max(times) >= _END_MS:
            raise Refused(self.name, "ts_ms lies outside the years 1970 to 2106")
        for name, kind in self.columns.items():
            if kind is ColumnType.FLOAT32:
                _check_floats(self.name, name, columns[name])
            elif kind is ColumnType.NULLABLE_FLOAT32:
                _check_floats(self.name, name, [value for value in columns[name] if value is not None])
        return columns


def _check_floats(table: str, name: str, values: Sequence[float]) -> None:
    """A larger number would be stored as infinite, and one that is none cannot be told in JSON.

    Raises:
        Refused: naming the column.
    """
    if values and not (math.isfinite(sum(values)) and min(values) >= -_FLOAT32 and max(values) <= _FLOAT32):
        raise Refused(table, f"{name} is no number of 32 bits")


_COMMON: Final = {
    "event_id": ColumnType.UUID,
    "camera_id": ColumnType.STRING,
    "ts_ms": ColumnType.INT64,
    "schema_version": ColumnType.UINT16,
}

PLATE_READS: Final = Table(
    "plate_reads",
    Kind.PLATE_READ,
    PlateReadEvent,
    _COMMON
    | {
        "plate": ColumnType.STRING,
        "plate_key": ColumnType.STRING,
        "layout": ColumnType.STRING,
        "confidence": ColumnType.FLOAT32,
        "votes": ColumnType.UINT32,
        "vehicle": ColumnType.STRING,
        "stream_id": ColumnType.STRING,
        "track_id": ColumnType.INT64,
        "first_ts_ms": ColumnType.INT64,
        "x1": ColumnType.FLOAT32,
        "y1": ColumnType.FLOAT32,
        "x2": ColumnType.FLOAT32,
        "y2": ColumnType.FLOAT32,
        "frame": ColumnType.INT64,
    },
)
TRACKS: Final = Table(
    "tracks",
    Kind.TRACK,
    TrackEvent,
    _COMMON
    | {
        "label": ColumnType.STRING,
        "stream_id": ColumnType.STRING,
        "track_id": ColumnType.INT64,
        "first_ts_ms": ColumnType.INT64,
        "frames": ColumnType.UINT32,
        "path_px": ColumnType.FLOAT32,
        "speed_px_s": ColumnType.FLOAT32,
        "speed_m_s": ColumnType.NULLABLE_FLOAT32,
    },
)
COUNTS: Final = Table(
    "counts",
    Kind.COUNT,
    CountEvent,
    _COMMON | {"label": ColumnType.STRING, "count": ColumnType.UINT32, "stream_id": ColumnType.STRING},
)
ALERTS: Final = Table(
    "alerts",
    Kind.ALERT,
    AlertEvent,
    _COMMON | dict.fromkeys(("rule", "severity", "subject", "detail", "stream_id"), ColumnType.STRING),
)
HEALTH: Final = Table(
    "health",
    Kind.HEALTH,
    HealthEvent,
    _COMMON | {"state": ColumnType.STRING, "detail": ColumnType.STRING, "stream_id": ColumnType.STRING},
)

TABLES: Final[dict[Kind, Table]] = {table.kind: table for table in (PLATE_READS, TRACKS, COUNTS, ALERTS, HEALTH)}


def by_days(events: Sequence[Event], most_days: int) -> list[Sequence[Event]]:
    """The events in groups of at most `most_days` different days each (a group's days lie close together).

    Each day is a partition or some, and servers take only some partitions per insert (100 by default).
    """
    days = {event.ts_ms // _DAY_MS for event in events}
    if len(days) <= most_days:
        return [events]
    rank = {day: index // most_days for index, day in enumerate(sorted(days))}
    groups: list[list[Event]] = [[] for _ in range(max(rank.values()) + 1)]
    for event in events:
        groups[rank[event.ts_ms // _DAY_MS]].append(event)
    return list(groups)
