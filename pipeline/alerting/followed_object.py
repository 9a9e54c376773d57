"""Objects that are followed over frames, and what rules know of them: path, speed, stillness, zones."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from pipeline.domain.labels import PLATED_VEHICLES, Label

Box: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2, pixels of the stored image."""

_LEAST_STEP_S: Final = 0.15
"""Time between two points of a path: 96 points hold 14 s at least."""
_PATH_POINTS: Final = 96
_STILL_SHARE: Final = 0.25
"""Of its size that the ground point of a standing object may be off: boxes tremble, and grow by shadows and doors."""
_OFF_S: Final = 1.5
"""Time that the point must stay off before the object no longer stands: a passing truck cuts its box for a moment."""
_MOVED: Final = 1.0
"""Sizes that an object must have come from where it was first seen before it has moved."""
_JUMP: Final = 1.5
"""Sizes beyond three times the expected step from which a track has passed to another object."""
_RIDER_SHARE: Final = 0.3
_INSIDE_SHARE: Final = 0.6
"""Share of its frames in which an object in a zone is inside: at the edge its ground point trembles in and out."""


class PathPoint(NamedTuple):
    """A ground point of an object's path, pixels, with the size of its box then."""

    at_s: float
    x: float
    y: float
    size: float


@dataclass(slots=True)
class ZoneStay:
    """The stay of an object in a zone: since when, last seen in it, and in how many of its frames since."""

    since_s: float
    last_s: float
    inside: int = 0
    frames: int = 0


@dataclass(slots=True)
class FollowedObject:
    """An object of one track, as long as the track stays on it.

    Attributes:
        track_id, label: of the tracker; the label is the most frequent one so far.
        box: in the newest frame; size: square root of its area, pixels.
        first_s, last_s: first and last seen, seconds of the scene.
        path: points of the last 14 s or more.
        still_since_s: since when it stands; None while it moves.
        has_moved: it came from elsewhere in view.
        zones: its stays in zones, by name.
        is_cut: the edge of the image cuts it, so that its box ends where its ground point is not.
        is_touched: another vehicle hides a part of it in the newest frame.
        rides: share of the frames in which a two-wheeler was below it, for persons.
    """

    track_id: int
    label: Label
    box: Box
    size: float
    first_s: float
    last_s: float
    path: deque[PathPoint] = field(default_factory=lambda: deque(maxlen=_PATH_POINTS))
    still_since_s: float | None = None
    has_moved: bool = False
    zones: dict[str, ZoneStay] = field(default_factory=dict)
    is_cut: bool = False
    is_touched: bool = False
    rides: float = 0.0
    _start: PathPoint | None = None
    _anchor: PathPoint | None = None
    _off_since_s: float | None = None
    _labels: dict[Label, int] = field(default_factory=dict)

    @classmethod
    def begin(cls, track_id: int, label: Label, box: Box, now_s: float) -> FollowedObject:
        """An object that is seen for the first time; `see` it next."""
        return cls(track_id, label, box, _size(box), now_s, now_s)

    @property
    def point(self) -> tuple[float, float]:
        """Its ground point in the newest frame, pixels."""
        return (self.box[0] + self.box[2]) / 2, self.box[3]

    @property
    def is_motor_vehicle(self) -> bool:
        """Whether it is a car, a truck, a bus or a motorcycle."""
        return self.label in PLATED_VEHICLES

    @property
    def is_rider(self) -> bool:
        """Whether it is a person on a two-wheeler."""
        return self.label is Label.PERSON and self.rides > _RIDER_SHARE

    def still_s(self, now_s: float) -> float:
        """How long it has stood, 0 while it moves."""
        return 0.0 if self.still_since_s is None else now_s - self.still_since_s

    def see(self, label: Label, box: Box, now_s: float, *, rides: bool) -> None:
        """Add the object's observation in the next frame."""
        self._labels[label] = self._labels.get(label, 0) + 1
        self.label = max(self._labels, key=lambda one: self._labels[one])
        self.box, self.size = box, _size(box)
        self.rides += ((1.0 if rides else 0.0) - self.rides) / min(sum(self._labels.values()), 20)
        x, y = self.point
        point = PathPoint(now_s, x, y, self.size)
        if self._jumps(point):
            self._begin_again(now_s)
        self.last_s = now_s
        if not self.path or now_s - self.path[-1].at_s >= _LEAST_STEP_S:
            self.path.append(point)
        self._start = self._start or point
        if _distance(self._start, point) >= _MOVED * max(self._start.size, point.size):
            self.has_moved = True
        self._judge_stillness(point)

    def be_in(self, names: set[str], now_s: float, grace_s: float) -> None:
        """Note the zones of the newest frame; one is left when the object was outside for longer than the grace."""
        for name in names:
            self.zones.setdefault(name, ZoneStay(now_s, now_s))
        for name, stay in list(self.zones.items()):
            stay.frames += 1
            if name in names:
                stay.inside, stay.last_s = stay.inside + 1, now_s
            elif now_s - stay.last_s > grace_s:
                del self.zones[name]

    def in_zone_s(self, name: str, now_s: float) -> float:
        """How long it has been in a zone; 0 where it is not, or only at its edge."""
        stay = self.zones.get(name)
        if stay is None or stay.inside < _INSIDE_SHARE * stay.frames:
            return 0.0
        return now_s - stay.since_s

    def recent(self, seconds: float) -> list[PathPoint]:
        """The path of the last seconds, oldest first."""
        return [point for point in self.path if point.at_s >= self.last_s - seconds]

    def lengths_s(self, seconds: float = 2.0) -> float | None:
        """Its speed over the last seconds in own sizes per second; None while it is not known."""
        points = self.recent(seconds)
        if len(points) < 2 or (passed_s := points[-1].at_s - points[0].at_s) < seconds / 4:
            return None
        return _distance(points[0], points[-1]) / max(mean_size(points), 1.0) / passed_s

    def _jumps(self, point: PathPoint) -> bool:
        """Whether the track has passed to another object: a step far beyond those before it."""
        if len(self.path) < 2:
            return False
        before, last = self.path[-2], self.path[-1]
        passed_s = max(point.at_s - last.at_s, 1e-3)
        expected = _distance(before, last) / max(last.at_s - before.at_s, 1e-3) * passed_s
        return _distance(last, point) > 3 * expected + _JUMP * max(last.size, point.size) and passed_s < 1.0

    def _begin_again(self, now_s: float) -> None:
        self.path.clear()
        self._start = self._anchor = self._off_since_s = self.still_since_s = None
        self.has_moved, self.first_s = False, now_s

    def _judge_stillness(self, point: PathPoint) -> None:
        anchor = self._anchor
        if anchor is None:
            self._anchor = point
            return
        if _distance(anchor, point) <= _STILL_SHARE * max(anchor.size, 1.0):
            self._off_since_s = None
            if self.still_since_s is None:
                self.still_since_s = anchor.at_s
            return
        if self._off_since_s is None:
            self._off_since_s = point.at_s
        stood_s = 0.0 if self.still_since_s is None else point.at_s - self.still_since_s
        if stood_s < _OFF_S or point.at_s - self._off_since_s >= _OFF_S:
            self._anchor, self._off_since_s, self.still_since_s = point, None, None


def mean_size(points: list[PathPoint]) -> float:
    """Mean size of an object along a part of its path, pixels."""
    return sum(point.size for point in points) / len(points)


def _size(box: Box) -> float:
    return math.sqrt(max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0))


def _distance(one: PathPoint, other: PathPoint) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)
