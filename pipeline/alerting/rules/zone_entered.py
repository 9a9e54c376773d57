"""Persons and vehicles in restricted zones while these are closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Final

from pipeline.alerting.condition import Condition, object_in_zone
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.alerting.settings import is_within
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.times import local_time
from pipeline.domain.traffic_areas import ZoneKind

_LEAST_FRAMES: Final = 3


class ZoneEntered:
    """A person or vehicle that came into a restricted zone while it is closed.

    Sees: persons and vehicles in the zone, by the point where the box ends below.

    Misses: what stood there when it was first seen, and what leaves again before the threshold.

    Args:
        limits: thresholds of the camera.
        closed: periods of the day by zone; a zone without any is always closed.
        zone: of those periods; None for the machine's.
    """

    rule: Final = AlertRule.ZONE_ENTERED

    def __init__(
        self, limits: Limits, closed: Mapping[str, Sequence[str]] | None = None, zone: tzinfo | None = None
    ) -> None:
        self._limits = limits
        self._closed = closed or {}
        self._zone = zone

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        moment = local_time(scene.ts_ms, self._zone).time()
        parked = {place.track_id for place in scene.standing if not place.arrived}
        for zone in scene.zones(ZoneKind.RESTRICTED):
            periods = self._closed.get(zone.name, ())
            if periods and not any(is_within(period, moment) for period in periods):
                continue
            for one in scene.within(zone):
                in_zone_s = one.in_zone_s(zone.name, scene.now_s)
                if in_zone_s < self._limits.value(self.rule, "entered_s") or len(one.path) < _LEAST_FRAMES:
                    continue
                if one.track_id in parked or (one.is_motor_vehicle and not one.has_moved):
                    continue
                yield object_in_zone(self.rule, Severity.WARNING, zone.name, one, in_zone_s)
