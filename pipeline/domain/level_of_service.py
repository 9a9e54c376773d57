"""Level of service by density, A (free) to F (breakdown), after the Highway Capacity Manual (HCM 2000).

Lanes: density of passenger cars per kilometer and lane, exhibit 23-2 (freeway segments). Walking areas: space per
pedestrian, exhibit 18-3 (walkways). Both are made for a quarter of an hour.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

_LANE_KM: Final = (7.0, 11.0, 16.0, 22.0, 28.0)
"""Greatest density of A to E, passenger cars per kilometer and lane."""
_WALKWAY_M2: Final = (1 / 5.6, 1 / 3.7, 1 / 2.2, 1 / 1.4, 1 / 0.75)
"""Greatest density of A to E, pedestrians per square meter."""
HEAVY_VEHICLE: Final = 1.5
"""Passenger cars that a truck or bus stands for, on level ground (exhibit 23-8)."""
_LETTERS: Final = "ABCDEF"


def lane_level(cars_km: float) -> str:
    """The level of a lane with this many passenger cars per kilometer."""
    return _LETTERS[bisect_left(_LANE_KM, cars_km)]


def walkway_level(persons_m2: float) -> str:
    """The level of a walking area with this many persons per square meter."""
    return _LETTERS[bisect_left(_WALKWAY_M2, persons_m2)]
