"""Motor vehicles on sidewalks and cycle paths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.alerting.condition import Condition, object_in_zone
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.traffic_areas import MOTOR_TRAFFIC, ZoneKind

_ZONES: Final = (ZoneKind.SIDEWALK, ZoneKind.CYCLE_PATH)
_LEAST_FRAMES: Final = 3


class VehicleOffRoadway:
    """A motor vehicle that came onto a sidewalk or a cycle path.

    Sees: cars and motorcycles that drive or park there, by the point where their box ends below.

    Misses: vehicles that stood there when they were first seen; vehicles whose lower edge is hidden; short passages
    such as into a drive, which last less than the threshold.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.VEHICLE_OFF_ROADWAY

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        least_s, roads = self._limits.value(self.rule, "off_roadway_s"), scene.names(*MOTOR_TRAFFIC)
        parked = {place.track_id for place in scene.standing if not place.arrived}
        for zone in scene.zones(*_ZONES):
            for one in scene.within(zone):
                in_zone_s = one.in_zone_s(zone.name, scene.now_s)
                if not one.is_motor_vehicle or not one.has_moved or in_zone_s < least_s:
                    continue
                if roads & one.zones.keys() or one.track_id in parked or len(one.path) < _LEAST_FRAMES:
                    continue
                yield object_in_zone(self.rule, Severity.WARNING, zone.name, one, in_zone_s)
