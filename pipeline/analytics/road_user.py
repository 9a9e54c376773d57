"""State of one road user for traffic figures: label, motion, speed and the lines it has crossed."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.line_crossings import LineCrossing, LineState
from pipeline.analytics.path_length import Point
from pipeline.analytics.track_state import TrackObservation
from pipeline.domain.labels import Label

_SPEED_WINDOW_S: Final = 1.0
_LEAST_SPEED_TIME_S: Final = 0.3
_SMOOTHING_S: Final = 0.3
_LEAST_STEP_S: Final = 0.01
"""Time between two frames, below which it is that of a stream with doubtful timestamps, and says nothing of speed."""
_JUMP_SIZES: Final = 1.2
"""Distance from the expected place, in box sizes, from which a track has jumped to another object."""
_JUMP_SHARE: Final = 0.6
"""The same as share of the expected way, for fast objects at low rates."""
_FIRST_JUMP_SIZES: Final = 4.0
"""The same for the second observation, when the velocity is not known yet."""
_STILL_SIZES: Final = 0.12
"""An object that stays within this many box sizes stands."""
_TRAVELLED_SIZES: Final = 2.0
_TRAVELLED_S: Final = 0.4
"""A track that moved on so far in box sizes, and for so long, is no noise, however faint its boxes are."""
STANDS_AFTER_S: Final = 2.0
"""Time without movement from which an object is stopped."""


@dataclass(slots=True)
class RoadUser:
    """An open track as traffic figures need it, in constant memory.

    Attributes:
        lines: its state at each of the camera's lines.
        last_s, last_ms: time of the newest observation; point, size: where it was then, pixels, and the square root of
            the box's area.
        visible_s: sum of `TrackObservation.visible_s`; velocity: pixels per second.
        uncertain: crossings of lines, by number, of a track that was not visible for long enough to count.
    """

    lines: list[LineState]
    last_s: float = 0.0
    last_ms: int = 0
    point: Point = (0.0, 0.0)
    size: float = 1.0
    visible_s: float = 0.0
    velocity: Point | None = None
    uncertain: list[tuple[int, LineCrossing]] = field(default_factory=list)
    _seen: bool = False
    _labels: Counter[Label] = field(default_factory=Counter)
    _start: Point = (0.0, 0.0)
    _start_s: float = 0.0
    _anchor: Point = (0.0, 0.0)
    _anchor_s: float = 0.0
    _ground: deque[tuple[float, float, float]] = field(default_factory=deque)

    @property
    def label(self) -> Label:
        """The label of most observations; on a tie the one with the smaller number."""
        return min(self._labels, key=lambda label: (-self._labels[label], label))

    def add(self, observation: TrackObservation, point: Point, calibration: Calibration | None) -> None:
        """Take the next observation; a jump to another object forgets the lines.

        Args:
            observation: of this track.
            point: its ground point, pixels.
            calibration: of the camera, for speeds.
        """
        x1, y1, x2, y2 = observation.box
        size = math.sqrt(max(1.0, (x2 - x1) * (y2 - y1)))
        passed_s = max(0.0, observation.pts_s - self.last_s)
        if self._seen and self._jumped(point, passed_s):
            self._restart()
        self._labels[observation.label] += 1
        self.visible_s += observation.visible_s
        if self._seen and passed_s >= _LEAST_STEP_S:
            self._follow(point, passed_s)
        if not self._seen or math.dist(point, self._anchor) > _STILL_SIZES * size:
            self._anchor, self._anchor_s = point, observation.pts_s
        if not self._seen:
            self._start, self._start_s = point, observation.pts_s
        self._seen = True
        self.point, self.size = point, size
        self.last_s, self.last_ms = observation.pts_s, observation.ts_ms
        if calibration is not None and not observation.cut_off():
            x_m, y_m = calibration.to_ground([point], observation.width, observation.height)[0].tolist()
            self._ground.append((observation.pts_s, x_m, y_m))
            while observation.pts_s - self._ground[0][0] > _SPEED_WINDOW_S:
                self._ground.popleft()

    def expected(self, at_s: float) -> Point:
        """Where it is expected at a later time."""
        dx, dy = self.velocity or (0.0, 0.0)
        later_s = at_s - self.last_s
        return self.point[0] + dx * later_s, self.point[1] + dy * later_s

    def continues(self, before: RoadUser) -> None:
        """Take over the state of a track that ended where this one begins: the tracker gave it another number."""
        self.lines, self.visible_s, self.velocity = before.lines, before.visible_s, before.velocity
        self.last_s, self.last_ms, self.point, self.size = before.last_s, before.last_ms, before.point, before.size
        self.uncertain = before.uncertain
        self._labels, self._ground, self._seen = before._labels, before._ground, True
        self._start, self._start_s = before._start, before._start_s
        self._anchor, self._anchor_s = before._anchor, before._anchor_s

    def is_certain(self, min_visible_s: float) -> bool:
        """Whether it is no noise: it was visible for long enough, see `AnalyticsSettings`, or it moved on."""
        if self.visible_s >= min_visible_s:
            return True
        way = math.dist(self.point, self._start)
        return way >= _TRAVELLED_SIZES * self.size and self.last_s - self._start_s >= _TRAVELLED_S

    def stands(self) -> bool:
        """Whether it has not moved for `STANDS_AFTER_S`."""
        return self.last_s - self._anchor_s >= STANDS_AFTER_S

    def speed_m_s(self) -> float | None:
        """Speed on the road over the last second; None where it was not wholly in view for long enough."""
        if len(self._ground) < 2:
            return None
        (first_s, *first), (last_s, *last) = self._ground[0], self._ground[-1]
        passed_s = last_s - first_s
        if passed_s < _LEAST_SPEED_TIME_S:
            return None
        speed = math.dist(first, last) / passed_s
        return speed if math.isfinite(speed) else None

    def _jumped(self, point: Point, passed_s: float) -> bool:
        if self.velocity is None:
            return math.dist(point, self.point) > _FIRST_JUMP_SIZES * self.size
        way = math.hypot(*self.velocity) * passed_s
        expected = self.point[0] + self.velocity[0] * passed_s, self.point[1] + self.velocity[1] * passed_s
        return math.dist(point, expected) > _JUMP_SIZES * self.size + _JUMP_SHARE * way

    def _restart(self) -> None:
        for line in self.lines:
            line.restart()
        self.velocity, self._seen, self.visible_s = None, False, 0.0
        self.uncertain.clear()
        self._ground.clear()

    def _follow(self, point: Point, passed_s: float) -> None:
        newest = (point[0] - self.point[0]) / passed_s, (point[1] - self.point[1]) / passed_s
        if self.velocity is None:
            self.velocity = newest
            return
        share = 1.0 - math.exp(-passed_s / _SMOOTHING_S)
        dx, dy = self.velocity
        self.velocity = dx + share * (newest[0] - dx), dy + share * (newest[1] - dy)
