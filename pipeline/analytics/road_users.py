"""The road users of one session: tracks joined where the tracker changed their numbers, and each shown once."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.double_boxes import LARGE_VEHICLES, DoubleBoxes
from pipeline.analytics.line_crossings import LineState
from pipeline.analytics.path_length import Point
from pipeline.analytics.road_user import RoadUser
from pipeline.analytics.settings import COUNTABLE, GroundPointChoice
from pipeline.analytics.track_state import TrackObservation
from pipeline.domain.detections import Tracks
from pipeline.domain.frame import Frame
from pipeline.domain.labels import Label

_JOINED_WITHIN_S: Final = 1.5
_JOINED_SIZES: Final = 0.8
"""Distance between a new track and where a lost one is expected, in box sizes, up to which they are one."""
_LIKE_SIZE: Final = 1.6
"""Ratio of their sizes."""
LONGEST_S: Final = 2.0
"""Largest time that one frame stands for; before it, the scene may have been another one."""


@dataclass(frozen=True, slots=True)
class SeenUser:
    """A road user in one frame.

    Attributes:
        track_id: of its track; state: see `RoadUser`; point: its ground point, pixels.
    """

    track_id: int
    state: RoadUser
    point: Point


class RoadUsers:
    """Joins tracks and leaves out those that show a road user twice.

    Args:
        lines: number of lines whose crossings are watched.
        labels: that are counted.
        ground_point: point of a box that stands for its object.
        calibration: of the camera; None for no speeds.
        most: open tracks; the one unseen for longest is dropped beyond.
    """

    def __init__(
        self,
        lines: int,
        labels: Collection[Label],
        ground_point: GroundPointChoice,
        calibration: Calibration | None,
        most: int,
    ) -> None:
        self._lines = lines
        self._labels = frozenset(labels) & COUNTABLE
        self._ground_point = ground_point
        self._calibration = calibration
        self._most = most
        self._open: OrderedDict[int, RoadUser] = OrderedDict()
        self._joined: set[int] = set()
        self._doubles = DoubleBoxes()
        self._newest_s: float | None = None

    def observe(self, frame: Frame, tracks: Tracks) -> tuple[list[SeenUser], float]:
        """The road users of the next frame, and the seconds that it stands for."""
        passed_s = 0.0 if self._newest_s is None else min(max(0.0, frame.pts_s - self._newest_s), LONGEST_S)
        self._newest_s = frame.pts_s
        countable = tracks.labeled(*self._labels)
        seen = [
            SeenUser(track_id, *self._observed(track_id, observation, set(countable.ids.tolist())))
            for track_id, observation in self._observations(frame, countable, passed_s)
        ]
        self._doubles.observe(countable, [user.state.label for user in seen], frame.pts_s)
        return seen, passed_s

    def twice(self, track_id: int, among: Collection[int]) -> bool:
        """Whether one of some other tracks shows the same road user."""
        return any(partner in among for partner in self._doubles.partners(track_id))

    def first_boxes(self, seen: list[SeenUser]) -> list[SeenUser]:
        """The road users without second boxes: of two, a person on a two-wheeler gives way, else the later track."""
        labels = {user.track_id: user.state.label for user in seen}

        def second(user: SeenUser) -> bool:
            own = labels[user.track_id]
            return any(
                (own is Label.PERSON) > (labels[partner] is Label.PERSON)
                or ((own is Label.PERSON) == (labels[partner] is Label.PERSON) and partner < user.track_id)
                for partner in self._doubles.partners(user.track_id)
                if partner in labels
            )

        return [user for user in seen if not second(user)]

    def end(self, track_ids: Collection[int]) -> None:
        """Forget tracks that the tracker gave up."""
        for track_id in track_ids:
            self._open.pop(track_id, None)
            self._joined.discard(track_id)
            self._doubles.end(track_id)

    def _observations(self, frame: Frame, tracks: Tracks, passed_s: float) -> Iterator[tuple[int, TrackObservation]]:
        size = frame.image.width, frame.image.height
        for (box, score, label), track_id in zip(tracks.detections, tracks.ids.tolist(), strict=True):
            x1, y1, x2, y2 = box.tolist()
            yield track_id, TrackObservation(label, (x1, y1, x2, y2), score, passed_s, frame.ts_ms, frame.pts_s, *size)

    def _observed(
        self, track_id: int, observation: TrackObservation, visible: Collection[int]
    ) -> tuple[RoadUser, Point]:
        point = observation.ground_point(self._ground_point)
        user = self._open.get(track_id)
        if user is None or track_id in self._joined:
            user = self._begun(track_id, observation, point, visible)
        self._open.move_to_end(track_id)
        user.add(observation, point, self._calibration)
        return user, point

    def _begun(self, track_id: int, observation: TrackObservation, point: Point, visible: Collection[int]) -> RoadUser:
        """The state of a new track; that of a lost one which it continues."""
        self._joined.discard(track_id)
        while len(self._open) >= self._most:
            self.end([next(iter(self._open))])
        user = self._open[track_id] = RoadUser([LineState() for _ in range(self._lines)])
        before = self._continued(track_id, observation, point, visible)
        if before is not None:
            user.continues(self._open[before])
            self._joined.add(before)
        return user

    def _continued(
        self, track_id: int, observation: TrackObservation, point: Point, visible: Collection[int]
    ) -> int | None:
        """The lost track that a new one continues: the nearest to where it is expected."""
        x1, y1, x2, y2 = observation.box
        size = math.sqrt(max(1.0, (x2 - x1) * (y2 - y1)))
        found: list[tuple[float, int]] = []
        for other_id, other in self._open.items():
            if other_id == track_id or other_id in visible or other_id in self._joined:
                continue
            lost_s = observation.pts_s - other.last_s
            like = 1 / _LIKE_SIZE <= size / other.size <= _LIKE_SIZE
            if not 0 < lost_s <= _JOINED_WITHIN_S or not like or not _may_be_same(other.label, observation.label):
                continue
            apart = math.dist(other.expected(observation.pts_s), point) / max(size, other.size)
            if apart <= _JOINED_SIZES:
                found.append((apart, other_id))
        return min(found)[1] if found else None


def _may_be_same(a: Label, b: Label) -> bool:
    return a is b or {a, b} <= LARGE_VEHICLES
