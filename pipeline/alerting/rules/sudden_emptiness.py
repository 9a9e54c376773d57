"""Views that become empty although some persons or vehicles would be usual."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from pipeline.alerting.condition import Condition
from pipeline.alerting.limits import Limits
from pipeline.alerting.scene import Scene
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertRule, Severity
from pipeline.domain.traffic_areas import ZoneKind

_WATCHED_S: Final = 900.0
"""Time that a view is watched before it is judged: what is usual now is known from it."""
_REMEMBERED_S: Final = 3600.0
_CHANCE: Final = 14.0
"""A gap of so many mean intervals between arrivals happens by chance once in a million gaps."""
_LONGEST: Final = 3.0
"""Times the longest gap of the last hour: vehicles come in groups from the light before."""


class SuddenEmptiness:
    """No moving person and no moving vehicle for much longer than any gap of the last hour.

    Sees: a road that was closed before the view, people who have fled, a camera that was turned to a wall with an
    image that is otherwise good.

    Misses: everything where fewer than about one object a minute passes, and the first quarter of an hour.

    Args:
        limits: thresholds of the camera.
    """

    rule: Final = AlertRule.SUDDEN_EMPTINESS
    zones: Final[tuple[ZoneKind, ...]] = ()
    whole_view: Final = True
    factor: Final = _LONGEST

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._arrivals: deque[float] = deque(maxlen=5000)
        self._known: set[int] = set()
        self._last_s: float | None = None

    def observe(self, scene: Scene) -> Iterator[Condition]:
        """See `pipeline.alerting.condition.Rule`."""
        if self._last_s is None:
            self._last_s = scene.now_s
        moving = {one.track_id for one in scene.objects if one.has_moved}
        if moving:
            gap_s, self._last_s = scene.now_s - self._last_s, scene.now_s
            if moving - self._known:
                self._limits.learn(self.rule, "", scene.ts_ms, gap_s)
            self._arrivals.extend([scene.now_s] * len(moving - self._known))
            self._known = moving
            return
        while self._arrivals and scene.now_s - self._arrivals[0] > _REMEMBERED_S:
            self._arrivals.popleft()
        if scene.watched_s < _WATCHED_S or len(self._arrivals) < 2:
            return
        yield from self._judge(scene, scene.now_s - self._last_s)

    def _judge(self, scene: Scene, empty_s: float) -> Iterator[Condition]:
        limit = self._limits.limit(self.rule, "empty_s", "", scene.ts_ms, factor=self.factor)
        arrivals = list(self._arrivals)
        interval_s = (self._arrivals[-1] - arrivals[0]) / (len(arrivals) - 1)
        longest_s = max(after - before for before, after in pairwise(arrivals))
        if empty_s < max(limit.value, _CHANCE * interval_s, _LONGEST * longest_s):
            return
        figures = {Figure.SECONDS: empty_s, Figure.LIMIT: limit.value}
        yield Condition(self.rule, Severity.WARNING, "", "", empty_s, figures=figures)
