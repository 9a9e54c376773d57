"""Length of the path of a detected object whose box jitters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Point = tuple[float, float]
"""x and y, pixels."""


@dataclass(slots=True)
class PathLength:
    """Smooths one jittering point and reports when it has really moved.

    The point is smoothed (exponential mean) and then has to leave a circle around the last anchor before the anchor
    follows: jitter stays inside the circle and adds nothing, movement adds chords of the path. The first anchor is one
    jittering point, not a mean, so a single step may only correct it: an object has moved from the second step on.
    Constant memory. A sharp turn is cut short by about the distance of one time constant.

    Attributes:
        smoothing_s: time constant of the mean, seconds; 0 for none.
        anchor: the last position that counted; None before the first point.
        steps: how often the point left the circle.
    """

    smoothing_s: float
    anchor: Point | None = None
    steps: int = 0
    _smooth: Point = field(default=(0.0, 0.0))
    _raw: Point = field(default=(0.0, 0.0))
    _at_s: float = 0.0

    def add(self, point: Point, at_s: float, step_px: float) -> tuple[Point, Point] | None:
        """Add the next point.

        Args:
            point: position according to the box, pixels.
            at_s: time in seconds of the stream, not decreasing.
            step_px: radius of the circle.

        Returns:
            The segment from the old anchor to the new one, or None when the point has not moved.
        """
        self._raw = point
        if self.anchor is None:
            self.anchor, self._smooth, self._at_s = point, point, at_s
            return None
        share = 1.0
        if self.smoothing_s > 0:
            share = 1.0 - math.exp(-max(0.0, at_s - self._at_s) / self.smoothing_s)
        self._at_s = at_s
        old_x, old_y = self._smooth
        self._smooth = (old_x + share * (point[0] - old_x), old_y + share * (point[1] - old_y))
        if math.dist(self._smooth, self.anchor) < step_px:
            return None
        segment = (self.anchor, self._smooth)
        self.anchor = self._smooth
        self.steps += 1
        return segment

    @property
    def moved(self) -> bool:
        """Whether the object has really moved; until then its path is empty, whatever `add` returned."""
        return self.steps > 1

    def rest(self) -> tuple[Point, Point] | None:
        """The segment from the last anchor to the last unsmoothed point, which compensates for the lag of the mean.

        None when the object never moved.
        """
        return (self.anchor, self._raw) if self.moved and self.anchor is not None else None
