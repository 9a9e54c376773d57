"""The filter of all tracks at once is the textbook's of each, and counts seconds, not frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detect import motion
from pipeline.detect.motion import Motions

BOXES = np.array([[0, 0, 40, 90], [500, 300, 620, 360]], np.float32)


def steady(dx: float, times: list[float]) -> Motions:
    """Two objects, each moving right by `dx` pixels per second, seen at these times in seconds."""
    motions = Motions()
    motions.add(BOXES)
    for before, now in zip([0.0, *times], times, strict=False):
        motions.advance(now - before)
        motions.correct(np.arange(2), BOXES + np.array([dx * now, 0, dx * now, 0], np.float32))
    return motions


def textbook(places: list[float], sizes: list[float], times: list[float]) -> npt.NDArray[np.float64]:
    """Place and speed (2,) of one middle by 2x2 matrices; sizes in pixels, times in seconds."""
    r, v, q = float(motion.MEASURED[0]), float(motion.SPEED[0]), float(motion.WANDER[0])
    state = np.array([places[0], 0.0])
    covariance = np.diag([(r * sizes[0]) ** 2, (v * sizes[0]) ** 2])
    for k in range(1, len(times)):
        dt = times[k] - times[k - 1]
        step = np.array([[1.0, dt], [0.0, 1.0]])
        noise = (q * sizes[k - 1]) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        state, covariance = step @ state, step @ covariance @ step.T + noise
        gain = covariance[:, 0] / (covariance[0, 0] + (r * sizes[k]) ** 2)
        state = state + gain * (places[k] - state[0])
        covariance = covariance - np.outer(gain, covariance[0])
    return state


def test_it_is_the_textbooks_filter() -> None:
    times = [0.0, 0.1, 0.5, 0.6, 1.4]
    middles = [20.0, 31.0, 60.0, 71.0, 150.0]
    motions = Motions()
    for k, (now, x) in enumerate(zip(times, middles, strict=True)):
        box = np.array([[x - 20, 0, x + 20, 40]], np.float32)
        if k == 0:
            motions.add(box)
        else:
            motions.advance(now - times[k - 1])
            motions.correct(np.array([0]), box)
    expected = textbook(middles, [40.0] * 5, times)
    assert [motions.place[0, 0], motions.speed[0, 0]] == pytest.approx(expected.tolist())


@given(st.lists(st.floats(0.001, 2.0), min_size=1, max_size=8))
def test_many_short_steps_expect_what_one_long_one_does(steps: list[float]) -> None:
    one, many = Motions(), Motions()
    one.add(BOXES)
    many.add(BOXES)
    one.advance(sum(steps))
    for step in steps:
        many.advance(step)
    np.testing.assert_allclose(many.boxes(), one.boxes())
    np.testing.assert_allclose(many.doubt(), one.doubt())


@pytest.mark.parametrize("times", [[0.1, 0.2, 0.3, 0.4, 0.5], [0.04, 0.3, 0.35, 0.9], [0.5, 1.0, 1.5]])
def test_the_speed_is_per_second_whatever_the_pace(times: list[float]) -> None:
    assert steady(60.0, times).speed[:, 0] == pytest.approx([60.0, 60.0], rel=0.06)


def test_doubt_grows_while_nothing_is_seen_and_shrinks_when_it_is() -> None:
    motions = steady(60.0, [0.1, 0.2, 0.3])
    before = motions.doubt()
    motions.advance(0.2)
    after = motions.doubt()
    motions.advance(0.8)
    assert (before < after).all()
    assert (after < motions.doubt()).all()
    motions.correct(np.array([1]), BOXES[1:])
    assert (motions.doubt()[1] < after[1]).all()
    assert (motions.doubt()[0] > after[0]).all()


def test_a_shrinking_object_never_gets_a_size_of_nothing() -> None:
    motions = Motions()
    motions.add(np.array([[0, 0, 100, 100]], np.float32))
    for k in range(1, 6):
        motions.advance(0.1)
        motions.correct(np.array([0]), np.array([[10 * k, 10 * k, 100 - 5 * k, 100 - 5 * k]], np.float32))
    motions.advance(60.0)
    (box,) = motions.boxes()
    assert np.isfinite(box).all()
    assert (box[2:] > box[:2]).all()
