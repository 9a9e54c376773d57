"""The map of cameras: true to scale, cameras near one another in one spot, a net of coordinates."""

from __future__ import annotations

import math
from typing import Any

import pytest

from pipeline.console.camera_map import HEIGHT, WIDTH, Place, camera_map
from pipeline.console.situation_map import situation_map
from pipeline.domain.route import GeoPoint, distance_m
from pipeline.http_api.question_routes import CameraAnswer

CENTER = GeoPoint(-19.92, -43.94)
EAST = GeoPoint(-19.92, -43.90)
NORTH = GeoPoint(-19.89, -43.94)


def place(name: str, at: GeoPoint) -> Place:
    return Place(name, at, "read")


def test_distances_on_the_map_are_those_of_the_scale() -> None:
    found = camera_map([place("a", CENTER), place("b", EAST), place("c", NORTH)])
    assert found is not None
    center, east, north = found.spots
    assert east.x > center.x
    assert north.y < center.y
    for spot, at in ((east, EAST), (north, NORTH)):
        drawn_m = math.dist((center.x, center.y), (spot.x, spot.y)) * found.bar_m / found.bar
        assert drawn_m == pytest.approx(distance_m(CENTER, at), rel=0.02)
    assert all(0 < spot.x < WIDTH and 0 < spot.y < HEIGHT for spot in found.spots)
    assert {degrees for _, degrees in found.parallels} <= {round(-20 + 0.01 * n, 6) for n in range(20)}


def test_cameras_at_one_place_are_one_spot_and_ways_to_itself_are_none() -> None:
    found = camera_map(
        [place("a", CENTER), place("b", CENTER), place("c", EAST)], [("a", "b"), ("b", "c"), ("a", "x")], ["z", "x"]
    )
    assert found is not None
    assert [[one.camera_id for one in spot.places] for spot in found.spots] == [["a", "b"], ["c"]]
    assert found.ways == (((found.spots[0].x, found.spots[0].y), (found.spots[1].x, found.spots[1].y)),)
    assert found.unlocated == ("x", "z")


def test_one_camera_has_its_surroundings_and_none_has_no_map() -> None:
    found = camera_map([place("a", CENTER)])
    assert found is not None
    assert (found.spots[0].x, found.spots[0].y) == (WIDTH // 2, HEIGHT // 2)
    assert found.bar_m == 200
    assert len(found.parallels) >= 2
    assert camera_map([], (), ["a"]) is None


@pytest.mark.parametrize("at", [GeoPoint(90, 0), GeoPoint(-90, 180), GeoPoint(0, -180)])
def test_the_ends_of_the_earth_can_be_drawn(at: GeoPoint) -> None:
    assert camera_map([place("a", at), place("b", CENTER)]) is not None


def answered(name: str, state: str, **values: Any) -> CameraAnswer:
    made: dict[str, Any] = {
        "latitude": CENTER.latitude,
        "longitude": CENTER.longitude,
        "location": "",
        "stopped": "",
        "institution": "guarda",
        "sector": "central",
        "last_event": None,
        "state_since": None,
        "events": {},
    }
    return CameraAnswer(camera_id=name, state=state, **made | values)


def test_a_spot_is_named_after_the_camera_that_needs_someone() -> None:
    cameras = [answered("a", "streaming"), answered("b", "failed"), answered("c", "streaming", latitude=None)]
    found = situation_map(cameras, [], "/base")
    assert found is not None
    assert (found.spots[0].kind, found.spots[0].places[0].link) == ("lost", "/base/cameras/b")
    found = situation_map(cameras, [{"camera_id": "a"}, {"camera_id": "a"}], "/base")
    assert found is not None
    assert (found.spots[0].kind, found.spots[0].places[0].text, found.unlocated) == ("live", "2", ("c",))
    assert situation_map(None, None, "/base") is None
