"""Legs, distances and what no vehicle can drive."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.route import (
    Limits,
    Place,
    Seen,
    Trail,
    distance_m,
    impossible_legs,
    legs,
    longest_drive_s,
)

SE = Place(-23.550520, -46.633308)  # São Paulo, Sé
PAULISTA = Place(-23.561414, -46.655881)
RIO = Place(-22.906847, -43.172896)
PLACES = {"se": SE, "paulista": PAULISTA, "rio": RIO, "se-2": Place(-23.5509, -46.6336)}


def seen(camera: str, second: float, number: int | None = None) -> Seen:
    ts_ms = int(second * 1000)
    return Seen(ts_ms, camera, "ABC1D23", uuid.UUID(int=hash((camera, ts_ms, number)) % 2**128))


def trail(*sightings: Seen) -> Trail:
    return Trail(plate_key="ABC1D23", seen=list(sightings))


def test_distances_are_those_of_the_map() -> None:
    assert distance_m(SE, PAULISTA) == pytest.approx(2_600, rel=0.02)
    assert distance_m(SE, RIO) == pytest.approx(361_000, rel=0.01)
    assert distance_m(SE, SE) == 0
    assert distance_m(Place(0, 179.5), Place(0, -179.5)) == pytest.approx(111_195, rel=0.001)
    assert distance_m(Place(90, 0), Place(-90, 0)) == pytest.approx(20_015_087, rel=0.001)


def test_a_route_is_the_legs_between_reads_in_the_order_of_time() -> None:
    start, middle, end = seen("se", 0), seen("paulista", 600), seen("paulista", 700)
    first, second = legs("ABC1D23", [end, start, middle, start], PLACES)
    assert (first.from_camera_id, first.to_camera_id, first.seconds) == ("se", "paulista", 600)
    assert first.speed_km_h == pytest.approx(15.6, abs=0.2)
    assert (second.distance_m, second.speed_km_h) == (0, 0)
    assert legs("ABC1D23", [start], PLACES) == []


def test_a_camera_without_a_place_has_no_distance() -> None:
    (leg,) = legs("ABC1D23", [seen("se", 0), seen("nowhere", 60)], PLACES)
    assert (leg.distance_m, leg.speed_km_h, leg.seconds) == (None, None, 60)
    (same,) = legs("ABC1D23", [seen("nowhere", 0), seen("nowhere", 60)], PLACES)
    assert same.distance_m == 0


@pytest.mark.parametrize(
    ("sightings", "clones"),
    [
        ([seen("se", 0), seen("rio", 600)], 1),
        ([seen("se", 0), seen("rio", 3 * 3600)], 0),
        ([seen("se", 0), seen("rio", 0)], 1),
        ([seen("se", 0), seen("se-2", 0)], 0),  # 50 m apart: one vehicle in two images
        ([seen("se", 0), seen("nowhere", 300), seen("rio", 600)], 1),
        ([seen("se", 0), seen("nowhere", 300)], 0),
        ([seen("se", 0), seen("rio", 600), seen("se", 1200), seen("rio", 1800)], 3),
        ([seen("se", 0), seen("paulista", 48)], 0),  # 2.6 km need 52 s; the clocks may be 5 s apart
        ([seen("se", 0), seen("paulista", 40)], 1),
    ],
)
def test_what_no_vehicle_can_drive_is_a_possible_clone(sightings: list[Seen], clones: int) -> None:
    assert len(impossible_legs(trail(*sightings), PLACES, Limits())) == clones


def test_a_leg_without_time_has_no_speed() -> None:
    (leg,) = impossible_legs(trail(seen("se", 0), seen("rio", 0)), PLACES, Limits())
    assert leg.speed_km_h is None
    assert leg.distance_m is not None


places = st.builds(Place, st.floats(-90, 90), st.floats(-180, 180))


@given(places, places, places)
def test_distances_obey_the_rules(one: Place, two: Place, three: Place) -> None:
    assert distance_m(one, two) == pytest.approx(distance_m(two, one), abs=0.01)
    assert 0 <= distance_m(one, two) <= 20_015_200
    assert distance_m(one, three) <= distance_m(one, two) + distance_m(two, three) + 1


@given(st.lists(places, min_size=2, max_size=6))
def test_no_way_takes_longer_than_the_longest_drive(several: list[Place]) -> None:
    limits = Limits()
    longest_s = longest_drive_s(several, limits)
    for one in several:
        for other in several:
            assert distance_m(one, other) / (limits.speed_km_h / 3.6) <= longest_s + 0.1
    assert longest_drive_s([], limits) == 0
