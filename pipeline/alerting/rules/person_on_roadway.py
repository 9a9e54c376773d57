"""Persons on roadways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.alerting.condition import Condition, object_in_zone
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.labels import Label
from pipeline.domain.traffic_areas import ZoneKind

_ROADWAYS: Final = (ZoneKind.ROADWAY, ZoneKind.LANE, ZoneKind.BUS_LANE)
_ALLOWED: Final = (ZoneKind.CROSSWALK, ZoneKind.SIDEWALK, ZoneKind.CYCLE_PATH, ZoneKind.QUEUE)
_FASTEST: Final = 2.5
"""Own sizes per second: who is faster rides, on a two-wheeler that was not detected. A size is about 1 m."""
_LEAST_FRAMES: Final = 3
_LEAST_PIXELS: Final = 10.0


class PersonOnRoadway:
    """A person on foot on a roadway, lane or bus lane, and on no crosswalk, sidewalk or queue zone there.

    Sees: persons who walk or stand on a motorway, beside a broken-down vehicle, between lanes.

    Misses: riders (left out by the two-wheeler below them, or by their speed), persons in front of a vehicle's box who
    are taken for passengers, persons lower than 10 pixels, and crossings shorter than the threshold.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.PERSON_ON_ROADWAY

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        least_s, allowed = self._limits.value(self.rule, "on_roadway_s"), scene.names(*_ALLOWED)
        for zone in scene.zones(*_ROADWAYS):
            for one in scene.within(zone):
                if one.label is not Label.PERSON or allowed & one.zones.keys() or one.size < _LEAST_PIXELS:
                    continue
                in_zone_s, speed = one.in_zone_s(zone.name, scene.now_s), one.lengths_s()
                if in_zone_s < least_s or len(one.path) < _LEAST_FRAMES or (speed or 0.0) > _FASTEST:
                    continue
                yield object_in_zone(self.rule, Severity.CRITICAL, zone.name, one, in_zone_s)
