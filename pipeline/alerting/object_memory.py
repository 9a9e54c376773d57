"""Tracks of one camera to the objects that rules judge: no second boxes, no riders, no passengers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from pipeline.alerting.followed_object import Box, FollowedObject
from pipeline.alerting.scene import Scene
from pipeline.alerting.standing_places import StandingPlaces, area, shared_area
from pipeline.alerting.zone_motion import ZoneMotion
from pipeline.domain.detections import Tracks, shared_areas
from pipeline.domain.frame import Frame
from pipeline.domain.labels import VEHICLES, Label
from pipeline.domain.traffic_areas import TrafficAreas

_LEAST_SCORE: Final = 0.35
"""Detections below it come and go; tracks live on without them."""
_FORGOTTEN_S: Final = 60.0
_MOST: Final = 1000
_ZONE_GRACE_S: Final = 1.0
"""Time outside a zone after which an object has left it: ground points tremble at its edge."""
_INSIDE: Final = 0.75
"""Share of a box within another one of its kind from which it is the same vehicle again, such as a trailer or a cab."""
_RIDDEN: Final = 0.25
_ABOARD: Final = 0.7
_TOUCHES: Final = 0.1
"""Share of a box that another vehicle must share to hide a part of it."""
_OBJECTS: Final = (*sorted(VEHICLES), Label.PERSON)
_LOST_S: Final = 3.0
_NEAR: Final = 2.0
"""Own sizes between the end of one track and the begin of the next one of the same vehicle."""
_ALIKE: Final = 0.6
_EDGE_PX: Final = 2.0
_TWO_WHEELERS: Final = frozenset({Label.BICYCLE, Label.MOTORCYCLE})


class ObjectMemory:
    """Follows the objects of one session of one camera.

    Memory is bounded: at most a thousand objects, forgotten a minute after they were last seen.

    Args:
        areas: the camera's zones and lines.
    """

    def __init__(self, areas: TrafficAreas) -> None:
        self._areas = areas
        self._objects: dict[int, FollowedObject] = {}
        self._places = StandingPlaces()
        self._motion = ZoneMotion()
        self._begun_s: float | None = None

    def observe(self, frame: Frame, tracks: Tracks, now_s: float) -> Scene:
        """The scene of the next frame.

        Args:
            frame: the frame; tracks: of it.
            now_s: its time, seconds, never less than before.
        """
        self._begun_s = now_s if self._begun_s is None else self._begun_s
        size = frame.image.width, frame.image.height
        objects = _distinct(self._see(tracks, now_s, size))
        self._place(objects, size, now_s)
        self._places.update(objects, now_s)
        self._motion.update(objects, now_s)
        self._forget(now_s)
        watched_s = now_s - self._begun_s
        return Scene(now_s, frame.ts_ms, watched_s, *size, self._areas, objects, tuple(self._places), self._motion)

    def _see(self, tracks: Tracks, now_s: float, size: tuple[int, int]) -> list[FollowedObject]:
        seen = tracks.labeled(*_OBJECTS)
        boxes = [_box(box) for box in seen.detections.boxes]
        labels = [Label(int(label)) for label in seen.detections.labels]
        ridden = [box for box, label in zip(boxes, labels, strict=True) if label in _TWO_WHEELERS]
        found = []
        for track_id, label, box, score in zip(
            seen.ids.tolist(), labels, boxes, seen.detections.scores.tolist(), strict=True
        ):
            if score < _LEAST_SCORE:
                continue
            one = self._objects.get(track_id)
            if one is None:
                one = self._objects[track_id] = FollowedObject.begin(track_id, label, box, now_s)
                one.has_moved = one.is_motor_vehicle and self._follows_another(one, now_s)
            one.see(label, box, now_s, rides=label is Label.PERSON and any(_rides(box, below) for below in ridden))
            one.is_cut = _is_cut(box, size)
            found.append(one)
        return found

    def _follows_another(self, new: FollowedObject, now_s: float) -> bool:
        """Whether a new track goes on where one of a moving vehicle has just ended: trackers lose what brakes hard."""
        return any(
            one.has_moved
            and one.still_since_s is None
            and 0 < now_s - one.last_s <= _LOST_S
            and math.dist(one.point, new.point) <= _NEAR * max(one.size, new.size)
            and min(one.size, new.size) >= _ALIKE * max(one.size, new.size)
            for one in self._objects.values()
            if one.is_motor_vehicle
        )

    def _place(self, objects: Sequence[FollowedObject], size: tuple[int, int], now_s: float) -> None:
        """Note in which zones the objects are."""
        if not objects or not self._areas.zones:
            return
        points = np.array([one.point for one in objects], np.float64) / size
        points[:, 1] = np.minimum(points[:, 1], 1.0 - 1e-6)  # a vehicle that the lower edge cuts is at that edge
        inside = {zone.name: zone.contains(points) for zone in self._areas.zones}
        for number, one in enumerate(objects):
            one.be_in({name for name, within in inside.items() if within[number]}, now_s, _ZONE_GRACE_S)

    def _forget(self, now_s: float) -> None:
        for track_id in [one.track_id for one in self._objects.values() if now_s - one.last_s > _FORGOTTEN_S]:
            del self._objects[track_id]
        while len(self._objects) > _MOST:
            del self._objects[min(self._objects, key=lambda track_id: self._objects[track_id].last_s)]


def _distinct(objects: Sequence[FollowedObject]) -> list[FollowedObject]:
    """The objects without second boxes of a vehicle, riders, and persons in a vehicle; oldest tracks first.

    Of those that stay, `is_touched` says whether another vehicle hides a part.
    """
    ordered = sorted(objects, key=lambda one: (one.first_s, one.track_id))
    if not ordered:
        return []
    boxes = np.array([one.box for one in ordered], np.float64)
    shared = shared_areas(boxes, boxes)
    areas = np.maximum(np.diagonal(shared), 1e-9)
    motor = np.array([one.is_motor_vehicle for one in ordered], bool)
    labels = np.array([one.label for one in ordered])
    alike = (motor[:, None] & motor) | (labels[:, None] == labels)
    smaller, larger = np.minimum(areas[:, None], areas), np.maximum(areas[:, None], areas)
    same = alike & (shared >= _INSIDE * smaller) & ((motor[:, None] & motor) | (smaller > 0.5 * larger))
    # A person within a vehicle's box and above its wheels is in it, unlike one who passes in front of it.
    heights = boxes[:, 3] - boxes[:, 1]
    aboard = motor & (shared >= _ABOARD * areas[:, None]) & (boxes[:, None, 3] < boxes[:, 3] - 0.12 * heights)
    touched = motor & (shared > _TOUCHES * areas[:, None])
    np.fill_diagonal(touched, val=False)
    found: list[int] = []
    for number, one in enumerate(ordered):
        if one.is_rider or (one.label is Label.PERSON and aboard[number].any()):
            continue
        if not same[number, found].any():
            found.append(number)
    for number in found:
        ordered[number].is_touched = bool(touched[number, found].any())
    return [ordered[number] for number in found]


def _rides(person: Box, below: Box) -> bool:
    """Whether a person is on a two-wheeler: the boxes share much, and the person ends above the wheels or at them."""
    return shared_area(person, below) >= _RIDDEN * min(area(person), area(below)) and person[1] < below[1]


def _is_cut(box: Box, size: tuple[int, int]) -> bool:
    x1, y1, x2, y2 = box
    return x1 <= _EDGE_PX or y1 <= _EDGE_PX or x2 >= size[0] - _EDGE_PX or y2 >= size[1] - _EDGE_PX


def _box(box: np.typing.NDArray[np.float32]) -> Box:
    x1, y1, x2, y2 = box.tolist()
    return x1, y1, x2, y2
