"""Interleaved repeats of measurements: a machine that slows down affects all cases alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

import msgspec

Progress = Callable[[str], None]
"""Receives one line about what is being measured now."""


class Spread(msgspec.Struct, frozen=True):
    """Median and extremes of repeated measurements.

    Attributes:
        values: in the order in which they were measured.
    """

    median: float
    low: float
    high: float
    values: list[float]

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of at least one value."""
        return cls(statistics.median(values), min(values), max(values), list(values))

    def text(self) -> str:
        """``70.6 (68.1-71.0)``; the median alone after one measurement."""
        median = rounded(self.median)
        return median if len(self.values) == 1 else f"{median} ({rounded(self.low)}-{rounded(self.high)})"


def interleaved(
    cases: Mapping[str, Callable[[], float]], repeats: int, progress: Progress = lambda _: None, *, warm_up: bool = True
) -> dict[str, Spread]:
    """Measure each case once per round, in turn; a first round that warms up is not counted.

    Args:
        cases: measurements by name.
        repeats: counted rounds, at least one.
        progress: receives what is measured.
        warm_up: whether there is a round before those that count.
    """
    found: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(-1 if warm_up else 0, repeats):
        for name, measure in cases.items():
            progress(f"{name}: {f'repeat {number + 1} of {repeats}' if number >= 0 else 'warm-up'}")
            value = measure()
            if number >= 0:
                found[name].append(value)
    return {name: Spread.of(values) for name, values in found.items()}


def rounded(value: float) -> str:
    """Three significant digits, and none behind the point from 100 on."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
