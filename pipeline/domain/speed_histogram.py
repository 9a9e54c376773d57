"""Speeds of many road users as text: how many had which speed, so that percentiles of hours follow from minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 4_096
"""Characters of a histogram."""
PATTERN: Final = r"^([0-9]{1,3} [0-9]+(;[0-9]{1,3} [0-9]+)*)?$"
KM_H: Final = 3.6
"""Kilometers per hour in a meter per second."""
_FASTEST_KM_H: Final = 999


def encode_speeds(speeds_m_s: Iterable[float]) -> str:
    """Speeds as ``km/h number;km/h number``, rounded to 1 km/h, slowest first; "" for none."""
    numbers = Counter(min(round(speed * KM_H), _FASTEST_KM_H) for speed in speeds_m_s)
    return ";".join(f"{speed} {numbers[speed]}" for speed in sorted(numbers))


def percentile(speeds_m_s: Iterable[float], share: float) -> float:
    """The speed that a share of the road users does not exceed: one that occurred (nearest rank).

    Raises:
        IndexError: there are none.
    """
    ordered = sorted(speeds_m_s)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
