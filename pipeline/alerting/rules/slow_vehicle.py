"""Vehicles that are much slower than the traffic around them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from statistics import median
from typing import Final, TypeAlias

from pipeline.alerting.condition import Condition
from pipeline.alerting.followed_object import FollowedObject
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.labels import Label
from pipeline.domain.traffic_areas import ZoneKind

_ZONES: Final = (ZoneKind.ROADWAY, ZoneKind.LANE, ZoneKind.BUS_LANE)
_WINDOW_S: Final = 4.0
_LEAST_SPEED: Final = 0.1
"""Own sizes per second below which a vehicle stands, which is another rule's business."""
_FLOWS: Final = 0.8
"""Median speed from which a slow vehicle is no part of a queue."""
_LEAST_OTHERS: Final = 8
_REMEMBERED_S: Final = 300.0
_MOST: Final = 100
_LASTS_S: Final = 2.0
_FAMILIES: Final = {Label.CAR: "car", Label.MOTORCYCLE: "motorcycle", Label.BUS: "large", Label.TRUCK: "large"}
"""Classes whose boxes are of a size, so that speeds in sizes compare."""


_BANDS: Final = 8
_LEAST_PIXELS: Final = 12.0
_Place: TypeAlias = tuple[str, str, int]
"""Zone, class, and part of the image's height."""


class SlowVehicle:
    """A vehicle that moves at less than a third of the median speed of its class in the zone, while traffic flows.

    Sees: vehicles with a failure, those that search for something, wide loads. Speeds are in own sizes, and
    compared within an eighth of the image's height: far away, the same way along the road is a shorter one in the image
    than the size would say.

    Misses: vehicles among slow traffic, on roads with fewer than eight vehicles in five minutes, and such as are in
    view for less than four seconds.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.SLOW_VEHICLE

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._speeds: dict[_Place, OrderedDict[int, tuple[float, float]]] = {}
        self._slow_since_s: dict[int, float] = {}

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        queues = scene.names(ZoneKind.QUEUE)
        slow: dict[int, float] = {}
        for zone in scene.zones(*_ZONES):
            for one in scene.within(zone):
                family, speed = _FAMILIES.get(one.label), one.lengths_s(_WINDOW_S)
                if family is None or speed is None or not one.has_moved or one.is_cut or one.size < _LEAST_PIXELS:
                    continue
                if queues & one.zones.keys():
                    continue
                band = int(_BANDS * one.point[1] / scene.height)
                usual = self._usual((zone.name, family, band), one, speed, scene.now_s)
                if usual is None or not _LEAST_SPEED < speed < self._limits.value(self.rule, "slow_share") * usual:
                    continue
                if scene.now_s - one.first_s < _WINDOW_S or one.still_s(scene.now_s) > 1.0:
                    continue
                since_s = slow[one.track_id] = self._slow_since_s.get(one.track_id, scene.now_s)
                if scene.now_s - since_s >= _LASTS_S:
                    yield self._condition(zone.name, one, speed, usual, scene.now_s - since_s)
        self._slow_since_s = slow

    def _usual(self, key: _Place, one: FollowedObject, speed: float, now_s: float) -> float | None:
        """Median speed of the other vehicles of a class at a place, while it flows; notes this one's."""
        speeds = self._speeds.setdefault(key, OrderedDict())
        while speeds and (len(speeds) > _MOST or now_s - next(iter(speeds.values()))[0] > _REMEMBERED_S):
            speeds.popitem(last=False)
        others = [other for track, (_, other) in speeds.items() if track != one.track_id]
        speeds[one.track_id] = now_s, speed
        speeds.move_to_end(one.track_id)
        if len(others) < _LEAST_OTHERS or (usual := median(others)) < _FLOWS:
            return None
        return usual

    def _condition(self, zone: str, one: FollowedObject, speed: float, usual: float, lasts_s: float) -> Condition:
        figures = {Figure.LENGTHS_S: round(speed, 2), Figure.USUAL: round(usual, 2)}
        return Condition(
            self.rule,
            Severity.WARNING,
            (zone, one.track_id),
            zone,
            lasts_s,
            one.label,
            one.track_id,
            one.box,
            figures,
        )
