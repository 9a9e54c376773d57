"""Plates find their vehicles, are told once, and bad crops are not read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.frame import Frame
from pipeline.domain.labels import Label
from pipeline.lpr.plate_aggregator import PlateAggregator
from pipeline.lpr.settings import LprSettings
from tests.lpr.plates import seen

CAR, TRUCK, PLATE = (100, 100, 400, 300), (50, 50, 600, 400), (200, 240, 290, 270)


def frame(index: int, image: np.ndarray | None = None) -> Frame:
    if image is None:
        image = np.random.default_rng(3).integers(0, 255, (480, 640, 3), np.uint8)
    return Frame("cam", "take", index, index / 10, 1000 + index * 100, 0.0, ArrayImage(image))


def tracks(*objects: tuple[Label, tuple[int, int, int, int], int]) -> Tracks:
    detections = Detections.build([b for _, b, _ in objects], [0.9] * len(objects), [label for label, _, _ in objects])
    return Tracks(detections, np.array([i for _, _, i in objects], np.int64))


def see(desk: PlateAggregator, index: int, found: Tracks, text: str) -> int:
    requests = desk.wanted(frame(index), found)
    for request in requests:
        desk.give(request, seen(text))
    return len(requests)


@pytest.fixture
def desk() -> PlateAggregator:
    return PlateAggregator(LprSettings())


def test_a_plate_belongs_to_the_smallest_vehicle_around_it(desk: PlateAggregator) -> None:
    see(desk, 0, tracks((Label.TRUCK, TRUCK, 1), (Label.CAR, CAR, 2), (Label.PLATE, PLATE, 3)), "ABC1D23")
    assert desk.close({1, 3}) == []
    (plate,) = desk.close({2})
    assert (plate.read.text, plate.track_id, plate.vehicle) == ("ABC1D23", 2, Label.CAR)


def test_a_plate_without_a_vehicle_is_told_by_its_own_track(desk: PlateAggregator) -> None:
    see(desk, 0, tracks((Label.PLATE, PLATE, 3)), "ABC1D23")
    (plate,) = desk.close({3})
    assert (plate.track_id, plate.vehicle, plate.best_frame) == (3, None, 0)


def test_a_plate_that_was_alone_first_is_told_once(desk: PlateAggregator) -> None:
    see(desk, 0, tracks((Label.PLATE, PLATE, 3)), "ABC1D23")
    see(desk, 1, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    see(desk, 2, tracks((Label.PLATE, PLATE, 3)), "ABC1D23")
    assert desk.close({4}) == []
    (plate,) = desk.close({3})
    assert (plate.track_id, plate.vehicle, plate.read.votes) == (4, Label.CAR, 3)
    assert desk.close_all() == []


def test_a_plate_whose_track_broke_is_one_vehicle(desk: PlateAggregator) -> None:
    see(desk, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    assert desk.close({3}) == []
    see(desk, 1, tracks((Label.PLATE, PLATE, 9), (Label.CAR, CAR, 4)), "ABC1D23")
    (plate,) = desk.close({4, 9})
    assert plate.read.votes == 2
    assert (plate.first_ts_ms, plate.last_ts_ms) == (1000, 1100)


def test_two_lone_tracks_that_meet_in_one_vehicle_are_joined(desk: PlateAggregator) -> None:
    see(desk, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    see(desk, 1, tracks((Label.PLATE, PLATE, 5)), "ABC1D23")
    see(desk, 2, tracks((Label.PLATE, PLATE, 5), (Label.CAR, CAR, 4)), "ABC1D23")
    (plate,) = desk.close({3, 4, 5})
    assert plate.read.votes == 3


def test_a_vehicle_whose_track_broke_keeps_its_plate(desk: PlateAggregator) -> None:
    see(desk, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    see(desk, 1, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 7)), "ABC1D23")
    see(desk, 2, tracks((Label.PLATE, PLATE, 8), (Label.CAR, CAR, 7)), "ABC1D23")
    (plate,) = desk.close({3, 4, 7, 8})
    assert (plate.track_id, plate.read.votes) == (4, 3)


def test_a_plate_seen_through_a_passing_vehicle_stays_with_its_own(desk: PlateAggregator) -> None:
    behind = (150, 200, 350, 290)
    see(desk, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    see(desk, 1, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4), (Label.CAR, behind, 5)), "ABC1D23")
    (plate,) = desk.close({3, 4})
    assert (plate.track_id, plate.read.votes) == (4, 2)


def test_two_plates_on_one_track_are_told_with_their_own_times_and_places(desk: PlateAggregator) -> None:
    later = (220, 240, 310, 270)
    for index in range(3):
        see(desk, index, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    for index in range(3, 6):
        see(desk, index, tracks((Label.PLATE, later, 3), (Label.CAR, CAR, 4)), "XYZ9K87")
    first, second = sorted(desk.close({3, 4}), key=lambda plate: plate.first_ts_ms)
    assert (first.read.text, first.first_ts_ms, first.last_ts_ms) == ("ABC1D23", 1000, 1200)
    assert (second.read.text, second.first_ts_ms, second.last_ts_ms) == ("XYZ9K87", 1300, 1500)
    assert list(second.best_box) == list(later)
    assert second.best_frame >= 3


def test_a_certain_plate_is_read_again_at_once_when_another_shows() -> None:
    desk = PlateAggregator(LprSettings(certain_votes=3, recheck_s=1.0))
    found = tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4))
    assert sum(see(desk, index, found, "ABC1D23") for index in range(10)) == 3
    read = [see(desk, index, found, "XYZ9K87") for index in range(10, 18)]
    assert read == [0, 0, 1, 1, 1, 0, 0, 0], "checked after a second, then read until the new plate is certain"


def test_a_certain_plate_of_a_standing_car_is_told_once_and_early() -> None:
    desk = PlateAggregator(LprSettings(certain_votes=3, tell_after_s=2.0))
    found = tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4))
    told = []
    for index in range(40):
        see(desk, index, found, "ABC1D23")
        told += [(index, plate.read.text) for plate in desk.settled(1000 + index * 100)]
    assert told == [(20, "ABC1D23")]
    assert desk.close({3, 4}) == []


def test_a_doubtful_plate_is_not_told_early() -> None:
    desk = PlateAggregator(LprSettings(certain_votes=3, tell_after_s=2.0, certain_confidence=0.99))
    found = tracks((Label.PLATE, PLATE, 3))
    for request in (r for index in range(40) for r in desk.wanted(frame(index), found)):
        desk.give(request, seen("ABC1D23", doubts={0: ("H", 0.45)}))
    assert desk.settled(100_000) == []
    assert len(desk.close({3})) == 1


def test_nothing_is_kept_of_tracks_that_ended(desk: PlateAggregator) -> None:
    for number in range(50):
        see(desk, number, tracks((Label.PLATE, PLATE, 2 * number + 1), (Label.CAR, CAR, 2 * number + 2)), "ABC1D23")
        desk.close({2 * number + 1, 2 * number + 2})
    assert not desk._records
    assert not desk._record_of


def test_a_bicycle_or_person_carries_no_plate(desk: PlateAggregator) -> None:
    see(desk, 0, tracks((Label.BICYCLE, CAR, 1), (Label.PERSON, CAR, 2), (Label.PLATE, PLATE, 3)), "ABC1D23")
    (plate,) = desk.close({1, 2, 3})
    assert plate.vehicle is None


@pytest.mark.parametrize(
    ("box", "why"),
    [((200, 240, 240, 247), "too low"), ((0, 240, 90, 270), "cut off"), ((550, 440, 639, 479), "cut off")],
)
def test_a_crop_not_worth_reading_is_not_read(desk: PlateAggregator, box: tuple[int, int, int, int], why: str) -> None:
    assert see(desk, 0, tracks((Label.PLATE, box, 1)), "ABC1D23") == 0, why


def test_a_blank_crop_is_not_read(desk: PlateAggregator) -> None:
    gray = frame(0, np.full((480, 640, 3), 127, np.uint8))
    assert desk.wanted(gray, tracks((Label.PLATE, PLATE, 1))) == []


def test_a_certain_plate_is_read_only_now_and_then() -> None:
    desk = PlateAggregator(LprSettings(certain_votes=3, recheck_s=1.0))
    found = tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4))
    read = [see(desk, index, found, "ABC1D23") for index in range(24)]
    assert read[:3] == [1, 1, 1]
    assert 2 <= sum(read[3:]) <= 3


def test_a_doubtful_reading_is_kept_and_a_hopeless_one_is_not(desk: PlateAggregator) -> None:
    found = tracks((Label.PLATE, PLATE, 3))
    for request in desk.wanted(frame(0), found):
        desk.give(request, seen("ABC1D23", sure=0.4))
    assert [plate.read.text for plate in desk.close({3})] == ["ABC1D23"]
    strict = PlateAggregator(LprSettings(min_confidence=0.9))
    for request in strict.wanted(frame(0), found):
        strict.give(request, seen("ABC1D23", sure=0.4))
    assert strict.close({3}) == []


def test_an_answer_that_comes_too_late_changes_nothing(desk: PlateAggregator) -> None:
    (request,) = desk.wanted(frame(0), tracks((Label.PLATE, PLATE, 3)))
    desk.close({3})
    desk.give(request, seen("ABC1D23"))
    desk.give(replace(request, track_id=77), seen("ABC1D23"))
    assert desk.close_all() == []
    assert desk.peek(3) is None
