"""Numbers of tracks that began in each minute, by label; each track is reported once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from pipeline.analytics.reported_minutes import ReportedMinutes
from pipeline.domain.labels import Label
from pipeline.domain.times import MINUTE_MS


@dataclass(slots=True)
class _Minute:
    open: int = 0
    closed: Counter[Label] = field(default_factory=Counter)


@dataclass(slots=True)
class MinuteCounts:
    """Tracks by the minute and label of their beginning.

    A minute is due when it is over and all tracks that began in it are closed, or when `settle_ms` more have passed.
    It is then removed for good: no track is ever reported twice, so a consumer that adds up counts (a Kafka consumer, a
    dashboard) need not know about replacements. What belongs to a minute already reported (a track that became long
    enough to count after that, a camera's clock set back) is reported as that minute's next event.
    """

    settle_ms: int
    _minutes: dict[int, _Minute] = field(default_factory=dict)
    _reports: ReportedMinutes = field(default_factory=ReportedMinutes)

    def begin(self, ts_ms: int) -> int:
        """Register the beginning of a track; returns the start of its minute."""
        minute_ms = ts_ms - ts_ms % MINUTE_MS
        self._minutes.setdefault(minute_ms, _Minute()).open += 1
        return minute_ms

    def close(self, minute_ms: int, label: Label | None) -> None:
        """Register the end of a track of that minute, which counts under `label`, or not at all (None)."""
        if minute_ms in self._minutes:
            self._minutes[minute_ms].open -= 1
        if label is not None:
            self._minutes.setdefault(minute_ms, _Minute()).closed[label] += 1

    def due(self, ts_ms: int) -> list[int]:
        """Minutes to report at this time, oldest first."""
        return [minute_ms for minute_ms in self.pending() if self._is_due(minute_ms, ts_ms)]

    def pending(self) -> list[int]:
        """All minutes not yet reported, oldest first."""
        return sorted(self._minutes)

    def report(self, minute_ms: int) -> tuple[Counter[Label], int]:
        """Counts of the closed tracks of that minute, which is then removed, and how often it was reported before."""
        return self._minutes.pop(minute_ms).closed, self._reports.report(minute_ms)

    def _is_due(self, minute_ms: int, ts_ms: int) -> bool:
        over_ms = ts_ms - (minute_ms + MINUTE_MS)
        return over_ms >= 0 and (over_ms >= self.settle_ms or self._minutes[minute_ms].open == 0)
