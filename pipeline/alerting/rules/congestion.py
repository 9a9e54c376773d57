"""Congested zones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from pipeline.alerting.condition import Condition
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.traffic_areas import Zone, ZoneKind

_ZONES: Final = (ZoneKind.ROADWAY, ZoneKind.LANE, ZoneKind.BUS_LANE)
_WINDOW_S: Final = 120.0
"""Longer than a light is red."""
_ENOUGH: Final = 0.9
"""Share of the window that was watched before it is judged."""
_SAMPLE_S: Final = 1.0
_ENDS_S: Final = 30.0
"""Time over which its end is judged."""
_ENDS: Final = 2.0
"""Times the speed at which it begins, at which it ends."""
_ENDS_VEHICLES: Final = 0.5
"""Share of the vehicles at which it ends."""


class _Sample(NamedTuple):
    at_s: float
    vehicles: int
    speed: float


class Congestion:
    """A zone in which many vehicles hardly move for two minutes.

    Sees: queues that stand or crawl for longer than a light is red. It ends when traffic moves at twice that speed, or
    half of the vehicles are left.

    Misses: congestion in zones of the kind queue; vehicles that are not detected, as in the far part of an oblique
    view; slow traffic with few vehicles.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.CONGESTION
    zones: Final = _ZONES
    whole_view: Final = False
    factor: Final = 1.5

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._samples: dict[str, deque[_Sample]] = {}
        self._begun_s: dict[str, float] = {}

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        for zone in scene.zones(*_ZONES):
            samples = self._samples.setdefault(zone.name, deque(maxlen=round(2 * _WINDOW_S / _SAMPLE_S)))
            if not samples or scene.now_s - samples[-1].at_s >= _SAMPLE_S:
                samples.append(_sample(scene, zone))
            while samples and scene.now_s - samples[0].at_s > _WINDOW_S:
                samples.popleft()
            if scene.now_s - samples[0].at_s < _ENOUGH * _WINDOW_S:
                continue
            yield from self._judge(scene, zone, list(samples))

    def _judge(self, scene: Scene, zone: Zone, samples: list[_Sample]) -> Iterator[Condition]:
        begun = zone.name in self._begun_s
        if begun:
            samples = [sample for sample in samples if scene.now_s - sample.at_s <= _ENDS_S]
        vehicles = sum(sample.vehicles for sample in samples) / len(samples)
        speed = sum(sample.vehicles * sample.speed for sample in samples) / max(
            sum(sample.vehicles for sample in samples), 1
        )
        limit = self._limits.limit(self.rule, "congestion_vehicles", zone.name, scene.ts_ms, factor=self.factor)
        slowest = self._limits.stated.congestion_lengths_s
        least, fastest = (_ENDS_VEHICLES * limit.value, _ENDS * slowest) if begun else (limit.value, slowest)
        if vehicles < least or speed > fastest:
            self._begun_s.pop(zone.name, None)
            if samples[-1].vehicles and speed > fastest:
                self._limits.learn(self.rule, zone.name, scene.ts_ms, vehicles)
            return
        begun_s = self._begun_s.setdefault(zone.name, scene.now_s)
        figures = {Figure.COUNT: round(vehicles), Figure.LENGTHS_S: round(speed, 2), Figure.LIMIT: limit.value}
        if limit.usual is not None:
            figures[Figure.USUAL] = round(limit.usual)
        yield Condition(
            self.rule, Severity.WARNING, zone.name, zone.name, scene.now_s - begun_s + _WINDOW_S, figures=figures
        )


def _sample(scene: Scene, zone: Zone) -> _Sample:
    """Vehicles of a zone in one frame without parked ones, and their mean speed."""
    parked = {place.track_id for place in scene.standing if not place.arrived}
    vehicles = [one for one in scene.within(zone) if one.is_motor_vehicle and one.track_id not in parked]
    speeds = [speed for one in vehicles if (speed := one.lengths_s()) is not None]
    return _Sample(scene.now_s, len(vehicles), sum(speeds) / len(speeds) if speeds else 0.0)
