"""Rare cells of a dataset: few vehicles of a class at one camera in one hour can be one person's habit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.domain.events import CountEvent, TrackEvent

_HOUR_MS: Final = 3_600_000

Cell = tuple[str, str, int]
"""Camera, class, and the hour by its number since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class CommonTracks:
    """Tracks of the cells with enough of them.

    Attributes:
        tracks: those to be published.
        withheld: how many are not; cells: in how many cells.
    """

    tracks: tuple[TrackEvent, ...]
    withheld: int
    cells: int


def cell_of(event: TrackEvent | CountEvent) -> Cell:
    """The cell of an event: a track belongs to the hour in which it began."""
    time_ms = event.first_ts_ms if isinstance(event, TrackEvent) else event.ts_ms
    return event.camera_id, event.label, time_ms // _HOUR_MS


def without_rare(tracks: Sequence[TrackEvent], least: int) -> CommonTracks:
    """The tracks without those of cells with fewer than `least`."""
    sizes = Counter(map(cell_of, tracks))
    common = tuple(track for track in tracks if sizes[cell_of(track)] >= least)
    return CommonTracks(common, len(tracks) - len(common), sum(size < least for size in sizes.values()))


def rare_counts(counts: Iterable[CountEvent], least: int) -> frozenset[Cell]:
    """The cells whose counts add up to less than `least`: their numbers are not published."""
    sums: Counter[Cell] = Counter()
    for event in counts:
        sums[cell_of(event)] += event.count
    return frozenset(cell for cell, total in sums.items() if total < least)
