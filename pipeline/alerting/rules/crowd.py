"""Crowds that grow."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from pipeline.alerting.condition import Condition
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.labels import Label
from pipeline.domain.traffic_areas import ZoneKind

_ZONES: Final = (ZoneKind.SIDEWALK, ZoneKind.CROSSWALK, ZoneKind.RESTRICTED, ZoneKind.OTHER, ZoneKind.ROADWAY)
_SMOOTH_S: Final = 10.0
_BEFORE_S: Final = 600.0
_SAMPLE_S: Final = 2.0
_WATCHED_S: Final = 60.0
_GROWN: Final = 2.0
_ENDS: Final = 0.6
"""Share of the number at which it began, at which it ends."""


class _Sample(NamedTuple):
    at_s: float
    persons: int


class Crowd:
    """A number of persons that is large for the camera and hour, and has doubled within ten minutes.

    Sees: people who gather, in a zone for people or on the roadway; in the whole view where no zone is drawn.

    Misses: crowds so dense that persons hide each other (the detector counts fewer), and those that were there when the
    camera was started.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.CROWD
    zones: Final = _ZONES
    whole_view: Final = True
    factor: Final = 1.5

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._samples: dict[str, deque[_Sample]] = {}
        self._begun: dict[str, tuple[float, float]] = {}

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        persons = [one for one in scene.objects if one.label is Label.PERSON]
        names = [zone.name for zone in scene.zones(*_ZONES)]
        counts = {name: sum(name in one.zones for one in persons) for name in names}
        for name, count in (counts or {"": len(persons)}).items():
            samples = self._samples.setdefault(name, deque(maxlen=round(2 * _BEFORE_S / _SAMPLE_S)))
            if not samples or scene.now_s - samples[-1].at_s >= _SAMPLE_S:
                samples.append(_Sample(scene.now_s, count))
            while samples and scene.now_s - samples[0].at_s > _BEFORE_S:
                samples.popleft()
            if scene.watched_s >= _WATCHED_S:
                yield from self._judge(scene, name, list(samples))

    def _judge(self, scene: Scene, name: str, samples: list[_Sample]) -> Iterator[Condition]:
        recent = [sample.persons for sample in samples if scene.now_s - sample.at_s <= _SMOOTH_S]
        before = sorted(sample.persons for sample in samples if scene.now_s - sample.at_s > _SMOOTH_S)
        if not recent or not before:
            return
        # Medians: one frame with second boxes is no crowd.
        count, median = float(sorted(recent)[len(recent) // 2]), before[len(before) // 2]
        limit = self._limits.limit(self.rule, "crowd_persons", name, scene.ts_ms, factor=self.factor)
        if name in self._begun:
            begun_s, at_begin = self._begun[name]
            if count < _ENDS * at_begin:
                del self._begun[name]
                return
        elif count >= max(limit.value, _GROWN * median):
            begun_s = scene.now_s
            self._begun[name] = begun_s, count
        else:
            self._limits.learn(self.rule, name, scene.ts_ms, count)
            return
        figures = {Figure.COUNT: count, Figure.LIMIT: limit.value}
        if limit.usual is not None:
            figures[Figure.USUAL] = round(limit.usual)
        yield Condition(self.rule, Severity.WARNING, name, name, scene.now_s - begun_s, figures=figures)
