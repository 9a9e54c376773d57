"""Tables of the event store: which column holds which field, and events as columns.

The columns follow from the events' fields. `migrations` creates the tables; a test compares the two.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final, get_args, get_origin

import msgspec
from msgspec.structs import astuple

from pipeline.domain.event_kinds import SPECS
from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import Event, Kind
from pipeline.domain.times import DAY_MS

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
    """The table of one kind of event.

    Attributes:
        name: of the table; kind, event: what it holds.
        columns: in the order of the table; each has the name of the event's field.
    """

    name: str
    kind: Kind
    event: type[Event]
    columns: dict[str, ColumnType]

    def values(self, events: Sequence[Event]) -> dict[str, tuple[Any, ...]]:
        """The events as columns.

        Raises:
            EventRefused: a time outside 1970 to 2106, or a number that is not finite.
        """
        by_field = dict(zip(self.event.__struct_fields__, zip(*map(astuple, events), strict=True), strict=True))
        columns = {name: by_field[name] for name in self.columns}
        times = columns["ts_ms"]
        if min(times) < 0 or max(times) >= _END_MS:
            raise EventRefused(self.name, "ts_ms is outside the years 1970 to 2106")
        for name, kind in self.columns.items():
            if kind is ColumnType.FLOAT32:
                _check_floats(self.name, name, columns[name])
            elif kind is ColumnType.NULLABLE_FLOAT32:
                _check_floats(self.name, name, [value for value in columns[name] if value is not None])
        return columns


def _check_floats(table: str, name: str, values: Sequence[float]) -> None:
    """A larger number would be stored as infinite, and JSON has none for a NaN.

    Raises:
        EventRefused: naming the column.
    """
    if values and not (math.isfinite(sum(values)) and min(values) >= -_FLOAT32 and max(values) <= _FLOAT32):
        raise EventRefused(table, f"{name} is no number of 32 bits")


def _columns(event_type: type[Event]) -> dict[str, ColumnType]:
    return {field.name: _column_type(field.type) for field in msgspec.structs.fields(event_type)}


def _column_type(declared: Any) -> ColumnType:
    """The column of a field, by its declared type."""
    if get_origin(declared) is Annotated:
        (meta,) = get_args(declared)[1:]
        return ColumnType(meta.extra["column"])
    if isinstance(declared, type) and issubclass(declared, str):
        return ColumnType.STRING
    return _PLAIN[declared]


_PLAIN: Final[dict[Any, ColumnType]] = {
    uuid.UUID: ColumnType.UUID,
    int: ColumnType.INT64,
    float: ColumnType.FLOAT32,
    float | None: ColumnType.NULLABLE_FLOAT32,
}

TABLES: Final[dict[Kind, Table]] = {
    kind: Table(spec.table, kind, spec.event_type, _columns(spec.event_type)) for kind, spec in SPECS.items()
}
PLATE_READS: Final = TABLES[Kind.PLATE_READ]
TRACKS: Final = TABLES[Kind.TRACK]
COUNTS: Final = TABLES[Kind.COUNT]
LINE_COUNTS: Final = TABLES[Kind.LINE_COUNT]
ZONE_STATES: Final = TABLES[Kind.ZONE_STATE]
OF_MINUTES: Final = (COUNTS, LINE_COUNTS, ZONE_STATES)
"""Tables whose rows are about the minute that begins at their time."""
ALERTS: Final = TABLES[Kind.ALERT]
HEALTH: Final = TABLES[Kind.HEALTH]


def by_days(events: Sequence[Event], most_days: int) -> list[Sequence[Event]]:
    """The events in groups of at most `most_days` different days each (a group's days are close together).

    Each day is one or several partitions, and servers limit the partitions per insert (100 by default).
    """
    days = {event.ts_ms // DAY_MS for event in events}
    if len(days) <= most_days:
        return [events]
    rank = {day: index // most_days for index, day in enumerate(sorted(days))}
    groups: list[list[Event]] = [[] for _ in range(max(rank.values()) + 1)]
    for event in events:
        groups[rank[event.ts_ms // DAY_MS]].append(event)
    return list(groups)
