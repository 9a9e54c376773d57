"""What is remembered of one open track: a few numbers, however long it lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.path_length import PathLength, Point
from pipeline.analytics.settings import AnalyticsSettings, GroundPointChoice
from pipeline.domain.labels import Label

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2, pixels of the stored image."""

_EDGE = 0.005
"""A box nearer to the image's edge than this share of its size is taken for cut off: its ground point is not on the
ground, so it says nothing in meters."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One track in one image.

    Attributes:
        label, box: as the tracker gave them.
        ts_ms, pts_s: time of the frame; see `pipeline.domain.frame.Frame`.
        width, height: pixels of the image.
    """

    label: Label
    box: Box
    ts_ms: int
    pts_s: float
    width: int
    height: int

    def ground_point(self, choice: GroundPointChoice) -> Point:
        """The point that stands for the place of the thing, pixels."""
        x1, y1, x2, y2 = self.box
        return ((x1 + x2) / 2, y2 if choice is GroundPointChoice.BOTTOM_CENTER else (y1 + y2) / 2)

    def cut_off(self) -> bool:
        """Whether the image's edge cuts the thing."""
        x1, y1, x2, y2 = self.box
        margin_x, margin_y = _EDGE * self.width, _EDGE * self.height
        return x1 < margin_x or y1 < margin_y or x2 > self.width - margin_x or y2 > self.height - margin_y


@dataclass(slots=True)
class GroundSpeed:
    """Meters per second over the sightings in which a track was wholly in the image."""

    calibration: Calibration
    path: PathLength
    meters: float = 0.0
    first_s: float | None = None
    last_s: float = 0.0
    size: tuple[int, int] = (0, 0)

    def add(self, point: Point, sighting: Sighting, step_px: float) -> None:
        """Take the next sighting."""
        if self.first_s is None:
            self.first_s = sighting.pts_s
        self.last_s, self.size = sighting.pts_s, (sighting.width, sighting.height)
        self._walk(self.path.add(point, sighting.pts_s, step_px))

    def mean(self, fastest_m_s: float) -> float | None:
        """The mean speed so far; call it once, at the track's end.

        None when it was never wholly in view for any time, crossed the horizon, or is faster than `fastest_m_s`.
        """
        if self.first_s is None or self.last_s <= self.first_s:
            return None
        if not self.path.moved:
            return 0.0
        self._walk(self.path.rest())
        speed = self.meters / (self.last_s - self.first_s)
        return speed if math.isfinite(speed) and speed <= fastest_m_s else None

    def _walk(self, way: tuple[Point, Point] | None) -> None:
        if way is not None:
            a, b = self.calibration.to_ground(way, *self.size)
            self.meters += math.dist(a, b)


@dataclass(slots=True)
class TrackState:
    """An open track.

    Attributes:
        track_id: the tracker's number; sequence: how often that number was closed before.
        minute_ms: the minute it counts in.
        first_ts_ms, last_ts_ms: first and last seen, wall clock; first_s, last_s: the same in the stream's seconds.
        frames: how often it was seen; path_px: way between anchors so far; told: whether a count has it already.
    """

    track_id: int
    sequence: int
    minute_ms: int
    first_ts_ms: int
    first_s: float
    path: PathLength
    ground: GroundSpeed | None
    last_ts_ms: int = 0
    last_s: float = 0.0
    frames: int = 0
    path_px: float = 0.0
    told: bool = False
    _seen_as: dict[Label, int] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        track_id: int,
        sighting: Sighting,
        *,
        sequence: int,
        minute_ms: int,
        smoothing_s: float,
        calibration: Calibration | None,
    ) -> TrackState:
        """A track that was just seen for the first time; `add` the sighting next."""
        ground = None if calibration is None else GroundSpeed(calibration, PathLength(smoothing_s))
        return cls(track_id, sequence, minute_ms, sighting.ts_ms, sighting.pts_s, PathLength(smoothing_s), ground)

    def add(self, sighting: Sighting, settings: AnalyticsSettings) -> None:
        """Take the next sighting."""
        self._seen_as[sighting.label] = self._seen_as.get(sighting.label, 0) + 1
        self.frames += 1
        self.last_ts_ms = max(self.last_ts_ms, sighting.ts_ms)
        self.last_s = sighting.pts_s
        point = sighting.ground_point(settings.ground_point)
        x1, y1, x2, y2 = sighting.box
        step_px = settings.step_fraction * math.sqrt(max(1.0, (x2 - x1) * (y2 - y1)))
        way = self.path.add(point, sighting.pts_s, step_px)
        if way is not None:
            self.path_px += math.dist(*way)
        if self.ground is not None and not sighting.cut_off():
            self.ground.add(point, sighting, step_px)

    def label(self) -> Label:
        """The label seen in most frames; of equals the one with the smaller number."""
        return min(self._seen_as, key=lambda label: (-self._seen_as[label], label))

    def length_px(self) -> float:
        """The whole path of the ground point."""
        rest = self.path.rest()
        return 0.0 if rest is None else self.path_px + math.dist(*rest)
