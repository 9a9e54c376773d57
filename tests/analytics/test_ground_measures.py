"""Calibrations from measures on a road that a made camera sees: true lengths come back, and flaws have a reason."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.calibration_error import CheckLength, calibration_error, check_horizon, check_speeds
from pipeline.analytics.ground_measures import Measure
from pipeline.analytics.vanishing_point import vanishing_point
from pipeline.domain.polygon import Corner
from pipeline.domain.traffic_areas import Line, TrafficAreas, Zone, ZoneKind
from pipeline.domain.trajectory import TrajectoryPoint

ASPECT = 16 / 9
FOCAL = 1.1
PITCH, YAW, HEIGHT = np.radians(14), np.radians(12), 7.0


def _seen(x: float, y: float) -> Corner:
    """The image of a point on the road, x meters to the right and y meters ahead of the camera's mast."""
    right, ahead = x * np.cos(YAW) - y * np.sin(YAW), x * np.sin(YAW) + y * np.cos(YAW)
    down = HEIGHT * np.cos(PITCH) - ahead * np.sin(PITCH)
    forward = HEIGHT * np.sin(PITCH) + ahead * np.cos(PITCH)
    return float(0.5 + FOCAL * right / forward), float(0.5 + FOCAL * ASPECT * down / forward)


CORNERS = [(2.0, 18.0), (9.0, 18.0), (9.0, 40.0), (2.0, 40.0)]
SEEN = [_seen(*corner) for corner in CORNERS]
SIDES = {
    name: float(np.hypot(*np.subtract(CORNERS[one], CORNERS[other])))
    for name, (one, other) in {
        "ab": (0, 1),
        "bc": (1, 2),
        "cd": (2, 3),
        "da": (3, 0),
        "ac": (0, 2),
        "bd": (1, 3),
    }.items()
}
LANE = {"kind": "lane", "left": [SEEN[0], SEEN[3]], "right": [SEEN[1], SEEN[2]], "width_m": 7}
MEASURES: dict[str, dict[str, Any]] = {
    "rectangle": {"kind": "rectangle", "corners": SEEN, "width_m": 7, "length_m": 22},
    "distances": {"kind": "distances", "corners": SEEN, **SIDES},
    "five distances": {"kind": "distances", "corners": SEEN, **{**SIDES, "bd": None}},
    "lane and length": {**LANE, "along": [_seen(2, 20), _seen(2, 32)], "along_m": 12},
    "lane and lens": {**LANE, "field_of_view_deg": float(np.degrees(2 * np.arctan(0.5 / FOCAL)))},
}


def _calibration(values: dict[str, Any]) -> Calibration:
    measure = TypeAdapter[Any](Measure).validate_python(values)
    found: Calibration = measure.ground(ASPECT).calibration
    return found


def _path(x: float, *, speed_m_s: float = 15.0, bend: float = 0.0) -> list[TrajectoryPoint]:
    return [TrajectoryPoint(round(500 * n), *_seen(x + bend * n**2, 15 + n * 0.5 * speed_m_s)) for n in range(8)]


@pytest.mark.parametrize("name", MEASURES)
def test_lengths_anywhere_on_the_road_come_back(name: str) -> None:
    calibration = _calibration(MEASURES[name])
    places = [(0.0, 16.0), (8.0, 22.0), (4.0, 35.0), (1.0, 50.0)]
    ground = calibration.to_ground([_seen(*place) for place in places], 1, 1)
    for one, other in combinations(range(len(places)), 2):
        true = np.hypot(*np.subtract(places[one], places[other]))
        assert np.linalg.norm(ground[one] - ground[other]) == pytest.approx(true, rel=0.01)


def test_a_vanishing_point_from_tracks_replaces_the_second_points_of_the_edges() -> None:
    found = vanishing_point([_path(x) for x in np.linspace(0, 9, 10)] + [_path(4, bend=0.3)] * 3, ASPECT)
    assert found is not None
    values = {**LANE, "left": [SEEN[0]], "right": [SEEN[1]], "vanishing": found}
    calibration = _calibration({**values, "along": [_seen(2, 20), _seen(2, 32)], "along_m": 12})
    start, end = calibration.to_ground([_seen(3, 20), _seen(3, 45)], 1, 1)
    assert np.linalg.norm(end - start) == pytest.approx(25, rel=0.02)


def test_paths_in_all_directions_have_no_vanishing_point() -> None:
    paths = [
        [TrajectoryPoint(n * 500, x + n * 0.04 * np.cos(turn), y + n * 0.04 * np.sin(turn)) for n in range(5)]
        for x, y, turn in np.random.default_rng(3).uniform((0.3, 0.3, 0), (0.7, 0.7, 6), (20, 3)).tolist()
    ]
    assert vanishing_point(paths, ASPECT) is None
    assert vanishing_point([_path(3)] * 3, ASPECT) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({**MEASURES["distances"], "ac": 40}, "open-triangle"),
        ({**MEASURES["distances"], "bd": 30}, "contradiction"),
        ({**MEASURES["lane and length"], "left": [SEEN[3], (0.9, 0.1)]}, "no-horizon"),
        ({**MEASURES["lane and length"], "along_m": 4000}, "unlike-length"),
        (LANE, "no-length"),
        ({**MEASURES["lane and lens"], "left": [SEEN[0]]}, "few-points"),
    ],
)
def test_a_measure_that_cannot_be_true_has_a_reason(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its code is compared
        _calibration(changes)
    error = caught.value
    if isinstance(error, ValidationError):
        assert error.errors()[0]["type"] == code
    else:
        assert isinstance(error, PydanticCustomError)
        assert error.type == code


def test_the_misfit_of_a_sixth_distance_is_stated() -> None:
    measure = TypeAdapter[Any](Measure).validate_python({**MEASURES["distances"], "bd": SIDES["bd"] + 0.4})
    assert 0.05 < measure.ground(ASPECT).misfit_m < 0.4


def test_speeds_are_less_exact_far_away_and_a_check_length_tells_the_truth() -> None:
    calibration = _calibration(MEASURES["rectangle"])
    near = calibration_error(calibration, _seen(5, 25), ASPECT)
    far = calibration_error(calibration, _seen(5, 90), ASPECT, check=CheckLength(_seen(3, 20), _seen(3, 32), 15))
    assert near.misfit_m == pytest.approx(0, abs=1e-2)
    assert 0.001 < near.speed < 0.05 < far.speed
    assert near.check is None
    assert far.check == pytest.approx(12 / 15 - 1, abs=0.01)


def test_the_stated_error_is_that_of_points_set_by_hand() -> None:
    hand, truth = np.random.default_rng(5), np.linalg.norm(np.subtract(_seen(5, 30), _seen(5, 31)))
    assert truth > 0
    speeds = []
    for _ in range(60):
        corners = np.array(SEEN) + hand.normal(0, 0.0015, (4, 2)) * (1, ASPECT)
        ground = _calibration({**MEASURES["rectangle"], "corners": corners.tolist()}).to_ground(
            [_seen(5, 29.5), _seen(5, 30.5)], 1, 1
        )
        speeds.append(float(np.linalg.norm(ground[1] - ground[0])))
    stated = calibration_error(_calibration(MEASURES["rectangle"]), _seen(5, 30), ASPECT).speed
    assert stated == pytest.approx(np.std(speeds), rel=0.5)


def test_a_calibration_under_which_vehicles_fly_is_refused() -> None:
    calibration, paths = _calibration(MEASURES["rectangle"]), [_path(x) for x in np.linspace(1, 8, 12)]
    assert check_speeds(calibration, paths) == 12
    assert check_speeds(calibration, [*paths, _path(4, speed_m_s=90)]) == 13  # one is two vehicles taken for one
    wrong = _calibration({**MEASURES["rectangle"], "length_m": 220})
    with pytest.raises(PydanticCustomError, match="100% of 12 recorded vehicles"):
        check_speeds(wrong, paths)
    assert check_speeds(wrong, paths[:4]) == 4


def test_a_road_above_the_horizon_is_refused() -> None:
    calibration = _calibration(MEASURES["rectangle"])
    sky: tuple[Corner, ...] = ((0.1, 0.01), (0.9, 0.01), (0.5, 0.9))
    check_horizon(calibration, TrafficAreas((Zone("trees", ZoneKind.OTHER, sky),), (Line("a", SEEN[0], SEEN[1]),)))
    road, line = Zone("road", ZoneKind.ROADWAY, sky), Line("road", sky[0], sky[1])
    for areas in (TrafficAreas((road,)), TrafficAreas((), (line,))):
        with pytest.raises(PydanticCustomError, match="horizon of the calibration runs through 'road'"):
            check_horizon(calibration, areas)
