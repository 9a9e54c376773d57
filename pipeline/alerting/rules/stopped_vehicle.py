"""Stopped vehicles on lanes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipeline.alerting.condition import Condition
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.alerting.standing_places import StandingPlace
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.traffic_areas import Zone, ZoneKind

_LANES: Final = (ZoneKind.LANE, ZoneKind.ROADWAY, ZoneKind.BUS_LANE)
_NOT: Final = (ZoneKind.QUEUE,)
_SETTLING_S: Final = 3.0
"""Time after the stop from which vehicles that pass count: those before it were just in front of it."""
_FLOWS_S: Final = 20.0
"""Traffic that has passed within this time flows."""
_ALONE: Final = 3.0
"""Times the threshold where nothing else is on the lane: one vehicle may wait for something out of view."""
_AMONG_OTHERS: Final = 9.0
"""The same where others stand, too: no light is red for three minutes."""
_LEAST_PASSING: Final = 2
_PASSING_PER_STANDING: Final = 2
"""Vehicles that pass for each other one that stands: in a dense queue, some lane always moves."""


class StoppedVehicle:
    """A vehicle that came, stopped on a lane, and stands there.

    Sees: a breakdown, an accident, a stop in the second row, while traffic passes; after three times as long a single
    one on an empty lane, after nine times one among others that stand. Tracks may end and begin again meanwhile: the
    place counts.

    Misses: vehicles that stood there when the camera was started, or when they first became visible (they may be
    parked); vehicles in zones of the kind queue; vehicles that others hide for more than half a minute.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.STOPPED_VEHICLE
    zones: Final = _LANES
    whole_view: Final = False
    factor: Final = 1.5

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._stopped: dict[int, tuple[StandingPlace, str]] = {}

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        queues, lanes = scene.zones(*_NOT), scene.zones(*_LANES)
        standing = {
            place.number: (place, zone.name)
            for place in scene.standing
            if place.arrived
            and scene.contains(queues, place.point) is None
            and (zone := scene.contains(lanes, place.point)) is not None
        }
        self._learn(scene, standing)
        self._stopped = standing
        by_name = {zone.name: zone for zone in lanes}
        for place, name in standing.values():
            yield from self._judge(scene, place, by_name[name])

    def _judge(self, scene: Scene, place: StandingPlace, zone: Zone) -> Iterator[Condition]:
        stands_s = place.stands_s(scene.now_s)
        limit = self._limits.limit(self.rule, "stopped_s", zone.name, scene.ts_ms, factor=self.factor)
        if stands_s < limit.value * self._factor(scene, place, zone):
            return
        figures = {Figure.SECONDS: stands_s, Figure.LIMIT: limit.value}
        if limit.usual is not None:
            figures[Figure.USUAL] = limit.usual
        yield Condition(
            self.rule,
            Severity.WARNING,
            (zone.name, place.number),
            zone.name,
            stands_s,
            place.label,
            place.track_id,
            place.box,
            figures,
        )

    def _factor(self, scene: Scene, place: StandingPlace, zone: Zone) -> float:
        """How many times the threshold has to pass."""
        since_s = max(place.since_s + _SETTLING_S, scene.now_s - _FLOWS_S)
        standing = {other.track_id for other in scene.standing}  # those that came to stand behind it pass nothing
        others = sum(other is not place and other.arrived for other in scene.standing)
        passing = scene.motion.moved_since(zone.name, since_s, but=standing)
        if passing >= max(_LEAST_PASSING, _PASSING_PER_STANDING * others):
            return 1.0
        return _AMONG_OTHERS if others else _ALONE

    def _learn(self, scene: Scene, standing: dict[int, tuple[StandingPlace, str]]) -> None:
        """Count how long each stop that has ended lasted."""
        for number, (place, name) in self._stopped.items():
            if number not in standing:
                self._limits.learn(self.rule, name, scene.ts_ms, place.last_s - place.since_s)
