"""Plates are assigned to their vehicles and reported once, and bad crops are not read."""

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
    return Frame("cam", "session", index, index / 10, 1000 + index * 100, 0.0, ArrayImage(image))


def tracks(*objects: tuple[Label, tuple[int, int, int, int], int]) -> Tracks:
    detections = Detections.build([b for _, b, _ in objects], [0.9] * len(objects), [label for label, _, _ in objects])
    return Tracks(detections, np.array([i for _, _, i in objects], np.int64))


def observe(plates: PlateAggregator, index: int, found: Tracks, text: str) -> int:
    readable = plates.select(frame(index), found)
    for plate in readable:
        plates.add_reading(plate, seen(text))
    return len(readable)


@pytest.fixture
def plates() -> PlateAggregator:
    return PlateAggregator(LprSettings())


def test_a_plate_belongs_to_the_smallest_vehicle_around_it(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.TRUCK, TRUCK, 1), (Label.CAR, CAR, 2), (Label.PLATE, PLATE, 3)), "ABC1D23")
    assert plates.finish({1, 3}) == []
    (plate,) = plates.finish({2})
    assert (plate.read.text, plate.track_id, plate.vehicle) == ("ABC1D23", 2, Label.CAR)


def test_a_plate_without_a_vehicle_is_reported_by_its_own_track(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.PLATE, PLATE, 3)), "ABC1D23")
    (plate,) = plates.finish({3})
    assert (plate.track_id, plate.vehicle, plate.best_frame) == (3, None, 0)


def test_a_plate_without_a_vehicle_at_first_is_reported_once(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.PLATE, PLATE, 3)), "ABC1D23")
    observe(plates, 1, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    observe(plates, 2, tracks((Label.PLATE, PLATE, 3)), "ABC1D23")
    assert plates.finish({4}) == []
    (plate,) = plates.finish({3})
    assert (plate.track_id, plate.vehicle, plate.read.votes) == (4, Label.CAR, 3)
    assert plates.finish_all() == []


def test_a_plate_whose_track_broke_belongs_to_one_vehicle(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    assert plates.finish({3}) == []
    observe(plates, 1, tracks((Label.PLATE, PLATE, 9), (Label.CAR, CAR, 4)), "ABC1D23")
    (plate,) = plates.finish({4, 9})
    assert plate.read.votes == 2
    assert (plate.first_ts_ms, plate.last_ts_ms) == (1000, 1100)


def test_two_plate_tracks_of_one_vehicle_are_merged(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    observe(plates, 1, tracks((Label.PLATE, PLATE, 5)), "ABC1D23")
    observe(plates, 2, tracks((Label.PLATE, PLATE, 5), (Label.CAR, CAR, 4)), "ABC1D23")
    (plate,) = plates.finish({3, 4, 5})
    assert plate.read.votes == 3


def test_a_vehicle_whose_track_broke_keeps_its_plate(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    observe(plates, 1, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 7)), "ABC1D23")
    observe(plates, 2, tracks((Label.PLATE, PLATE, 8), (Label.CAR, CAR, 7)), "ABC1D23")
    (plate,) = plates.finish({3, 4, 7, 8})
    assert (plate.track_id, plate.read.votes) == (4, 3)


def test_a_plate_inside_the_box_of_a_passing_vehicle_stays_with_its_own(plates: PlateAggregator) -> None:
    behind = (150, 200, 350, 290)
    observe(plates, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    observe(plates, 1, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4), (Label.CAR, behind, 5)), "ABC1D23")
    (plate,) = plates.finish({3, 4})
    assert (plate.track_id, plate.read.votes) == (4, 2)


def test_two_plates_on_one_track_are_reported_with_their_own_times_and_boxes(plates: PlateAggregator) -> None:
    later = (220, 240, 310, 270)
    for index in range(3):
        observe(plates, index, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
    for index in range(3, 6):
        observe(plates, index, tracks((Label.PLATE, later, 3), (Label.CAR, CAR, 4)), "XYZ9K87")
    first, second = sorted(plates.finish({3, 4}), key=lambda plate: plate.first_ts_ms)
    assert (first.read.text, first.first_ts_ms, first.last_ts_ms) == ("ABC1D23", 1000, 1200)
    assert (second.read.text, second.first_ts_ms, second.last_ts_ms) == ("XYZ9K87", 1300, 1500)
    assert list(second.best_box) == list(later)
    assert second.best_frame >= 3


def test_a_certain_plate_is_read_again_at_once_when_another_appears() -> None:
    plates = PlateAggregator(LprSettings(certain_votes=3, recheck_s=1.0))
    found = tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4))
    assert sum(observe(plates, index, found, "ABC1D23") for index in range(10)) == 3
    read = [observe(plates, index, found, "XYZ9K87") for index in range(10, 18)]
    assert read == [0, 0, 1, 1, 1, 0, 0, 0], "checked after a second, then read until the new plate is certain"


def test_a_certain_plate_of_a_parked_car_is_reported_once_and_early() -> None:
    plates = PlateAggregator(LprSettings(certain_votes=3, report_after_s=2.0))
    found = tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4))
    reported = []
    for index in range(40):
        observe(plates, index, found, "ABC1D23")
        reported += [(index, plate.read.text) for plate in plates.settled(1000 + index * 100)]
    assert reported == [(20, "ABC1D23")]
    assert plates.finish({3, 4}) == []


def test_an_uncertain_plate_is_not_reported_early() -> None:
    plates = PlateAggregator(LprSettings(certain_votes=3, report_after_s=2.0, certain_confidence=0.99))
    found = tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4))
    for plate in (p for index in range(40) for p in plates.select(frame(index), found)):
        plates.add_reading(plate, seen("ABC1D23", doubts={0: ("H", 0.45)}))
    assert plates.settled(100_000) == []
    assert len(plates.finish({3, 4})) == 1


def test_no_state_remains_of_tracks_that_ended(plates: PlateAggregator) -> None:
    for number in range(50):
        observe(
            plates, number, tracks((Label.PLATE, PLATE, 2 * number + 1), (Label.CAR, CAR, 2 * number + 2)), "ABC1D23"
        )
        plates.finish({2 * number + 1, 2 * number + 2})
    assert not plates._records
    assert not plates._record_of


def test_bicycles_and_persons_carry_no_plate(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.BICYCLE, CAR, 1), (Label.PERSON, CAR, 2), (Label.PLATE, PLATE, 3)), "ABC1D23")
    (plate,) = plates.finish({1, 2, 3})
    assert plate.vehicle is None


@pytest.mark.parametrize(
    ("box", "why"),
    [((200, 240, 240, 247), "too low"), ((0, 240, 90, 270), "cut off"), ((550, 440, 639, 479), "cut off")],
)
def test_a_crop_that_is_too_small_or_cut_off_is_not_read(
    plates: PlateAggregator, box: tuple[int, int, int, int], why: str
) -> None:
    assert observe(plates, 0, tracks((Label.PLATE, box, 1)), "ABC1D23") == 0, why


def test_a_blank_crop_is_not_read(plates: PlateAggregator) -> None:
    gray = frame(0, np.full((480, 640, 3), 127, np.uint8))
    assert plates.select(gray, tracks((Label.PLATE, PLATE, 1))) == []


def test_a_certain_plate_is_read_again_only_at_intervals() -> None:
    plates = PlateAggregator(LprSettings(certain_votes=3, recheck_s=1.0))
    found = tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4))
    read = [observe(plates, index, found, "ABC1D23") for index in range(24)]
    assert read[:3] == [1, 1, 1]
    assert 2 <= sum(read[3:]) <= 3


def test_an_uncertain_reading_is_reported_unless_it_is_below_the_minimum(plates: PlateAggregator) -> None:
    found = tracks((Label.PLATE, PLATE, 3))
    for plate in plates.select(frame(0), found):
        plates.add_reading(plate, seen("ABC1D23", sure=0.4))
    assert [plate.read.text for plate in plates.finish({3})] == ["ABC1D23"]
    strict = PlateAggregator(LprSettings(min_confidence=0.9))
    for plate in strict.select(frame(0), found):
        strict.add_reading(plate, seen("ABC1D23", sure=0.4))
    assert strict.finish({3}) == []


def test_a_reading_that_arrives_after_its_track_ended_is_ignored(plates: PlateAggregator) -> None:
    (plate,) = plates.select(frame(0), tracks((Label.PLATE, PLATE, 3)))
    plates.finish({3})
    plates.add_reading(plate, seen("ABC1D23"))
    plates.add_reading(replace(plate, track_id=77), seen("ABC1D23"))
    assert plates.finish_all() == []
    assert plates.best_read(3) is None


def test_a_caption_of_the_camera_is_counted_and_not_reported(plates: PlateAggregator) -> None:
    caption = (20, 10, 120, 40)
    for index in range(30):
        observe(plates, index, tracks((Label.PLATE, caption, 3)), "CAM0412")
    assert plates.settled(100_000) == []
    assert (plates.finish({3}), plates.implausible) == ([], 1)


def test_nothing_is_read_in_ignored_areas() -> None:
    plates = PlateAggregator(LprSettings(), ignore=[((0.3, 0.4), (0.6, 0.4), (0.6, 0.7), (0.3, 0.7))])
    assert observe(plates, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23") == 0
    assert plates.finish({3, 4}) == []


def test_pieces_of_plates_are_not_reported(plates: PlateAggregator) -> None:
    observe(plates, 0, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC")
    assert plates.finish({3, 4}) == []


def test_a_plate_is_uncertain_from_its_first_reading_until_its_vote_is_certain() -> None:
    plates = PlateAggregator(LprSettings(certain_votes=3, recheck_s=1.0))
    uncertain = []
    for index in range(6):
        observe(plates, index, tracks((Label.PLATE, PLATE, 3), (Label.CAR, CAR, 4)), "ABC1D23")
        uncertain.append(plates.uncertain)
    assert uncertain == [True, True, False, False, False, False]
