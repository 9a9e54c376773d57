"""Usual figures of a camera, by rule, subject and hour of the day: what its own history says is normal there.

A figure is counted in classes of 15 % width, so that a year of them takes some hundred numbers. Each day that passes
counts for less, by half in two weeks. A threshold learned from them stays between fixed bounds: a history of nothing
but congestion teaches no rule that congestion is normal without limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pipeline.domain.events import AlertRule
from pipeline.domain.times import DAY_MS, HOUR_MS

_WIDTH: Final = math.log(1.15)
_LEAST: Final = 0.01
"""Smallest figure; what is less counts as that."""
_HOURS: Final = 24
_HALF_LIFE_DAYS: Final = 14.0
ENOUGH: Final = 100
"""Figures of one hour before a threshold follows from them."""
_MOST_KEYS: Final = 300


class UsualKey(NamedTuple):
    """What a figure is about."""

    rule: str
    subject: str
    hour: int


class Learned(NamedTuple):
    """A threshold as it is at one hour.

    Attributes:
        value: from which a rule reports; base: without a history.
        usual: the greatest figure that is usual, None before enough was seen; seen: how many.
    """

    value: float
    base: float
    usual: float | None
    seen: int


class Usual:
    """Figures of one camera. Not safe from several threads.

    Args:
        classes: as `stored` returns them; day: the day of their last figure since 1970.
    """

    def __init__(self, classes: Mapping[UsualKey, Mapping[int, float]] | None = None, day: int = 0) -> None:
        self._classes = {key: dict(counts) for key, counts in (classes or {}).items()}
        self._day = day

    def add(self, rule: AlertRule, subject: str, ts_ms: int, figure: float) -> None:
        """Count a figure.

        Args:
            rule, subject: what it is about.
            ts_ms: when, milliseconds since 1970 UTC.
            figure: not negative.
        """
        self._age(ts_ms // DAY_MS)
        key = UsualKey(rule.value, subject, _hour(ts_ms))
        if key not in self._classes and len(self._classes) >= _MOST_KEYS:
            return
        counts = self._classes.setdefault(key, {})
        number = math.floor(math.log(max(figure, _LEAST) / _LEAST) / _WIDTH)
        counts[number] = counts.get(number, 0.0) + 1.0

    def quantile(self, rule: AlertRule, subject: str, ts_ms: int, share: float) -> float | None:
        """The figure below which a share of them lies, of this hour and the two beside it; None before enough."""
        counts = self._around(rule, subject, _hour(ts_ms))
        total = sum(counts.values())
        if total < ENOUGH:
            return None
        wanted, passed = share * total, 0.0
        for number in sorted(counts):
            passed += counts[number]
            if passed >= wanted:
                return _LEAST * math.exp((number + 1) * _WIDTH)
        return None

    def seen(self, rule: AlertRule, subject: str, ts_ms: int) -> int:
        """How many figures of this hour and the two beside it count."""
        return int(sum(self._around(rule, subject, _hour(ts_ms)).values()))

    def stored(self) -> Iterator[tuple[UsualKey, dict[int, float]]]:
        """Everything that is to be stored."""
        return iter(self._classes.items())

    @property
    def day(self) -> int:
        """The day of the last figure, since 1970."""
        return self._day

    def _around(self, rule: AlertRule, subject: str, hour: int) -> dict[int, float]:
        found: dict[int, float] = {}
        for near in (hour - 1, hour, hour + 1):
            for number, count in self._classes.get(UsualKey(rule.value, subject, near % _HOURS), {}).items():
                found[number] = found.get(number, 0.0) + count
        return found

    def _age(self, day: int) -> None:
        """Let figures of days before count for less; a clock that is years fast or slow changes nothing at once."""
        passed = min(max(day - self._day, 0), 60) if self._day else 0
        self._day = max(day, self._day) if passed < 60 else day
        if not passed:
            return
        weight = 0.5 ** (passed / _HALF_LIFE_DAYS)
        for counts in self._classes.values():
            for number in list(counts):
                counts[number] *= weight
                if counts[number] < 0.05:
                    del counts[number]


def learned(base: float, usual: float | None, seen: int, *, factor: float = 1.5, most: float = 4.0) -> Learned:
    """A threshold that follows from what is usual.

    Args:
        base: without a history; it is never less than that.
        usual: the greatest usual figure; seen: of how many.
        factor: of the usual figure at which the rule reports.
        most: times the base that it may become.
    """
    value = base if usual is None else min(max(base, factor * usual), most * base)
    return Learned(value, base, usual, seen)


def _hour(ts_ms: int) -> int:
    return ts_ms // HOUR_MS % _HOURS
