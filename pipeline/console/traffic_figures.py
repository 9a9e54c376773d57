"""Drawings of traffic figures: a line over time, a typical week, two periods side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from statistics import mean
from typing import Any, Final

from pipeline.domain.times import local_time

WIDTH: Final = 960
HEIGHT: Final = 220
_LEFT: Final = 56
_RIGHT: Final = 16
_TOP: Final = 12
_BOTTOM: Final = 28
_TICKS: Final = 4
DEGREES: Final = 6
"""Colours of a typical week, from the least to the most."""
LITTLE_SEEN: Final = 0.95
"""Share of an interval in which a camera saw; below it the figure is marked."""

Row = Mapping[str, Any]
Value = Callable[[Row], float | None]


@dataclass(frozen=True, slots=True)
class Chart:
    """A line over time.

    Attributes:
        lines: points of each part without a gap, as ``x,y x,y``; dots: x and y of parts of one interval.
        ticks: x and time of each vertical line, milliseconds since 1970 UTC.
        levels: y and value of each horizontal line.
        gaps: number of intervals without any figure.
    """

    lines: tuple[str, ...]
    dots: tuple[tuple[int, int], ...]
    ticks: tuple[tuple[int, int], ...]
    levels: tuple[tuple[int, float], ...]
    gaps: int


@dataclass(frozen=True, slots=True)
class WeekCell:
    """An hour of a typical week: the mean of its intervals, None without any; degree: from 0, its colour."""

    value: float | None
    intervals: int
    degree: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A place in two periods.

    Attributes:
        place: names of camera, line or zone, direction, class.
        first, second: sums or means of the periods; None where there is no figure.
        seen: smaller share of the two periods in which the camera saw; None where it is not known.
    """

    place: tuple[str, ...]
    first: float | None
    second: float | None
    seen: float | None

    @property
    def change(self) -> float | None:
        """From the first period to the second one, as a share of the first; None where it has none."""
        if self.first is None or self.second is None or not self.first:
            return None
        return (self.second - self.first) / self.first


def summed(rows: Sequence[Row], value: Value, *, add: bool) -> dict[int, float]:
    """The sum, or the mean, of the figures of each interval, by its begin."""
    found: dict[int, list[float]] = {}
    for row in rows:
        number = value(row)
        if number is not None:
            found.setdefault(row["start_ms"], []).append(number)
    return {at: sum(values) if add else mean(values) for at, values in sorted(found.items())}


def chart(values: Mapping[int, float], every_ms: int) -> Chart | None:
    """The line of some values by time; it ends at an interval without one. None without any value.

    Args:
        values: by the begin of their interval; every_ms: its length.
    """
    if not values:
        return None
    times = sorted(values)
    first, span = times[0], max(times[-1] - times[0], every_ms)
    top = max(*values.values(), 1e-9)

    def point(at_ms: int) -> tuple[int, int]:
        x = _LEFT + round((WIDTH - _LEFT - _RIGHT) * (at_ms - first) / span)
        y = _TOP + round((HEIGHT - _TOP - _BOTTOM) * (1 - values[at_ms] / top))
        return x, y

    parts: list[list[int]] = [[times[0]]]
    for before, at in pairwise(times):
        if at - before > every_ms * 1.5:
            parts.append([])
        parts[-1].append(at)
    levels = tuple((point_y(share), top * share) for share in (0.0, 0.5, 1.0))
    expected = round(span / every_ms) + 1
    return Chart(
        lines=tuple(" ".join(f"{x},{y}" for x, y in map(point, part)) for part in parts if len(part) > 1),
        dots=tuple(point(part[0]) for part in parts if len(part) == 1),
        ticks=tuple(
            (_LEFT + (WIDTH - _LEFT - _RIGHT) * number // _TICKS, first + span * number // _TICKS)
            for number in range(_TICKS + 1)
        ),
        levels=levels,
        gaps=max(expected - len(times), 0),
    )


def point_y(share: float) -> int:
    """The height of a share of the largest value in a drawing."""
    return _TOP + round((HEIGHT - _TOP - _BOTTOM) * (1 - share))


def typical_week(values: Mapping[int, float], zone: tzinfo | None) -> tuple[tuple[WeekCell, ...], ...]:
    """Seven days from Monday with 24 hours each: the mean of all intervals that begin then.

    Args:
        values: by the begin of their hour; zone: of days and hours, None for the machine's.
    """
    found: dict[tuple[int, int], list[float]] = {}
    for at_ms, value in values.items():
        moment: datetime = local_time(at_ms, zone)
        found.setdefault((moment.weekday(), moment.hour), []).append(value)
    means = {cell: mean(numbers) for cell, numbers in found.items()}
    top = max(means.values(), default=0.0)

    def cell(day: int, hour: int) -> WeekCell:
        value = means.get((day, hour))
        degree = 0 if not value or not top else min(int(value / top * DEGREES), DEGREES - 1)
        return WeekCell(value, len(found.get((day, hour), ())), degree)

    return tuple(tuple(cell(day, hour) for hour in range(24)) for day in range(7))


def compared(
    first: Sequence[Row], second: Sequence[Row], place: Callable[[Row], tuple[str, ...]], value: Value, *, add: bool
) -> tuple[Compared, ...]:
    """Two periods by place, in the order of their names."""
    rows = [_by_place(period, place, value) for period in (first, second)]
    return tuple(
        Compared(
            one,
            _total(rows[0].get(one, ()), add=add),
            _total(rows[1].get(one, ()), add=add),
            min((seen for period in rows for _, seen in period.get(one, []) if seen is not None), default=None),
        )
        for one in sorted({*rows[0], *rows[1]})
    )


def _by_place(
    rows: Sequence[Row], place: Callable[[Row], tuple[str, ...]], value: Value
) -> dict[tuple[str, ...], list[tuple[float, float | None]]]:
    found: dict[tuple[str, ...], list[tuple[float, float | None]]] = {}
    for row in rows:
        number = value(row)
        if number is not None:
            found.setdefault(place(row), []).append((number, row.get("seen")))
    return found


def _total(figures: Sequence[tuple[float, float | None]], *, add: bool) -> float | None:
    numbers = [number for number, _ in figures]
    if not numbers:
        return None
    return sum(numbers) if add else mean(numbers)
