"""Each rule sees what it is for, and nothing in scenes that look like it."""

from __future__ import annotations

import math
from datetime import UTC

import numpy as np
import pytest

from pipeline.alerting.limits import Limits
from pipeline.alerting.rules.congestion import Congestion
from pipeline.alerting.rules.crowd import Crowd
from pipeline.alerting.rules.person_on_roadway import PersonOnRoadway
from pipeline.alerting.rules.slow_vehicle import SlowVehicle
from pipeline.alerting.rules.stopped_vehicle import StoppedVehicle
from pipeline.alerting.rules.sudden_emptiness import SuddenEmptiness
from pipeline.alerting.rules.swerving_vehicle import SwervingVehicle
from pipeline.alerting.rules.vehicle_off_roadway import VehicleOffRoadway
from pipeline.alerting.rules.wrong_way import WrongWay
from pipeline.alerting.rules.zone_entered import ZoneEntered
from pipeline.domain.labels import Label
from pipeline.domain.traffic_areas import TrafficAreas, ZoneKind
from tests.alerting.road import (
    LANE_Y,
    OTHER_LANE_Y,
    ROAD,
    SIDEWALK_Y,
    YARD_Y,
    Mover,
    Way,
    band,
    drives,
    passing,
    stands,
    stops,
    tracks_of,
    watch,
)

LIMITS = Limits()


class TestStoppedVehicle:
    @pytest.mark.parametrize("fps", [1, 5])
    def test_it_is_seen_after_its_time_while_others_pass(self, fps: float) -> None:
        seen = watch(StoppedVehicle(LIMITS), [Mover(1, stops(600, 10)), *passing()], 60, fps=fps)
        assert tracks_of(seen) == {1}
        assert 29 <= seen[0].at_s <= 34
        assert seen[-1].condition.lasts_s == pytest.approx(50, abs=4)

    def test_its_track_may_end_and_another_begin_at_its_place(self) -> None:
        cars = [Mover(1, stops(600, 10, until_s=18)), Mover(2, stands(604, LANE_Y + 3, since_s=21)), *passing()]
        seen = watch(StoppedVehicle(LIMITS), cars, 45)
        assert 29 <= seen[0].at_s <= 33
        assert tracks_of(seen) == {2}

    def test_a_track_that_ends_when_it_brakes_is_followed_by_that_of_its_place(self) -> None:
        cars = [Mover(1, drives(150, until_s=4)), Mover(2, stands(640, since_s=4.6)), *passing()]
        assert tracks_of(watch(StoppedVehicle(LIMITS), cars, 40)) == {2}

    def test_a_place_that_others_drive_over_is_empty(self) -> None:
        cars = [Mover(1, stops(600, 10, until_s=22)), *passing(y=LANE_Y)]
        assert not watch(StoppedVehicle(LIMITS), cars, 60)

    def test_one_alone_may_wait_three_times_as_long(self) -> None:
        seen = watch(StoppedVehicle(LIMITS), [Mover(1, stops(600, 10))], 90)
        assert 69 <= seen[0].at_s <= 73

    @pytest.mark.parametrize(
        "cars",
        [
            pytest.param([Mover(1, stands(600)), *passing()], id="it is parked there"),
            pytest.param([Mover(n, stops(900 - 100 * n, 10 + n)) for n in range(1, 6)], id="a red light of 100 s"),
            pytest.param(
                [Mover(n, stops(600, 12 * n, until_s=12 * n + 8)) for n in range(1, 9)] + passing(), id="a stop line"
            ),
        ],
    )
    def test_what_waits_or_parks_is_not_seen(self, cars: list[Mover]) -> None:
        assert not watch(StoppedVehicle(LIMITS), cars, 110)

    def test_nothing_is_seen_in_a_queue_zone(self) -> None:
        areas = TrafficAreas((*ROAD.zones, band("queue", ZoneKind.QUEUE, 300, 520, x1=500, x2=700)))
        assert not watch(StoppedVehicle(LIMITS), [Mover(1, stops(600, 10)), *passing()], 60, areas=areas)


class TestWrongWay:
    def test_a_vehicle_against_the_heading_is_seen_and_the_others_are_not(self) -> None:
        cars = [Mover(1, drives(-150, x=1200, since_s=5)), *passing(until_s=20)]
        seen = watch(WrongWay(LIMITS), cars, 15)
        assert tracks_of(seen) == {1}
        assert 6 <= seen[0].at_s <= 8

    def test_a_track_that_jumps_back_to_the_next_vehicle_is_not_seen(self) -> None:
        assert not watch(WrongWay(LIMITS), [Mover(1, lambda t: (300 + 150 * (t % 2), LANE_Y))], 30)

    def test_a_standing_vehicle_whose_box_trembles_is_not_seen(self) -> None:
        noise = np.random.default_rng(1).normal(0, 8, 400).cumsum() % 30
        assert not watch(WrongWay(LIMITS), [Mover(1, lambda t: (600 + noise[int(t * 5)], LANE_Y))], 60)


def person(way: Way, track_id: int = 1) -> Mover:
    return Mover(track_id, way, Label.PERSON)


class TestPersonOnRoadway:
    def test_a_person_who_walks_there_is_seen(self) -> None:
        seen = watch(PersonOnRoadway(LIMITS), [person(drives(30, x=300)), *passing()], 10)
        assert tracks_of(seen) == {1}
        assert seen[0].at_s == pytest.approx(2, abs=0.3)

    @pytest.mark.parametrize(
        "movers",
        [
            pytest.param([person(drives(30, y=SIDEWALK_Y))], id="on the sidewalk"),
            pytest.param([person(drives(260))], id="faster than anyone runs"),
            pytest.param(
                [person(drives(90, y=LANE_Y - 20)), Mover(2, drives(90), Label.MOTORCYCLE, 60)], id="on a motorcycle"
            ),
            pytest.param([person(drives(60, y=LANE_Y - 40), 9), Mover(2, drives(60), side=150)], id="in a car"),
            pytest.param([person(lambda t: (600, 525 - 8 * (int(5 * t) % 5 == 0)))], id="at the curb"),
        ],
    )
    def test_others_are_not_seen(self, movers: list[Mover]) -> None:
        assert not watch(PersonOnRoadway(LIMITS), movers, 10)

    def test_a_person_on_a_crosswalk_is_not_seen(self) -> None:
        areas = TrafficAreas((*ROAD.zones, band("zebra", ZoneKind.CROSSWALK, 200, 600, x1=200, x2=800)))
        assert not watch(PersonOnRoadway(LIMITS), [person(drives(30, x=300))], 10, areas=areas)


class TestVehicleOffRoadway:
    def test_a_car_that_drives_on_the_sidewalk_is_seen(self) -> None:
        seen = watch(VehicleOffRoadway(LIMITS), [Mover(1, drives(60, y=SIDEWALK_Y)), *passing()], 10)
        assert tracks_of(seen) == {1}

    def test_one_that_is_parked_there_persons_and_bicycles_are_not(self) -> None:
        others = [
            Mover(1, stands(600, SIDEWALK_Y)),
            person(drives(30, y=SIDEWALK_Y), 2),
            Mover(3, drives(90, y=SIDEWALK_Y), Label.BICYCLE),
            *passing(),
        ]
        assert not watch(VehicleOffRoadway(LIMITS), others, 20)


class TestZoneEntered:
    @pytest.mark.parametrize(("period", "sees"), [("22:00-06:00", True), ("06:00-22:00", False), ("", True)])
    def test_it_is_seen_while_the_zone_is_closed(self, period: str, sees: bool) -> None:
        closed = {"yard": (period,)} if period else {}
        rule = ZoneEntered(LIMITS, closed, UTC)  # these streets begin at 22:14
        assert bool(watch(rule, [person(drives(30, y=YARD_Y))], 5)) is sees

    def test_what_stands_there_from_the_first_is_not_seen(self) -> None:
        assert not watch(ZoneEntered(LIMITS), [Mover(1, stands(600, YARD_Y))], 20)


def crawling(until_s: float, *, speed: float = 5) -> list[Mover]:
    """Six vehicles that hardly move, and drive off at a time."""

    def way(number: int) -> Way:
        return lambda t: (100 + 110 * number + speed * min(t, until_s) + 150 * max(0.0, t - until_s), LANE_Y)

    return [Mover(number, way(number)) for number in range(1, 7)]


class TestCongestion:
    def test_it_begins_after_two_minutes_and_ends_when_traffic_moves(self) -> None:
        seen = watch(Congestion(LIMITS), crawling(200), 260, fps=1)
        assert 105 <= seen[0].at_s <= 125
        assert 200 <= seen[-1].at_s <= 235
        assert {one.condition.key for one in seen} == {"lane"}

    @pytest.mark.parametrize(
        "cars",
        [
            pytest.param(crawling(1000, speed=40), id="it moves slowly"),
            pytest.param([Mover(n, stands(100 * n)) for n in range(1, 9)], id="parked vehicles"),
            pytest.param(crawling(70), id="a red light"),
        ],
    )
    def test_traffic_that_moves_and_parked_vehicles_are_none(self, cars: list[Mover]) -> None:
        assert not watch(Congestion(LIMITS), cars, 200, fps=1)


class TestCrowd:
    def test_persons_who_gather_are_seen(self) -> None:
        some = [person(stands(100 * n, SIDEWALK_Y), n) for n in range(1, 4)]
        more = [person(stands(60 * n, SIDEWALK_Y - 30, since_s=90), 10 + n) for n in range(1, 15)]
        seen = watch(Crowd(LIMITS), [*some, *more], 130, fps=1)
        assert 90 <= seen[0].at_s <= 105
        assert seen[0].condition.figures["count"] == 17  # type: ignore[index]

    def test_a_place_that_is_always_full_is_none(self) -> None:
        many = [person(stands(60 * n, SIDEWALK_Y), n) for n in range(1, 20)]
        assert not watch(Crowd(LIMITS), many, 150, fps=1)


class TestSuddenEmptiness:
    def test_a_road_that_was_busy_and_is_empty_is_seen(self) -> None:
        seen = watch(SuddenEmptiness(LIMITS), passing(every_s=10, until_s=1000), 1300, fps=0.5)
        assert 1120 <= seen[0].at_s <= 1200

    def test_a_quiet_road_is_none(self) -> None:
        assert not watch(SuddenEmptiness(LIMITS), passing(every_s=200, until_s=1300), 1700, fps=0.5)


class TestSlowVehicle:
    def test_one_at_a_fifth_of_the_speed_of_the_others_is_seen(self) -> None:
        seen = watch(
            SlowVehicle(LIMITS), [*passing(until_s=80), Mover(1, drives(40, since_s=50, y=OTHER_LANE_Y - 35))], 75
        )
        assert tracks_of(seen) == {1}

    def test_one_that_slows_down_with_all_others_is_none(self) -> None:
        slow = [Mover(n, drives(30, since_s=6 * n, y=OTHER_LANE_Y)) for n in range(1, 14)]
        assert not watch(SlowVehicle(LIMITS), [*slow, Mover(99, drives(20, since_s=50))], 90)


class TestSwervingVehicle:
    def test_one_that_goes_from_side_to_side_is_seen(self) -> None:
        swerves = Mover(1, lambda t: (60 + 110 * t, LANE_Y + 45 * math.sin(2.2 * t)))
        assert tracks_of(watch(SwervingVehicle(LIMITS), [swerves], 11)) == {1}

    @pytest.mark.parametrize(
        "way",
        [
            pytest.param(lambda t: (60 + 110 * t, LANE_Y + 3 * math.sin(40 * t)), id="its box trembles"),
            pytest.param(lambda t: (60 + 110 * t, LANE_Y + 80 / (1 + math.exp(8 - 2 * t))), id="it changes lane"),
            pytest.param(lambda t: (60 + 110 * t, 310 + 0.00015 * (100 * t) ** 2), id="the road bends"),
        ],
    )
    def test_others_are_none(self, way: Way) -> None:
        assert not watch(SwervingVehicle(LIMITS), [Mover(1, way)], 11)
