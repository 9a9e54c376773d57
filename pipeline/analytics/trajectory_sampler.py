"""Trajectory of one open track, sampled at a fixed rate and bounded in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pipeline.domain.trajectory import LONGEST, TrajectoryPoint, encode_trajectory

MOST_POINTS: Final = 240
"""Beyond it every second point is dropped and the interval doubled: a parked car's trajectory stays as short."""


@dataclass(slots=True)
class TrajectorySampler:
    """Takes a point whenever the interval has passed.

    Attributes:
        interval_ms: least time between two points; 0 takes none.
    """

    interval_ms: int
    _points: list[TrajectoryPoint] = field(default_factory=list)
    _last: TrajectoryPoint | None = None

    def add(self, offset_ms: int, x: float, y: float) -> None:
        """Add the track's next position.

        Args:
            offset_ms: since the track's first frame, not decreasing.
            x, y: ground point relative to the image, 0 to 1.
        """
        if not self.interval_ms:
            return
        self._last = TrajectoryPoint(offset_ms, x, y)
        if not self._points or offset_ms - self._points[-1].offset_ms >= self.interval_ms:
            self._points.append(self._last)
        if len(self._points) > MOST_POINTS:
            self._points = self._points[::2]
            self.interval_ms *= 2

    def encoded(self) -> str:
        """The trajectory so far, with the last position as its end."""
        ends = self._points[-1:] != [self._last] and self._last is not None
        text = encode_trajectory([*self._points, self._last] if ends and self._last else self._points)
        return text if len(text) <= LONGEST else text[:LONGEST].rpartition(";")[0]
