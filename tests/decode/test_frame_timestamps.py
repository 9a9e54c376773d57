"""Time never falls, whatever a stream's clock does."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decode.frame_sampling import Sampler
from pipeline.decode.frame_timestamps import LiveTime, RecordedTime, Timeline

STEP_S = 0.04
stamps = st.one_of(st.none(), st.floats(-1e9, 1e9), st.integers(0, 2**33).map(lambda ticks: ticks / 90_000))


def place_all(values: list[float | None], max_gap_s: float = 10.0) -> list[float]:
    timeline = Timeline(STEP_S, max_gap_s)
    return [timeline.place(value) for value in values]


@given(st.lists(stamps, max_size=60))
def test_time_never_decreases_and_never_jumps(values: list[float | None]) -> None:
    times = place_all(values)
    assert times[:1] == [0.0][: len(times)]
    for before, after in itertools.pairwise(times):
        assert before <= after <= before + 10.0


@given(st.floats(-1e6, 1e6), st.lists(st.floats(0.001, 9.9), max_size=60))
def test_a_regular_clock_is_not_changed(start_s: float, steps: list[float]) -> None:
    stamps_s = list(itertools.accumulate(steps, initial=start_s))
    assert place_all(list(stamps_s)) == pytest.approx([stamp - start_s for stamp in stamps_s], abs=1e-6)


@given(st.integers(2, 100), st.sampled_from([-1e5, -100.0, -2.0, 15.0, 2**33 / 90_000]), st.floats(0, 1e4))
def test_a_jump_costs_one_ordinary_step(at: int, jump_s: float, start_s: float) -> None:
    values = [start_s + n * STEP_S + (jump_s if n >= at else 0.0) for n in range(at + 50)]
    assert place_all(list(values)) == pytest.approx([n * STEP_S for n in range(at + 50)], abs=1e-6)


@given(st.integers(0, 99), st.integers(1, 20))
def test_missing_stamps_are_filled_in(at: int, count: int) -> None:
    values = [None if at <= n < at + count else 7.0 + n * STEP_S for n in range(150)]
    if at == 0:
        values[0] = 7.0
    assert place_all(values) == pytest.approx([n * STEP_S for n in range(150)], abs=1e-6)


def test_a_late_frame_waits_and_nothing_drifts() -> None:
    times = place_all([0.0, 0.04, 0.038, 0.08, 0.12])
    assert times == pytest.approx([0.0, 0.04, 0.04, 0.08, 0.12])


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), min_size=1, max_size=100))
def test_live_time_never_decreases_and_is_never_ahead_of_its_arrival(steps: list[tuple[float, float]]) -> None:
    wall, pts_s, now_ms, before = LiveTime(max_lag_s=2.0), 0.0, 1_700_000_000_000, 0
    newest_arrival = 0
    for stream_step_s, delay_s in steps:
        pts_s += stream_step_s
        now_ms += round(stream_step_s * 1000)
        arrival = now_ms + round(delay_s * 1000)
        newest_arrival = max(newest_arrival, arrival)
        at = wall.at(pts_s, arrival)
        assert before <= at <= newest_arrival + 1
        assert at >= arrival - 2001
        before = at


def test_live_time_is_right_after_a_burst_at_the_start() -> None:
    wall = LiveTime()
    # One second of frames was waiting when we connected: they arrive at once, the rest in real time.
    times = [wall.at(n * STEP_S, 1_000_000 + max(0, n - 25) * 40) for n in range(100)]
    assert times[-1] == pytest.approx(1_000_000 + 74 * 40, abs=2)


@pytest.mark.parametrize("crystal", [0.9995, 1.0005])
def test_live_time_follows_a_camera_whose_crystal_is_off(crystal: float) -> None:
    wall = LiveTime()
    for n in range(25 * 3600):
        at = wall.at(n * STEP_S * crystal, round(n * STEP_S * 1000))
    assert at == pytest.approx(3600_000, abs=60)


def test_recorded_time_is_start_plus_position() -> None:
    assert RecordedTime(1_000).at(2.5, now_ms=999_999) == 3_500


@given(st.sampled_from([10.0, 12.5, 25.0, 29.97, 60.0]), st.sampled_from([0.2, 1.0, 5.0, 10.0, 12.5, 30.0]))
def test_sampling_keeps_its_interval(stream_fps: float, wanted_fps: float) -> None:
    sampler = Sampler(wanted_fps)
    count = 600
    kept = sum(sampler.wants(n / stream_fps, 1 / stream_fps) for n in range(count))
    expected = count * min(1.0, wanted_fps / stream_fps)
    assert kept == pytest.approx(expected, abs=max(2, expected * 0.01))


@given(st.lists(st.floats(-0.015, 0.015), min_size=50, max_size=200))
def test_jitter_drops_nothing_of_a_stream_as_slow_as_wanted(jitter: list[float]) -> None:
    sampler = Sampler(25.0)
    assert all(sampler.wants(n * STEP_S + wobble, STEP_S) for n, wobble in enumerate(jitter))


@pytest.mark.parametrize("pts_of", [lambda _at: 0.0, lambda at: at / 20], ids=["still", "slow"])
def test_no_clock_of_a_live_camera_leaves_it_unanalyzed(pts_of: Callable[[float], float]) -> None:
    sampler = Sampler(5.0)
    times = [number * STEP_S for number in range(25 * 60)]
    assert sum(sampler.wants(pts_of(at), STEP_S, at) for at in times) >= 60 * 5 / 2 * 0.9


def test_arrival_adds_no_frame_to_a_stream_whose_clock_is_right() -> None:
    late, plain = Sampler(5.0), Sampler(5.0)
    wobble = random.Random(3)
    for number in range(25 * 60):
        at = number * STEP_S
        assert late.wants(at, STEP_S, at + wobble.uniform(0, 0.15)) == plain.wants(at, STEP_S)


def test_every_frame_is_wanted_without_a_rate() -> None:
    sampler = Sampler(None)
    assert all(sampler.wants(0.0, STEP_S) for _ in range(5))
