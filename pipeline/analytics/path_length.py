"""How far a thing has moved, when its box trembles."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Point = tuple[float, float]
"""x and y, pixels."""


@dataclass(slots=True)
class PathLength:
    """Follows one trembling point and tells when it has really moved.

    The point is smoothed (exponential mean) and then has to leave a circle around the last anchor before the anchor
    follows: trembling stays inside the circle and adds nothing, movement adds chords of the way. The first anchor is
    one trembling point, not a mean, so a single step may only correct it: a thing has moved from the second step on.
    Constant memory. A sharp turn is cut short by about the way of one time constant.

    Attributes:
        smoothing_s: time constant of the mean, seconds; 0 for none.
        anchor: the last place that counted; None before the first point.
        steps: how often the circle was left.
    """

    smoothing_s: float
    anchor: Point | None = None
    steps: int = 0
    _smooth: Point = field(default=(0.0, 0.0))
    _raw: Point = field(default=(0.0, 0.0))
    _at_s: float = 0.0

    def add(self, point: Point, at_s: float, step_px: float) -> tuple[Point, Point] | None:
        """Take the next point.

        Args:
            point: where the box says it is, pixels.
            at_s: when, seconds of the stream, not falling.
            step_px: radius of the circle.

        Returns:
            The way from the old anchor to the new one, or None when it has not moved.
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
        way = (self.anchor, self._smooth)
        self.anchor = self._smooth
        self.steps += 1
        return way

    @property
    def moved(self) -> bool:
        """Whether the thing has really moved; until then its way is none, whatever `add` returned."""
        return self.steps > 1

    def rest(self) -> tuple[Point, Point] | None:
        """The way from the last anchor to the last point as it came, which makes up for the lag of the mean.

        None when the thing never moved.
        """
        return (self.anchor, self._raw) if self.moved and self.anchor is not None else None
