"""State of one open track, in constant memory however long it lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.path_length import PathLength, Point
from pipeline.analytics.settings import AnalyticsSettings, GroundPointChoice
from pipeline.analytics.trajectory_sampler import TrajectorySampler
from pipeline.domain.labels import Label

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2, pixels of the stored image."""

_EDGE = 0.005
"""A box nearer to the image's edge than this share of the image's size counts as cut off: its lower edge is not on the
ground, so it gives no position in meters."""

_NO_EVIDENCE: Final = 0.3
"""Score from which a detection is evidence of an object: half of what is found below comes and goes."""


@dataclass(frozen=True, slots=True)
class TrackObservation:
    """One track in one image.

    Attributes:
        label, box: from the tracker.
        score: of the detection, 0 to 1.
        stands_s: time that the observation stands for: since the frame analyzed before.
        ts_ms, pts_s: time of the frame; see `pipeline.domain.frame.Frame`.
        width, height: pixels of the image.
    """

    label: Label
    box: Box
    score: float
    stands_s: float
    ts_ms: int
    pts_s: float
    width: int
    height: int

    def ground_point(self, choice: GroundPointChoice) -> Point:
        """The point that represents the object's position, pixels."""
        x1, y1, x2, y2 = self.box
        return ((x1 + x2) / 2, y2 if choice is GroundPointChoice.BOTTOM_CENTER else (y1 + y2) / 2)

    @property
    def visible_s(self) -> float:
        """Time it stands for, weighted with its score: the sum over a track is the same at any rate of analysis."""
        return self.stands_s * max(0.0, self.score - _NO_EVIDENCE) / (1.0 - _NO_EVIDENCE)

    def cut_off(self) -> bool:
        """Whether the image's edge cuts the object."""
        x1, y1, x2, y2 = self.box
        margin_x, margin_y = _EDGE * self.width, _EDGE * self.height
        return x1 < margin_x or y1 < margin_y or x2 > self.width - margin_x or y2 > self.height - margin_y


@dataclass(slots=True)
class GroundSpeed:
    """Meters per second over the observations in which a track was wholly in the image."""

    calibration: Calibration
    path: PathLength
    meters: float = 0.0
    first_s: float | None = None
    last_s: float = 0.0
    size: tuple[int, int] = (0, 0)

    def add(self, point: Point, observation: TrackObservation, step_px: float) -> None:
        """Add the next observation."""
        if self.first_s is None:
            self.first_s = observation.pts_s
        self.last_s, self.size = observation.pts_s, (observation.width, observation.height)
        self._advance(self.path.add(point, observation.pts_s, step_px))

    def mean(self, fastest_m_s: float) -> float | None:
        """The mean speed; call it once, at the track's end.

        None when the object was never wholly in view for any time, crossed the horizon, or is faster than
        `fastest_m_s`.
        """
        if self.first_s is None or self.last_s <= self.first_s:
            return None
        if not self.path.moved:
            return 0.0
        self._advance(self.path.rest())
        speed = self.meters / (self.last_s - self.first_s)
        return speed if math.isfinite(speed) and speed <= fastest_m_s else None

    def _advance(self, segment: tuple[Point, Point] | None) -> None:
        if segment is not None:
            a, b = self.calibration.to_ground(segment, *self.size)
            self.meters += math.dist(a, b)


@dataclass(slots=True)
class TrackState:
    """An open track.

    Attributes:
        track_id: the tracker's number; sequence: how often that number was closed before.
        minute_ms: start of the minute it counts in.
        first_ts_ms, last_ts_ms: first and last observation, wall clock; first_s, last_s: the same in the stream's
            seconds.
        frames: number of observations; visible_s: sum of `TrackObservation.visible_s`.
        path_px: length between anchors so far; counted: whether a count includes it.
    """

    track_id: int
    sequence: int
    minute_ms: int
    first_ts_ms: int
    first_s: float
    path: PathLength
    ground: GroundSpeed | None
    trajectory: TrajectorySampler
    last_ts_ms: int = 0
    last_s: float = 0.0
    frames: int = 0
    visible_s: float = 0.0
    path_px: float = 0.0
    counted: bool = False
    _labels: dict[Label, int] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        track_id: int,
        observation: TrackObservation,
        *,
        sequence: int,
        minute_ms: int,
        settings: AnalyticsSettings,
        calibration: Calibration | None,
    ) -> TrackState:
        """A track that begins with this observation; `add` it next."""
        smoothing_s = settings.smoothing_s
        return cls(
            track_id,
            sequence,
            minute_ms,
            observation.ts_ms,
            observation.pts_s,
            PathLength(smoothing_s),
            None if calibration is None else GroundSpeed(calibration, PathLength(smoothing_s)),
            TrajectorySampler(round(1000 / settings.trajectory_hz) if settings.trajectory_hz else 0),
        )

    def add(self, observation: TrackObservation, settings: AnalyticsSettings) -> None:
        """Add the next observation."""
        self._labels[observation.label] = self._labels.get(observation.label, 0) + 1
        self.frames += 1
        self.visible_s += observation.visible_s
        self.last_ts_ms = max(self.last_ts_ms, observation.ts_ms)
        self.last_s = observation.pts_s
        point = observation.ground_point(settings.ground_point)
        elapsed_ms = round((observation.pts_s - self.first_s) * 1000)
        self.trajectory.add(elapsed_ms, point[0] / observation.width, point[1] / observation.height)
        x1, y1, x2, y2 = observation.box
        step_px = settings.step_fraction * math.sqrt(max(1.0, (x2 - x1) * (y2 - y1)))
        segment = self.path.add(point, observation.pts_s, step_px)
        if segment is not None:
            self.path_px += math.dist(*segment)
        if self.ground is not None and not observation.cut_off():
            self.ground.add(point, observation, step_px)

    def label(self) -> Label:
        """The label of most observations; on a tie the one with the smaller number."""
        return min(self._labels, key=lambda label: (-self._labels[label], label))

    def length_px(self) -> float:
        """Length of the whole path of the ground point."""
        rest = self.path.rest()
        return 0.0 if rest is None else self.path_px + math.dist(*rest)
