"""Rare cells of a dataset: few vehicles of a class at one camera in one hour can be one person's habit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from pipeline.domain.events import CountEvent, TrackEvent
from pipeline.domain.times import HOUR_MS

_ROUNDED_TO: Final = 10

Cell = tuple[str, str, int]
"""Camera, class, and the hour by its number since 1970 UTC."""


def cell_of(event: TrackEvent | CountEvent) -> Cell:
    """The cell of an event: a track belongs to the hour in which it began."""
    time_ms = event.first_ts_ms if isinstance(event, TrackEvent) else event.ts_ms
    return event.camera_id, event.label, time_ms // HOUR_MS


def common_cells(tracks: Iterable[TrackEvent], counts: Iterable[CountEvent], least: int) -> frozenset[Cell]:
    """The cells that are published: neither their tracks nor their counts are fewer than `least`.

    One may be missing, as where tracks are retained for a shorter time; a cell with neither is not published, so that
    nothing distinguishes it from a rare one.
    """
    sizes = Counter(map(cell_of, tracks))
    sums: Counter[Cell] = Counter()
    for event in counts:
        sums[cell_of(event)] += event.count
    seen = {cell for cell, total in (*sizes.items(), *sums.items()) if total}
    return frozenset(cell for cell in seen if all(not total or total >= least for total in (sizes[cell], sums[cell])))


def rounded_up(number: int) -> int:
    """A total that is withheld, up to the next multiple of 10 and never 0: an exact one gives a single cell away."""
    return max(1, -(-number // _ROUNDED_TO)) * _ROUNDED_TO
