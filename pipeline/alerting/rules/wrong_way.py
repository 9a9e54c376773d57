"""Vehicles that travel against the direction of their lane."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from pipeline.alerting.condition import Condition
from pipeline.alerting.followed_object import FollowedObject, PathPoint, mean_size
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.traffic_areas import Zone, ZoneKind

_WINDOW_S: Final = 4.0
_LEAST_DEGREES: Final = 120.0
_LEAST_SIZES: Final = 1.2
"""Own sizes traveled against the heading: boxes of vehicles that stand or are cut grow and shrink by less."""
_LEAST_POINTS: Final = 4
_STEADY: Final = 0.8
"""Share of the steps that go against the heading: a track that jumps from vehicle to vehicle goes back in one step."""
_LARGEST_STEP: Final = 0.5
"""Of the way, for the same reason."""


class WrongWay:
    """A motor vehicle that travels against the heading of its zone.

    Sees: a vehicle that goes more than 120 degrees off the heading, steadily, for a second and more than its own size.

    Misses: vehicles seen in fewer than four analyzed frames; bicycles; zones without a heading; a vehicle that
    reverses by less than its size.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.WRONG_WAY

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        least_s = self._limits.value(self.rule, "wrong_way_s")
        for zone in scene.areas.zones:
            if zone.heading is None or zone.kind is ZoneKind.CYCLE_PATH:
                continue
            for one in scene.within(zone):
                if one.is_motor_vehicle and (found := _against(scene, zone, one, least_s)) is not None:
                    yield Condition(
                        self.rule,
                        Severity.CRITICAL,
                        (zone.name, one.track_id),
                        zone.name,
                        found[Figure.SECONDS],
                        one.label,
                        one.track_id,
                        one.box,
                        found,
                    )


def _against(scene: Scene, zone: Zone, one: FollowedObject, least_s: float) -> dict[Figure, float] | None:
    """For how long and by which angle an object travels against the heading of a zone; None where it does not."""
    entered_s = one.zones[zone.name].since_s
    points = [point for point in one.recent(_WINDOW_S) if point.at_s >= entered_s]
    if len(points) < _LEAST_POINTS or (passed_s := points[-1].at_s - points[0].at_s) < least_s:
        return None
    heading = _heading(zone, scene.width, scene.height)
    back = [-_along(before, after, heading) for before, after in pairwise(points)]
    way = sum(back)
    if way < _LEAST_SIZES * mean_size(points):
        return None
    if max(back) > max(_LARGEST_STEP * way, mean_size(points)) or sum(step > 0 for step in back) < _STEADY * len(back):
        return None
    degrees = _degrees(points, heading)
    return {Figure.SECONDS: passed_s, Figure.DEGREES: round(degrees)} if degrees >= _LEAST_DEGREES else None


def _heading(zone: Zone, width: int, height: int) -> tuple[float, float]:
    """Unit vector of the direction of travel, in pixels."""
    assert zone.heading is not None  # noqa: S101 - the caller has checked it
    (x1, y1), (x2, y2) = zone.heading
    dx, dy = (x2 - x1) * width, (y2 - y1) * height
    length = math.hypot(dx, dy)
    return dx / length, dy / length


def _along(before: PathPoint, after: PathPoint, heading: tuple[float, float]) -> float:
    return (after.x - before.x) * heading[0] + (after.y - before.y) * heading[1]


def _degrees(points: Sequence[PathPoint], heading: tuple[float, float]) -> float:
    dx, dy = points[-1].x - points[0].x, points[-1].y - points[0].y
    cosine = (dx * heading[0] + dy * heading[1]) / max(math.hypot(dx, dy), 1e-9)
    return math.degrees(math.acos(min(max(cosine, -1.0), 1.0)))
