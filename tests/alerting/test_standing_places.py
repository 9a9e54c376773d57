"""Places of standing vehicles: a track that goes off with another vehicle does not end a stop, a departure does."""

from __future__ import annotations

import pytest

from pipeline.alerting.followed_object import FollowedObject
from pipeline.alerting.standing_places import StandingPlace, StandingPlaces
from pipeline.domain.labels import Label

STEP_S = 0.2


class Road:
    """Cars of 20 x 20 pixels, by track, and the places where they stand."""

    def __init__(self) -> None:
        self.places = StandingPlaces()
        self.now_s = 0.0
        self._cars: dict[int, FollowedObject] = {}

    def show(self, seconds: float, **tracks: tuple[float, float]) -> None:
        """Show cars for some time: from which x to which each drives, by the name of its track."""
        steps = round(seconds / STEP_S)
        for step in range(1, steps + 1):
            self.now_s += STEP_S
            seen = []
            for name, (start, end) in tracks.items():
                x = start + (end - start) * step / steps
                car = self._cars.setdefault(
                    int(name[1:]), FollowedObject.begin(int(name[1:]), Label.CAR, _box(x), self.now_s)
                )
                car.see(Label.CAR, _box(x), self.now_s, rides=False)
                seen.append(car)
            self.places.update(seen, self.now_s)

    def arrived(self) -> list[StandingPlace]:
        return [place for place in self.places if place.arrived]


def _box(x: float) -> tuple[float, float, float, float]:
    return x, 100.0, x + 20, 120.0


@pytest.fixture
def road() -> Road:
    """A car has come to x = 100, and stands there since about 4 s."""
    road = Road()
    road.show(4, t1=(0, 100))
    road.show(6, t1=(100, 100))
    (place,) = road.arrived()
    assert place.since_s == pytest.approx(4, abs=0.5)
    return road


def test_a_stop_goes_on_where_the_track_went_off_with_a_vehicle_that_passed(road: Road) -> None:
    road.show(1, t1=(115, 200))
    road.show(8, t1=(200, 900), t2=(101, 101))
    (place,) = road.arrived()
    assert place.track_id == 2
    assert place.since_s == pytest.approx(4, abs=0.5)


def test_the_next_vehicle_that_comes_and_stops_there_begins_a_stop_of_its_own(road: Road) -> None:
    road.show(2, t1=(100, 200))
    road.show(3, t2=(0, 100))
    road.show(4, t2=(100, 100))
    (place,) = road.arrived()
    assert place.track_id == 2
    assert place.since_s == pytest.approx(15, abs=0.5)


def test_a_parked_car_that_becomes_visible_long_after_a_departure_has_not_arrived(road: Road) -> None:
    road.show(2, t1=(100, 200))
    road.show(5, t1=(200, 900))
    road.show(4, t2=(100, 100))
    assert road.arrived() == []


def test_a_box_that_a_passing_vehicle_cuts_does_not_move_the_place(road: Road) -> None:
    road.show(0.4, t1=(112, 112))
    road.show(3, t1=(100, 100))
    (place,) = road.arrived()
    assert round(place.box[0]) == 100
    assert place.since_s == pytest.approx(4, abs=0.5)
