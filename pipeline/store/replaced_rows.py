"""Rows of a video's earlier analysis that its new analysis does not repeat, and their deletion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final

from pipeline.domain.events import Event, Kind
from pipeline.store.backends.database import EventDatabase, bind, literal
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.schema.tables import TABLES, ColumnType, Table

OF_ANALYSES: Final = tuple(TABLES[kind] for kind in (Kind.PLATE_READ, Kind.TRACK, Kind.COUNT))
"""Tables whose rows a video's analysis makes, again and again under the same ids."""
_BY_TYPE: Final = {table.event: table for table in OF_ANALYSES}
_ROUNDED: Final = frozenset({ColumnType.FLOAT32, ColumnType.NULLABLE_FLOAT32})
_ROWS_PER_STATEMENT: Final = 1500
"""Rows that one deletion names: some 130 of the 256 kilobytes that servers accept."""


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

    Deletions name rows by event ids and hashes: a database keeps their text, and they must not name a plate.

    Args:
        stored: the event store, which holds all rows of the new analysis, or will.
        rows: of the new analysis, complete.

    Raises:
        StoreError: a deletion failed, or took longer than it may.
    """
    deleted = 0
    for table in OF_ANALYSES:
        old = _old_rows(stored.database, table, rows)
        deleted += len(old)
        for start in range(0, len(old), _ROWS_PER_STATEMENT):
            group = old[start : start + _ROWS_PER_STATEMENT]
            ids = ", ".join(sorted({f"toUUID({literal(event_id)})" for event_id, _ in group}))
            hashes = ", ".join(sorted({literal(row_hash) for _, row_hash in group}))
            stored.delete(table, f"{_session(rows)} AND event_id IN ({ids}) AND {_hash(table)} IN ({hashes})")
    return deleted


def _old_rows(database: EventDatabase, table: Table, rows: AnalysisRows) -> list[tuple[str, str]]:
    """Event id and hash of the stored rows that the new analysis lacks."""
    columns = ", ".join(name for name in _exact(table) if name != "event_id")
    found = database.rows(
        f"SELECT toString(event_id) AS event_id, {columns}, {_hash(table)} AS row_hash "  # noqa: S608 - values are bound
        f"FROM {table.name} WHERE {_session(rows)}"
    )
    return [(row["event_id"], row["row_hash"]) for row in found if not rows.holds(table, row)]


def _session(rows: AnalysisRows) -> str:
    values: dict[str, object] = {"camera": rows.camera_id, "stream": rows.stream_id}
    return bind("camera_id = {camera} AND stream_id = {stream}", values)


def _hash(table: Table) -> str:
    """SQL expression of a row's hash."""
    return f"toString(cityHash64({', '.join(name for name in _exact(table) if name != 'event_id')}))"


def _exact(table: Table) -> list[str]:
    """The columns that hold what the event says, to the last digit, and not by which program."""
    return [name for name, kind in table.columns.items() if kind not in _ROUNDED and name != "schema_version"]


def _digest(table: Table, row: Mapping[str, Any]) -> bytes:
    values = "\x1f".join(str(row[name]) for name in _exact(table))
    return blake2b(f"{table.name}\x1f{values}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
