"""Crossings of road users that are seen only behind the line: out of headlight glare, or from behind a lorry.

A track that begins shortly behind a line and moves away from it has crossed it. When and where follows from its way,
and a crossing that was counted at about that time and place was the same one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

_FARTHEST: Final = 1.5
"""Distance from the line in box sizes, up to which a track may begin behind it."""
_LEAST_WAY: Final = 0.6
"""Way from its begin, in box sizes, from which its direction and speed are known."""
_LEAST_MS: Final = 200
"""Time from its begin, below which a box that trembles may seem to move."""
_LONGEST_MS: Final = 1000
"""Time between the crossing and the begin of the track: what moved slower was there before."""
_SAME_MS: Final = 700
_SAME_SIZES: Final = 1.0
"""Time and distance along the line between two crossings, of which one is not sure, up to which they are one."""


class LinePosition(NamedTuple):
    """Where a ground point is, seen from a line.

    Attributes:
        distance: from the line in box sizes, positive on its right-hand side.
        along: share of the way from the line's start to its end.
        at_ms: time of the frame.
    """

    distance: float
    along: float
    at_ms: int


class LineCrossing(NamedTuple):
    """A crossing that counts.

    Attributes:
        direction: 1 for forward, -1 for backward; at_ms: when the ground point was on the line.
        along: where, see `LinePosition`; sure: False for one that follows from the way behind the line, or of
            faint boxes.
    """

    direction: int
    at_ms: int
    along: float
    sure: bool = True


@dataclass(slots=True)
class TrackBegin:
    """Whether a track has crossed a line before it began, decided once it has moved."""

    _first: LinePosition | None = None
    _decided: bool = False

    @classmethod
    def known(cls) -> TrackBegin:
        """Of a track that says nothing about the time before it."""
        return cls(None, _decided=True)

    def add(self, now: LinePosition) -> LineCrossing | None:
        """Take the next position; returns the crossing that follows from it."""
        if self._decided:
            return None
        if self._first is None:
            self._first, self._decided = now, abs(now.distance) > _FARTHEST
            return None
        first = self._first
        if now.distance * first.distance < 0:
            self._decided = True
            return None
        way = abs(now.distance) - abs(first.distance)
        if abs(way) < _LEAST_WAY or now.at_ms - first.at_ms < _LEAST_MS:
            return None
        self._decided = True
        share = abs(first.distance) / way
        since_ms = share * (now.at_ms - first.at_ms)
        if way < 0 or since_ms > _LONGEST_MS:
            return None
        along = first.along - share * (now.along - first.along)
        direction = 1 if first.distance > 0 else -1
        return LineCrossing(direction, first.at_ms - round(since_ms), along, sure=False) if 0 <= along <= 1 else None


@dataclass(slots=True)
class CountedPlaces:
    """The newest crossings of a line in one direction: one that is not sure is none if another one was there."""

    _newest: list[tuple[LineCrossing, float]] = field(default_factory=list)

    def is_new(self, crossing: LineCrossing, size: float) -> bool:
        """Whether a crossing is another one than those before; takes it as one of them.

        Args:
            crossing: in this direction; size: of its box, as share of the line.
        """
        self._newest = [(one, its) for one, its in self._newest if crossing.at_ms - one.at_ms <= 2 * _SAME_MS]
        if any(
            not (crossing.sure and one.sure)
            and abs(crossing.at_ms - one.at_ms) <= _SAME_MS
            and abs(crossing.along - one.along) <= _SAME_SIZES * max(size, its)
            for one, its in self._newest
        ):
            return False
        self._newest.append((crossing, size))
        return True
