"""Vehicles that swerve from side to side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from pipeline.alerting.condition import Condition
from pipeline.alerting.followed_object import PathPoint, mean_size
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.traffic_areas import ZoneKind

_ZONES: Final = (ZoneKind.ROADWAY, ZoneKind.LANE, ZoneKind.BUS_LANE)
_WINDOW_S: Final = 10.0
_LEAST_S: Final = 3.0
_LEAST_POINTS: Final = 12
_LEAST_WAY: Final = 3.0
"""Own sizes: shorter paths have no shape."""
_AMPLITUDE: Final = 0.3
"""Own sizes to the side that a change of direction must go: half the width of a lane, about; boxes tremble by less."""
_LEAST_PIXELS: Final = 12.0
_BEND: Final = 2
"""Degree of the curve that a road is: one bend, no S."""


class SwervingVehicle:
    """A vehicle whose path goes left, right and left again by half a lane each, within ten seconds.

    Sees: drivers who lose control, or drive around something again and again.

    Misses: one change of lane, swerving that is shorter than three analyzed frames a turn, vehicles that others touch
    in the image, those in view for less than three seconds, and roads that wind in the view (no such zone should be
    drawn across an S bend).

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.SWERVING_VEHICLE

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._touched_s: dict[int, float] = {}

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        self._note_touched(scene)
        least = self._limits.value(self.rule, "swerves")
        for zone in scene.zones(*_ZONES):
            for one in scene.within(zone):
                if not one.is_motor_vehicle or not one.has_moved or one.size < _LEAST_PIXELS:
                    continue
                untouched_s = scene.now_s - self._touched_s.get(one.track_id, -math.inf)
                points = one.recent(min(_WINDOW_S, untouched_s))
                turns = changes_of_side(points)
                if turns >= least:
                    yield Condition(
                        self.rule,
                        Severity.WARNING,
                        (zone.name, one.track_id),
                        zone.name,
                        points[-1].at_s - points[0].at_s,
                        one.label,
                        one.track_id,
                        one.box,
                        {Figure.TURNS: turns},
                    )

    def _note_touched(self, scene: Scene) -> None:
        """Note which vehicles' boxes touch others: what hides a part of a vehicle moves its ground point."""
        for one in scene.objects:
            if one.is_motor_vehicle and (one.is_touched or one.is_cut):
                self._touched_s[one.track_id] = scene.now_s
        for track_id in [track for track, at_s in self._touched_s.items() if scene.now_s - at_s > _WINDOW_S]:
            del self._touched_s[track_id]


def changes_of_side(points: Sequence[PathPoint]) -> int:
    """How often a path turns from one side to another by a third of the object's size, against the bend of its road.

    Args:
        points: of the path, oldest first.

    Returns:
        0 for paths too short to have a shape.
    """
    if len(points) < _LEAST_POINTS or points[-1].at_s - points[0].at_s < _LEAST_S:
        return 0
    x, y = (np.array([getattr(point, axis) for point in points], np.float64) for axis in ("x", "y"))
    size = mean_size(list(points))
    dx, dy = x[-1] - x[0], y[-1] - y[0]
    way = math.hypot(dx, dy)
    if way < _LEAST_WAY * size:
        return 0
    along, side = (x * dx + y * dy) / way, (y * dx - x * dy) / way
    sizes = np.array([point.size for point in points], np.float64)
    offset = (side - np.polyval(np.polyfit(along, side, _BEND), along)) / sizes
    return _turns(offset.tolist())


def _turns(offsets: Sequence[float]) -> int:
    """Changes of direction, each of at least the amplitude."""
    turns, direction, extreme = 0, 0, offsets[0]
    for offset in offsets[1:]:
        if direction * (offset - extreme) >= 0 and direction:
            extreme = offset
        elif abs(offset - extreme) >= _AMPLITUDE:
            turns += direction != 0
            direction = 1 if offset > extreme else -1
            extreme = offset
    return turns
