"""Crossings of one line by tracks: each vehicle once per direction, whatever its boxes do near the line.

A crossing is seen when the ground point of a track has left the band around the line behind it, and is counted
when the way on both sides together is that of a vehicle that moves. Distances are in box sizes (the square root of the
box's area), so that they mean the same near and far.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pipeline.analytics.late_tracks import LineCrossing, LinePosition, TrackBegin

__all__ = ["LineCrossing", "LinePosition", "LineState"]

_BAND: Final = 0.15
"""Half width of the band in which a box may tremble."""
_LEAST_WAY: Final = 0.6
"""Way on both sides of the line together from which a track has crossed it."""
_RETURN_WAY: Final = 2.0
"""The same for a track that crosses a second time: it has turned back."""


@dataclass(slots=True)
class LineState:
    """What one track did at one line, in constant memory.

    Attributes:
        side: on which it is: -1 left, 1 right, 0 before it has been outside of the band.
        counted: direction of the last crossing that counted, 0 for none.
    """

    side: int = 0
    counted: int = 0
    _begin: TrackBegin = field(default_factory=TrackBegin)
    _last: LinePosition | None = None
    _reach: float = 0.0
    _pending: LineCrossing | None = None
    _way_before: float = 0.0

    def add(self, now: LinePosition) -> LineCrossing | None:
        """Take the next position; returns the crossing that counts with it."""
        before = self._begin.add(now)
        side = 0 if abs(now.distance) < _BAND else 1 if now.distance > 0 else -1
        if self._last is None and side == 0:
            # A track that begins in the band: it comes from the side on which it began.
            side = 1 if now.distance >= 0 else -1
        if side == 0:
            return None
        if self.side == 0:
            self.side = side
        elif side != self.side:
            self._flip(side, now)
        self._reach = max(self._reach, abs(now.distance))
        self._last = now
        confirmed = self._confirmed()
        if confirmed is None and before is not None and not self.counted:
            self.counted = before.direction
            return before
        return confirmed

    def restart(self) -> None:
        """The track jumped to another object: where it was says nothing about where that one came from."""
        self.side, self.counted, self._last, self._reach, self._pending = 0, 0, None, 0.0, None
        self._begin = TrackBegin.known()

    def _flip(self, side: int, now: LinePosition) -> None:
        way_before, self._reach, self.side = self._reach, 0.0, side
        if self._pending is not None:  # back before it counted: it trembled
            self._pending, self._reach = None, self._way_before
            return
        crossing = None if self._last is None else _crossing(self._last, now)
        self._way_before = way_before
        self._pending = crossing

    def _confirmed(self) -> LineCrossing | None:
        crossing = self._pending
        if crossing is None:
            return None
        least = _RETURN_WAY if self.counted else _LEAST_WAY
        if self._way_before + self._reach < least:
            return None
        self._pending = None
        repeated = crossing.direction == self.counted
        self.counted = crossing.direction
        return None if repeated else crossing


def _crossing(before: LinePosition, after: LinePosition) -> LineCrossing | None:
    """The crossing of a straight movement; None where it passes beside the line."""
    share = before.distance / (before.distance - after.distance)
    along = before.along + share * (after.along - before.along)
    if not 0.0 <= along <= 1.0:
        return None
    at_ms = before.at_ms + round(share * (after.at_ms - before.at_ms))
    return LineCrossing(1 if after.distance > 0 else -1, at_ms, along)
