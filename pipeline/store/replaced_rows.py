"""Rows of a video's earlier analysis that its new analysis does not repeat, and their deletion."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

from pipeline.domain.events import Event, Kind
from pipeline.store.backends.database import bind, literal
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.schema.tables import TABLES, Table

OF_ANALYSES: Final = tuple(
    TABLES[kind] for kind in (Kind.PLATE_READ, Kind.TRACK, Kind.COUNT, Kind.LINE_COUNT, Kind.ZONE_STATE)
)
"""Tables whose rows a video's analysis makes."""
_IDS_PER_STATEMENT: Final = 1500
"""Ids that one deletion names: some 100 of the 256 kilobytes that servers accept."""


class AnalysisRows:
    """The rows that an analysis of a video makes, by their ids: rows of one id say the same.

    Args:
        camera_id, stream_id: the video's session.
    """

    def __init__(self, camera_id: str, stream_id: str) -> None:
        self.camera_id = camera_id
        self.stream_id = stream_id
        self._ids: set[uuid.UUID] = set()

    def add(self, events: Iterable[Event]) -> None:
        """Add the rows of events."""
        self._ids.update(event.event_id for event in events)

    def holds(self, event_id: str) -> bool:
        """Whether a stored row is one of them."""
        return uuid.UUID(event_id) in self._ids


def delete_replaced(stored: StoredEvents, rows: AnalysisRows) -> int:
    """Delete the rows of a session that its new analysis does not repeat; how many rows.

    A database keeps the text of its deletions, and they must not name a plate. They name event ids.

    Args:
        stored: the event store, which holds all rows of the new analysis, or will.
        rows: of the new analysis, complete.

    Raises:
        StoreError: a deletion failed, or took longer than it may.
    """
    return sum(_delete_replaced(stored, table, rows) for table in OF_ANALYSES)


def _delete_replaced(stored: StoredEvents, table: Table, rows: AnalysisRows) -> int:
    session = bind(
        "camera_id = {camera} AND stream_id = {stream}", {"camera": rows.camera_id, "stream": rows.stream_id}
    )
    found = stored.database.rows(f"SELECT toString(event_id) AS id FROM {table.name} WHERE {session}")  # noqa: S608
    old = [row["id"] for row in found if not rows.holds(row["id"])]
    ids = sorted(set(old))
    for start in range(0, len(ids), _IDS_PER_STATEMENT):
        named = ", ".join(f"toUUID({literal(event_id)})" for event_id in ids[start : start + _IDS_PER_STATEMENT])
        stored.delete(table, f"{session} AND event_id IN ({named})")
    return len(old)
