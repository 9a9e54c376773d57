"""Pixels become meters on the road, or the calibration is refused with its reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.analytics.calibration import Calibration, GroundPoint, solve
from pipeline.analytics.settings import AnalyticsSettings
from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.domain.events import TrackEvent
from pipeline.domain.labels import Label
from pipeline.errors import ConfigError
from tests.analytics.street import FPS, HEIGHT, WIDTH, box_at, frame, tracks

_ROAD: list[tuple[float, float, float, float]] = [
    (0.1, 0.9, 0, 0),
    (0.9, 0.9, 10, 0),
    (0.6, 0.3, 10, 40),
    (0.4, 0.3, 0, 40),
]
"""A road of 10 m by 40 m that runs away from the camera."""


def _points(rows: list[tuple[float, float, float, float]]) -> tuple[GroundPoint, ...]:
    return tuple(GroundPoint(x=x, y=y, x_m=x_m, y_m=y_m) for x, y, x_m, y_m in rows)


def _calibration(rows: list[tuple[float, float, float, float]]) -> Calibration:
    return Calibration(points=_points(rows))


def test_the_given_points_map_to_their_given_positions() -> None:
    pixels = [(x * WIDTH, y * HEIGHT) for x, y, _, _ in _ROAD]
    assert _calibration(_ROAD).to_ground(pixels, WIDTH, HEIGHT) == pytest.approx(
        np.array([(x_m, y_m) for _, _, x_m, y_m in _ROAD]), abs=1e-4
    )


def test_the_size_of_the_image_does_not_matter() -> None:
    calibration = _calibration(_ROAD)
    small = calibration.to_ground([[320, 180]], 640, 360)
    assert calibration.to_ground([[960, 540]], 1920, 1080) == pytest.approx(small)


def test_points_above_the_horizon_have_no_ground_position() -> None:
    ground = _calibration(_ROAD).to_ground([[640, 700], [640, 0]], WIDTH, HEIGHT)
    assert np.isfinite(ground[0]).all()
    assert np.isnan(ground[1]).all()
    assert _calibration(_ROAD).to_ground([], WIDTH, HEIGHT).shape == (0, 2)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([(0, 0, 0, 0), (1, 0, 10, 0), (0.5, 0, 5, 0), (0.2, 0, 2, 0)], "one line"),
        ([(0.5, 0.5, 0, 0)] * 4, "coincide"),
        ([(0, 0, 0, 0), (1, 0, 10, 0), (0.5, 0.5, 5, 5), (1, 1, 10, 10)], "one line"),
        ([(0, 0, 0, 0), (1, 0, 10, 0), (1, 1, 10, 10), (0, 1, 5, 0)], "one line"),
        ([(0, 0, 0, 0), (1, 0, 10, 0), (0, 1, 10, 10), (1, 1, 0, 10)], "swapped"),
        ([*_ROAD, (0.5, 0.6, 5.0, 25.0)], "off the plane"),
    ],
)
def test_points_without_a_plane_are_rejected(rows: list[tuple[float, float, float, float]], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        solve(_points(rows))
    assert "four points" in caught.value.fix
    with pytest.raises(ValidationError, match=problem):
        _calibration(rows)


def test_three_points_are_too_few() -> None:
    with pytest.raises(ValidationError, match="at least 4"):
        _calibration(_ROAD[:3])


def test_a_slightly_wrong_point_is_averaged_out() -> None:
    rows = [*_ROAD, (0.5, 0.9, 5.3, 0.0)]
    (middle,) = _calibration(rows).to_ground([[0.5 * WIDTH, 0.9 * HEIGHT]], WIDTH, HEIGHT)
    assert 5.0 < middle[0] < 5.3


_CORNER = st.tuples(st.floats(0, 1), st.floats(0, 1))


@given(corners=st.lists(_CORNER, min_size=4, max_size=6), shift=st.floats(-1e4, 1e4), scale=st.floats(0.1, 1000))
@settings(max_examples=150, deadline=None)
def test_any_accepted_calibration_maps_its_own_points_back(
    corners: list[tuple[float, float]], shift: float, scale: float
) -> None:
    rows = [(x, y, shift + scale * (x + 0.3 * y), scale * y) for x, y in corners]
    try:
        matrix = solve(_points(rows))
    except ConfigError:
        return  # too near a line; which points are is tested above
    assert np.isfinite(matrix).all()
    ground = Calibration(points=_points(rows)).to_ground(np.array(corners) * (WIDTH, HEIGHT), WIDTH, HEIGHT)
    assert ground == pytest.approx(np.array([row[2:] for row in rows]), abs=0.02 * scale)


def _track(summarizer: TrackSummarizer) -> TrackEvent:
    (event,) = [event for event in summarizer.close() if isinstance(event, TrackEvent)]
    return event


def _drive(speed_m_s: float, seconds: float, jitter_px: float) -> float | None:
    """The speed measured of a car that drives up the road."""
    calibration = _calibration(_ROAD)
    to_image = np.linalg.inv(calibration.homography())
    rng = np.random.default_rng(7)
    summarizer = TrackSummarizer("cam", "session", AnalyticsSettings(), calibration)
    for i in range(int(seconds * FPS) + 1):
        spot = to_image @ np.array([5.0, 2.0 + speed_m_s * i / FPS, 1.0])
        x, y = spot[:2] / spot[2] * (WIDTH, HEIGHT) + rng.normal(0, jitter_px, 2)
        summarizer.observe(frame(i / FPS), tracks({1: (Label.CAR, box_at(x, y, 60))}))
    return _track(summarizer).speed_m_s


@pytest.mark.parametrize("speed_m_s", [3.0, 8.0, 14.0])
def test_the_speed_of_a_car_is_measured_within_a_tenth(speed_m_s: float) -> None:
    assert _drive(speed_m_s, 36 / speed_m_s, jitter_px=1.0) == pytest.approx(speed_m_s, rel=0.1)


def test_a_parked_car_has_no_speed() -> None:
    assert _drive(0.0, 10.0, jitter_px=1.5) == 0.0


def test_an_implausible_speed_is_no_speed() -> None:
    assert _drive(120.0, 0.3, jitter_px=0.0) is None


def test_a_car_cut_off_by_the_image_s_edge_has_pixels_but_no_meters() -> None:
    summarizer = TrackSummarizer("cam", "session", AnalyticsSettings(), _calibration(_ROAD))
    for i in range(50):
        summarizer.observe(frame(i / FPS), tracks({1: (Label.CAR, (0.0, 400 - 4 * i, 300, 600 - 4 * i))}))
    event = _track(summarizer)
    assert event.path_px > 100
    assert event.speed_m_s is None
