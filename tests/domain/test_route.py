"""Legs, distances and what no vehicle can drive."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.route import (
    DrivingLimits,
    GeoPoint,
    ReadSummary,
    VehicleReads,
    distance_m,
    impossible_legs,
    legs,
    longest_drive_s,
    without_standing,
)

SE = GeoPoint(-23.550520, -46.633308)  # São Paulo, Sé
PAULISTA = GeoPoint(-23.561414, -46.655881)
RIO = GeoPoint(-22.906847, -43.172896)
PLACES = {"se": SE, "paulista": PAULISTA, "rio": RIO, "se-2": GeoPoint(-23.5509, -46.6336)}


def read(camera: str, second: float, number: int | None = None) -> ReadSummary:
    ts_ms = int(second * 1000)
    return ReadSummary(ts_ms, camera, "ABC1D23", uuid.UUID(int=hash((camera, ts_ms, number)) % 2**128))


def vehicle(*reads: ReadSummary) -> VehicleReads:
    return VehicleReads(plate_key="ABC1D23", reads=list(reads))


def test_distances_are_those_of_the_map() -> None:
    assert distance_m(SE, PAULISTA) == pytest.approx(2_600, rel=0.02)
    assert distance_m(SE, RIO) == pytest.approx(361_000, rel=0.01)
    assert distance_m(SE, SE) == 0
    assert distance_m(GeoPoint(0, 179.5), GeoPoint(0, -179.5)) == pytest.approx(111_195, rel=0.001)
    assert distance_m(GeoPoint(90, 0), GeoPoint(-90, 0)) == pytest.approx(20_015_087, rel=0.001)


def test_a_route_is_the_legs_between_reads_in_the_order_of_time() -> None:
    start, middle, end = read("se", 0), read("paulista", 600), read("paulista", 700)
    first, second = legs("ABC1D23", [end, start, middle, start], PLACES)
    assert (first.from_camera_id, first.to_camera_id, first.seconds) == ("se", "paulista", 600)
    assert first.speed_km_h == pytest.approx(15.6, abs=0.2)
    assert (second.distance_m, second.speed_km_h) == (0, 0)
    assert legs("ABC1D23", [start], PLACES) == []


def test_a_camera_without_a_place_has_no_distance() -> None:
    (leg,) = legs("ABC1D23", [read("se", 0), read("nowhere", 60)], PLACES)
    assert (leg.distance_m, leg.speed_km_h, leg.seconds) == (None, None, 60)
    (same,) = legs("ABC1D23", [read("nowhere", 0), read("nowhere", 60)], PLACES)
    assert same.distance_m == 0


@pytest.mark.parametrize(
    ("reads", "clones"),
    [
        ([read("se", 0), read("rio", 600)], 1),
        ([read("se", 0), read("rio", 3 * 3600)], 0),
        ([read("se", 0), read("rio", 0)], 1),
        ([read("se", 0), read("se-2", 0)], 0),  # 50 m apart: one vehicle in two images
        ([read("se", 0), read("nowhere", 300), read("rio", 600)], 1),
        ([read("se", 0), read("nowhere", 300)], 0),
        ([read("se", 0), read("rio", 600), read("se", 1200), read("rio", 1800)], 3),
        ([read("se", 0), read("paulista", 48)], 0),  # 2.6 km need 52 s; the clocks may be 5 s apart
        ([read("se", 0), read("paulista", 40)], 1),
    ],
)
def test_what_no_vehicle_can_drive_is_a_possible_clone(reads: list[ReadSummary], clones: int) -> None:
    assert len(impossible_legs(vehicle(*reads), PLACES, DrivingLimits())) == clones


def test_a_leg_without_time_has_no_speed() -> None:
    (leg,) = impossible_legs(vehicle(read("se", 0), read("rio", 0)), PLACES, DrivingLimits())
    assert leg.speed_km_h is None
    assert leg.distance_m is not None


places = st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180))


@given(places, places, places)
def test_distances_obey_the_rules(one: GeoPoint, two: GeoPoint, three: GeoPoint) -> None:
    assert distance_m(one, two) == pytest.approx(distance_m(two, one), abs=0.01)
    assert 0 <= distance_m(one, two) <= 20_015_200
    assert distance_m(one, three) <= distance_m(one, two) + distance_m(two, three) + 1


@given(st.lists(places, min_size=2, max_size=6))
def test_no_way_takes_longer_than_the_longest_drive(several: list[GeoPoint]) -> None:
    limits = DrivingLimits()
    longest_s = longest_drive_s(several, limits)
    for one in several:
        for other in several:
            assert distance_m(one, other) / (limits.speed_km_h / 3.6) <= longest_s + 0.1
    assert longest_drive_s([], limits) == 0


def test_legs_of_a_camera_to_itself_become_one_with_all_its_reads() -> None:
    times = [("a", 0), ("a", 60), ("a", 90), ("b", 700), ("b", 720), ("c", 1500), ("a", 1600)]
    reads = [read(camera, second) for camera, second in times]
    route = without_standing(legs("ABC1C34", reads, {}))
    shown = [(leg.from_camera_id, leg.to_camera_id, leg.reads, leg.seconds) for leg in route]
    assert shown == [
        ("a", "a", 3, 90.0),
        ("a", "b", 2, 610.0),
        ("b", "b", 2, 20.0),
        ("b", "c", 2, 780.0),
        ("c", "a", 2, 100.0),
    ]
    assert (route[0].from_ts_ms, route[0].to_ts_ms) == (reads[0].ts_ms, reads[2].ts_ms)
    assert route[0].to_event_id == reads[2].event_id
