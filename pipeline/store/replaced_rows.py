"""Rows of a video's earlier analysis that its new analysis does not repeat, and their deletion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

from pipeline.domain.events import Event, Kind
from pipeline.errors import StoreError
from pipeline.store.backends.database import EventDatabase, bind, literal
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.schema.tables import TABLES, ColumnType, Table

OF_ANALYSES: Final = tuple(TABLES[kind] for kind in (Kind.PLATE_READ, Kind.TRACK, Kind.COUNT))
"""Tables whose rows a video's analysis makes, again and again under the same ids."""
_BY_TYPE: Final = {table.event: table for table in OF_ANALYSES}
_ROUNDED: Final = frozenset({ColumnType.FLOAT32, ColumnType.NULLABLE_FLOAT32})
_IDS_PER_STATEMENT: Final = 1500
"""Ids that one deletion names: some 100 of the 256 kilobytes that servers accept."""
_MOST_SALTS: Final = 64
"""Of 16 pairs of rows with one id, 15 differ in four bits; the others do with another salt."""


class AnalysisRows:
    """The rows that an analysis of a video makes, as digests: all columns but those that a table rounds.

    Args:
        camera_id, stream_id: the video's session.
    """

    def __init__(self, camera_id: str, stream_id: str) -> None:
        self.camera_id = camera_id
        self.stream_id = stream_id
        self._digests: set[bytes] = set()

    def add(self, events: Iterable[Event]) -> None:
        """Add the rows of events; those of other tables are no part of an analysis."""
        for event in events:
            table = _BY_TYPE.get(type(event))
            if table is not None:
                self._digests.add(_digest(table, {name: getattr(event, name) for name in _exact(table)}))

    def holds(self, table: Table, row: dict[str, Any]) -> bool:
        """Whether a stored row is one of them."""
        return _digest(table, row) in self._digests


def delete_replaced(stored: StoredEvents, rows: AnalysisRows) -> int:
    """Delete the rows of a session that its new analysis does not repeat; how many rows.

    A database keeps the text of its deletions, and they must not name a plate. They name event ids; where a row of the
    new analysis has the same id, four bits of a hash as well, which fit ten million plates.

    Args:
        stored: the event store, which holds all rows of the new analysis, or will.
        rows: of the new analysis, complete.

    Raises:
        StoreError: a deletion failed, or took longer than it may.
    """
    return sum(_delete_replaced(stored, table, rows) for table in OF_ANALYSES)


def _delete_replaced(stored: StoredEvents, table: Table, rows: AnalysisRows) -> int:
    old, current = _sorted_rows(stored.database, table, rows, salt=0)
    deleted = len(old)
    ids = sorted({row["event_id"] for row in old} - {row["event_id"] for row in current})
    for start in range(0, len(ids), _IDS_PER_STATEMENT):
        named = ", ".join(f"toUUID({literal(event_id)})" for event_id in ids[start : start + _IDS_PER_STATEMENT])
        stored.delete(table, f"{_session(rows)} AND event_id IN ({named})")
    for salt in range(_MOST_SALTS):
        old, current = _sorted_rows(stored.database, table, rows, salt)
        if not old:
            return deleted
        taken = {(row["event_id"], row["bits"]) for row in current}
        distinct = sorted({(row["event_id"], row["bits"]) for row in old} - taken)
        for start in range(0, len(distinct), _IDS_PER_STATEMENT):
            group = distinct[start : start + _IDS_PER_STATEMENT]
            pairs = ", ".join(f"(toUUID({literal(event_id)}), {literal(bits)})" for event_id, bits in group)
            stored.delete(table, f"{_session(rows)} AND (event_id, {_bits(table, salt)}) IN ({pairs})")
    raise StoreError(stored.database.target, "rows of an earlier analysis cannot be distinguished", "Report this bug")


def _sorted_rows(
    database: EventDatabase, table: Table, rows: AnalysisRows, salt: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The stored rows that the new analysis lacks, and those that it makes, each with its `bits`."""
    columns = ", ".join(name for name in _exact(table) if name != "event_id")
    found = database.rows(
        f"SELECT toString(event_id) AS event_id, {columns}, {_bits(table, salt)} AS bits "  # noqa: S608 - values are bound
        f"FROM {table.name} WHERE {_session(rows)}"
    )
    current = [row for row in found if rows.holds(table, row)]
    return [row for row in found if not rows.holds(table, row)], current


def _session(rows: AnalysisRows) -> str:
    values: dict[str, object] = {"camera": rows.camera_id, "stream": rows.stream_id}
    return bind("camera_id = {camera} AND stream_id = {stream}", values)


def _bits(table: Table, salt: int) -> str:
    """SQL expression of four bits of a row's hash, as text."""
    columns = ", ".join(name for name in _exact(table) if name != "event_id")
    return f"toString(cityHash64({salt:d}, {columns}) % 16)"


def _exact(table: Table) -> list[str]:
    """The columns that hold what the event says, to the last digit, and not by which program."""
    return [name for name, kind in table.columns.items() if kind not in _ROUNDED and name != "schema_version"]


def _digest(table: Table, row: Mapping[str, Any]) -> bytes:
    values = "\x1f".join(str(row[name]) for name in _exact(table))
    return blake2b(f"{table.name}\x1f{values}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
