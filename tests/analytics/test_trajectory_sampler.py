"""Trajectories have the wanted rate, end where the track ended, and stay short."""

from __future__ import annotations

from itertools import pairwise

from pipeline.analytics.trajectory_sampler import MOST_POINTS, TrajectorySampler
from pipeline.domain.trajectory import LONGEST, decode_trajectory


def sampled(interval_ms: int, count: int, step_ms: int = 100) -> list[int]:
    sampler = TrajectorySampler(interval_ms)
    for number in range(count):
        sampler.add(number * step_ms, number / count, 0.5)
    return [point.offset_ms for point in decode_trajectory(sampler.encoded())]


def test_points_come_at_the_interval_and_the_last_position_ends_it() -> None:
    assert sampled(500, 13) == [0, 500, 1000, 1200]
    assert sampled(500, 11) == [0, 500, 1000]


def test_a_long_track_gets_fewer_points_and_still_its_last() -> None:
    offsets = sampled(500, 36_000)  # an hour
    assert len(offsets) <= MOST_POINTS + 1
    assert (offsets[0], offsets[-1]) == (0, 3_599_900)
    assert len({b - a for a, b in pairwise(offsets[:-1])}) == 1


def test_no_interval_gives_no_points() -> None:
    assert sampled(0, 100) == []


def test_the_longest_trajectory_fits_an_event() -> None:
    sampler = TrajectorySampler(500)
    for number in range(3 * MOST_POINTS):
        sampler.add(10**9 + number * 500, 1.0, 1.0)
    assert len(sampler.encoded()) <= LONGEST
