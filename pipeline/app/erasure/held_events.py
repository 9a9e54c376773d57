"""Stored events that holds preserve from an erasure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.app.erasure.event_files import EventFiles, sum_over
from pipeline.domain.erasure import LeftNote
from pipeline.governance.erasure_notes import held_events
from pipeline.store.erasure_selection import Selection, TrackKey
from pipeline.store.row_erasure import StoredEvents

__all__ = ["held_event_notes"]


def held_event_notes(
    selection: Selection, stores: Sequence[StoredEvents], files: Sequence[EventFiles]
) -> Iterator[LeftNote]:
    """A note for each hold that preserves events of what is selected.

    Raises:
        StoreError: a database failed.
        SinkError: a file cannot be read.
    """
    for hold in selection.held:
        part = selection.under(hold)
        if part is not None and (events := _number(part, stores, files)):
            yield held_events(hold.camera_id, events, hold.hold_id, f"{hold.reason} ({hold.by})")


def _number(selection: Selection, stores: Sequence[StoredEvents], files: Sequence[EventFiles]) -> int:
    """Copies of events."""
    tracks: list[TrackKey] = sorted({key for store in stores for key in store.tracks(selection)})
    stored = sum(number for store in stores for number in store.counts(selection, tracks).values())
    wanted = frozenset(tracks)
    return stored + sum(sum_over(one, one.count, lambda data: selection.wants_bytes(data, wanted)) for one in files)
