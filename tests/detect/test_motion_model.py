"""The vectorized filter equals the textbook filter of each track, in seconds rather than frames."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detect import motion_model
from pipeline.detect.motion_model import MotionModel

BOXES = np.array([[0, 0, 40, 90], [500, 300, 620, 360]], np.float32)


def steady(dx: float, times: list[float]) -> MotionModel:
    """Two objects, each moving right by `dx` pixels per second, seen at these times in seconds."""
    model = MotionModel()
    model.add(BOXES)
    for before, now in zip([0.0, *times], times, strict=False):
        model.predict(now - before)
        model.update(np.arange(2), BOXES + np.array([dx * now, 0, dx * now, 0], np.float32))
    return model


def textbook(positions: list[float], sizes: list[float], times: list[float]) -> npt.NDArray[np.float64]:
    """Position and velocity (2,) of one center by 2x2 matrices; sizes in pixels, times in seconds."""
    noises = (motion_model.MEASUREMENT_NOISE, motion_model.INITIAL_VELOCITY, motion_model.PROCESS_NOISE)
    r, v, q = (float(noise[0]) for noise in noises)
    state = np.array([positions[0], 0.0])
    covariance = np.diag([(r * sizes[0]) ** 2, (v * sizes[0]) ** 2])
    for k in range(1, len(times)):
        dt = times[k] - times[k - 1]
        step = np.array([[1.0, dt], [0.0, 1.0]])
        noise = (q * sizes[k - 1]) ** 2 * np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        state, covariance = step @ state, step @ covariance @ step.T + noise
        gain = covariance[:, 0] / (covariance[0, 0] + (r * sizes[k]) ** 2)
        state = state + gain * (positions[k] - state[0])
        covariance = covariance - np.outer(gain, covariance[0])
    return state


def test_the_filter_equals_the_textbook_kalman_filter() -> None:
    times = [0.0, 0.1, 0.5, 0.6, 1.4]
    centers = [20.0, 31.0, 60.0, 71.0, 150.0]
    model = MotionModel()
    for k, (now, x) in enumerate(zip(times, centers, strict=True)):
        box = np.array([[x - 20, 0, x + 20, 40]], np.float32)
        if k == 0:
            model.add(box)
        else:
            model.predict(now - times[k - 1])
            model.update(np.array([0]), box)
    expected = textbook(centers, [40.0] * 5, times)
    assert [model.position[0, 0], model.velocity[0, 0]] == pytest.approx(expected.tolist())


@given(st.lists(st.floats(0.001, 2.0), min_size=1, max_size=8))
def test_many_short_steps_predict_the_same_as_one_long_step(steps: list[float]) -> None:
    one, many = MotionModel(), MotionModel()
    one.add(BOXES)
    many.add(BOXES)
    one.predict(sum(steps))
    for step in steps:
        many.predict(step)
    np.testing.assert_allclose(many.boxes(), one.boxes())
    np.testing.assert_allclose(many.center_deviation(), one.center_deviation())


@pytest.mark.parametrize("times", [[0.1, 0.2, 0.3, 0.4, 0.5], [0.04, 0.3, 0.35, 0.9], [0.5, 1.0, 1.5]])
def test_the_velocity_is_per_second_at_any_frame_rate(times: list[float]) -> None:
    assert steady(60.0, times).velocity[:, 0] == pytest.approx([60.0, 60.0], rel=0.06)


def test_the_deviation_grows_without_detections_and_shrinks_with_them() -> None:
    model = steady(60.0, [0.1, 0.2, 0.3])
    before = model.center_deviation()
    model.predict(0.2)
    after = model.center_deviation()
    model.predict(0.8)
    assert (before < after).all()
    assert (after < model.center_deviation()).all()
    model.update(np.array([1]), BOXES[1:])
    assert (model.center_deviation()[1] < after[1]).all()
    assert (model.center_deviation()[0] > after[0]).all()


def test_a_shrinking_object_never_has_zero_size() -> None:
    model = MotionModel()
    model.add(np.array([[0, 0, 100, 100]], np.float32))
    for k in range(1, 6):
        model.predict(0.1)
        model.update(np.array([0]), np.array([[10 * k, 10 * k, 100 - 5 * k, 100 - 5 * k]], np.float32))
    model.predict(60.0)
    (box,) = model.boxes()
    assert np.isfinite(box).all()
    assert (box[2:] > box[:2]).all()
