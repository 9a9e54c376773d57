"""Numbers of different events among the copies that tables, spools and files hold of what is to be erased."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from pipeline.domain.erasure import CORRUPT_RECORD, EventNumbers
from pipeline.domain.event_kinds import SPECS
from pipeline.domain.events import Kind, kind_of
from pipeline.store.erasure_selection import Selection, TrackKey, event_in
from pipeline.store.row_erasure import StoredEvents
from pipeline.store.schema.tables import TABLES

_COPIES: Final = ("table", "spool", "file")
"""Kinds of places that hold events."""


class FileEvents:
    """The wanted events of spools and files, by kind; equal ids are one event."""

    def __init__(self) -> None:
        self._ids: dict[Kind, set[str]] = {kind: set() for kind in SPECS}
        self._corrupt = 0

    def add(self, wanted: Iterable[bytes]) -> None:
        """Note events, or corrupt records, as they are in a file."""
        for data in wanted:
            event = event_in(data)
            if event is None:
                self._corrupt += 1
            else:
                self._ids[kind_of(event)].add(str(event.event_id))

    def with_stored(
        self, stores: Sequence[StoredEvents], selection: Selection, tracks: Sequence[TrackKey], places: int
    ) -> EventNumbers:
        """These and those of the tables together.

        The first store counts its own: only ids of copies are held in memory.

        Args:
            stores: event stores; selection, tracks: what is wanted.
            places: number of places that hold any of it.

        Raises:
            DatabaseError: a database failed.
        """
        found: dict[str, int] = {}
        for kind, ids in self._ids.items():
            copies = ids.union(*(store.ids(TABLES[kind], selection, tracks) for store in stores[1:]))
            for store in stores[:1]:
                found[kind] = store.count(TABLES[kind], selection, tracks)
                copies -= store.ids(TABLES[kind], selection, tracks, among=sorted(copies))
            found[kind] = found.get(kind, 0) + len(copies)
        found[CORRUPT_RECORD] = self._corrupt
        return EventNumbers({kind: number for kind, number in found.items() if number}, places)


def holds_events(kind: str) -> bool:
    """Whether a place of this kind holds events, each of which may be in other places as well."""
    return kind in _COPIES
