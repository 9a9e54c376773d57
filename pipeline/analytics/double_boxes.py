"""Tracks that show one road user twice: a lorry and its cab, a rider and the motorcycle, two boxes of one car."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipeline.domain.detections import Tracks, shared_areas
from pipeline.domain.labels import Label

_SHARED: Final = 0.65
"""Share of the smaller box that lies in the larger one, from which two boxes may be of one vehicle. Vehicles that
follow one another in a camera's oblique view share less."""
_RIDER_SHARED: Final = 0.4
"""The same of a person on a two-wheeler."""
_LEAST_FRAMES: Final = 3
_LEAST_PART: Final = 0.5
"""Share of the newest frames with both, in which the boxes have to overlap so much: vehicles that pass one another, or
are seen one behind the other from afar, do it for a time."""
_FADES_S: Final = 1.0
"""Time constant of what counts as newest, and time for which a track that ended is remembered."""
_TWO_WHEELERS: Final = frozenset({Label.BICYCLE, Label.MOTORCYCLE})
LARGE_VEHICLES: Final = frozenset({Label.CAR, Label.BUS, Label.TRUCK})
"""Labels between which a detector wavers."""


def may_be_one(a: Label, b: Label) -> float:
    """The share of the smaller box from which two boxes of these labels may be of one road user; 2 for never.

    A motorcycle beside a car overlaps it for long, and two persons side by side do too.
    """
    labels = {a, b}
    if labels <= LARGE_VEHICLES or labels <= _TWO_WHEELERS:
        return _SHARED
    if Label.PERSON in labels and labels & _TWO_WHEELERS:
        return _RIDER_SHARED
    return 2.0


@dataclass(slots=True)
class _Pair:
    """Two open tracks that overlapped: frames with both, and those with an overlap, faded; number of overlaps."""

    seen: float = 0.0
    overlapping: float = 0.0
    overlaps: int = 0

    def add(self, faded: float, *, overlap: bool) -> None:
        self.seen = self.seen * faded + 1.0
        self.overlapping = self.overlapping * faded + overlap
        self.overlaps += overlap

    def one_user(self) -> bool:
        return self.overlaps >= _LEAST_FRAMES and self.overlapping >= _LEAST_PART * self.seen


@dataclass(slots=True)
class DoubleBoxes:
    """Watches which open tracks overlap for most of the time in which both are seen.

    Memory is bounded by the pairs of open tracks that overlapped.
    """

    _pairs: dict[tuple[int, int], _Pair] = field(default_factory=dict)
    _former: dict[int, dict[int, float]] = field(default_factory=dict)
    _now_s: float = 0.0

    def observe(self, tracks: Tracks, labels: Sequence[Label], at_s: float) -> None:
        """Take the tracks of the next frame.

        Args:
            tracks: of the frame; labels: that each of them has so far.
            at_s: time of the frame, seconds of the stream.
        """
        faded, self._now_s = math.exp(-max(0.0, at_s - self._now_s) / _FADES_S), at_s
        if len(tracks) < 2:
            return
        boxes, ids = tracks.detections.boxes, tracks.ids.tolist()
        areas = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1.0)
        shares = shared_areas(boxes, boxes) / np.minimum(areas[:, None], areas[None])
        overlapping = {
            _key(ids[a], ids[b])
            for a, b in np.argwhere(np.triu(shares >= _RIDER_SHARED, 1)).tolist()
            if shares[a, b] >= may_be_one(labels[a], labels[b])
        }
        visible = set(ids)
        for key in overlapping - self._pairs.keys():
            self._pairs[key] = _Pair()
        for key, pair in self._pairs.items():
            if visible.issuperset(key):
                pair.add(faded, overlap=key in overlapping)

    def partners(self, track_id: int) -> list[int]:
        """Tracks that show the same road user as this one, those that ended just now included."""
        former = self._former.get(track_id, {})
        return [
            *(one for one, ended_s in former.items() if self._now_s - ended_s <= _FADES_S),
            *self._open_partners(track_id),
        ]

    def end(self, track_id: int) -> None:
        """Take the end of a track; those that it was one road user with remember it for a while."""
        self._former.pop(track_id, None)
        for partner in self._open_partners(track_id):
            self._former.setdefault(partner, {})[track_id] = self._now_s
        for key in [key for key in self._pairs if track_id in key]:
            del self._pairs[key]

    def _open_partners(self, track_id: int) -> list[int]:
        return [
            second if first == track_id else first
            for (first, second), pair in self._pairs.items()
            if track_id in (first, second) and pair.one_user()
        ]


def _key(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
