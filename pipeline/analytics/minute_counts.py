"""How many tracks began in each minute; each track is told once, when its minute can no longer change."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass, field

from pipeline.domain.labels import Label

MINUTE_MS = 60_000
_REMEMBERED_MINUTES = 10_080
"""A week: how far back a camera's clock may be set before numbers of counts repeat."""


@dataclass(slots=True)
class _Minute:
    open: int = 0
    closed: Counter[Label] = field(default_factory=Counter)


@dataclass(slots=True)
class MinuteCounts:
    """Tracks by the minute and label of their beginning.

    A minute is ripe when it is over and all tracks that began in it are closed, or when `settle_ms` more have passed.
    The book then takes it away for good: no track is ever told twice, so a reader that adds up (a Kafka consumer, a
    dashboard) is right without knowing about replacements. What belongs to a minute already told (a track that became
    long enough to count after that, a camera's clock set back) is told as that minute's next event.
    """

    settle_ms: int
    _minutes: dict[int, _Minute] = field(default_factory=dict)
    _times_told: OrderedDict[int, int] = field(default_factory=OrderedDict)

    def begin(self, ts_ms: int) -> int:
        """A track begins; returns the minute (its start) it belongs to."""
        minute_ms = ts_ms - ts_ms % MINUTE_MS
        self._minutes.setdefault(minute_ms, _Minute()).open += 1
        return minute_ms

    def close(self, minute_ms: int, label: Label | None) -> None:
        """A track of that minute is closed, and counts under `label`, or not at all (None)."""
        if minute_ms in self._minutes:
            self._minutes[minute_ms].open -= 1
        if label is not None:
            self._minutes.setdefault(minute_ms, _Minute()).closed[label] += 1

    def ripe(self, ts_ms: int) -> list[int]:
        """Minutes to tell at this time, oldest first."""
        return [minute_ms for minute_ms in self.pending() if self._is_ripe(minute_ms, ts_ms)]

    def pending(self) -> list[int]:
        """All minutes not yet told, oldest first."""
        return sorted(self._minutes)

    def tell(self, minute_ms: int) -> tuple[Counter[Label], int]:
        """Counts of the closed tracks of that minute, which is then forgotten, and how often it was told before."""
        sequence = self._times_told.pop(minute_ms, 0)
        self._times_told[minute_ms] = sequence + 1
        while len(self._times_told) > _REMEMBERED_MINUTES:
            self._times_told.popitem(last=False)
        return self._minutes.pop(minute_ms).closed, sequence

    def _is_ripe(self, minute_ms: int, ts_ms: int) -> bool:
        over_ms = ts_ms - (minute_ms + MINUTE_MS)
        return over_ms >= 0 and (over_ms >= self.settle_ms or self._minutes[minute_ms].open == 0)
