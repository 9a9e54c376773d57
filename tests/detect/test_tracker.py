"""Ids are from 1, in order, never used again, the same in every run; labels do not flicker; lost tracks are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.detect.build import build_tracker
from pipeline.detect.settings import TrackSettings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.domain.ports import Tracker

STEP_MS = 200
CAR = (0.0, 100.0, 80.0, 160.0)


def moved(box: Sequence[float], dx: float) -> list[float]:
    return [box[0] + dx, box[1], box[2] + dx, box[3]]


def seen(*objects: tuple[Label, Sequence[float]], score: float = 0.8) -> Detections:
    return Detections.build([box for _, box in objects], [score] * len(objects), [label for label, _ in objects])


def tracker(**settings: Any) -> Tracker:
    return build_tracker(TrackSettings(**settings), 5.0)


def follow(one: Tracker, images: Sequence[Detections], start_ms: int = 1_700_000_000_000) -> list[list[int]]:
    return [one.update(found, start_ms + k * STEP_MS).ids.tolist() for k, found in enumerate(images)]


def drive(images: int, label: Label = Label.CAR, box: Sequence[float] = CAR, dx: float = 15.0) -> list[Detections]:
    return [seen((label, moved(box, dx * k))) for k in range(images)]


def test_a_car_keeps_its_id_and_needs_two_images_to_get_one() -> None:
    assert follow(tracker(), drive(6)) == [[], [1], [1], [1], [1], [1]]


def test_the_same_images_give_the_same_ids_in_two_trackers_side_by_side() -> None:
    random = np.random.default_rng(3)
    images = []
    for k in range(40):
        boxes = [moved((x, x, x + 60, x + 60), 6.0 * k) for x in random.permutation(np.arange(0, 900, 90.0))[:7]]
        images.append(seen(*[(Label.CAR if i % 2 else Label.PERSON, box) for i, box in enumerate(boxes)]))
    one, other = tracker(), tracker()
    ids = []
    for k, found in enumerate(images):  # interleaved: a counter shared by the two would show
        a, b = one.update(found, k * STEP_MS), other.update(found, k * STEP_MS)
        np.testing.assert_array_equal(a.ids, b.ids)
        np.testing.assert_array_equal(a.detections.boxes, b.detections.boxes)
        ids += a.ids.tolist()
    assert set(ids) == set(range(1, max(ids) + 1))


def test_a_car_called_truck_stays_one_track_and_keeps_the_surer_label() -> None:
    one = tracker()
    words = [Label.CAR, Label.CAR, Label.TRUCK, Label.CAR, Label.TRUCK]
    labels = []
    for k, label in enumerate(words):
        tracks = one.update(seen((label, moved(CAR, 10 * k))), k * STEP_MS)
        labels += tracks.detections.labels.tolist()
        assert set(tracks.ids.tolist()) <= {1}
    assert labels == [Label.CAR] * 4


def test_a_person_is_never_the_continuation_of_a_car() -> None:
    one = tracker()
    ids = follow(one, drive(3) + drive(3, Label.PERSON, moved(CAR, 45)))
    assert ids == [[], [1], [1], [], [2], [2]]


def test_person_plate_and_car_in_one_place_are_three_tracks() -> None:
    one = tracker()
    images = [seen((Label.CAR, CAR), (Label.PERSON, CAR), (Label.PLATE, CAR), (Label.FACE, CAR))] * 3
    tracks = [one.update(found, k * STEP_MS) for k, found in enumerate(images)][-1]
    assert sorted(tracks.ids.tolist()) == [1, 2, 3, 4]
    assert sorted(tracks.detections.labels.tolist()) == sorted([Label.CAR, Label.PERSON, Label.PLATE, Label.FACE])


def test_tracks_carry_the_boxes_that_were_found_not_the_ones_expected() -> None:
    one = tracker()
    for k, found in enumerate(drive(5)):
        tracks = one.update(found, k * STEP_MS)
    np.testing.assert_array_equal(tracks.detections.boxes, found.boxes)
    np.testing.assert_array_equal(tracks.detections.scores, found.scores)


def test_a_short_loss_keeps_the_id_and_a_long_one_ends_the_track_once() -> None:
    one = tracker(lost_s=1.0)
    assert follow(one, drive(4))[-1] == [1]
    nothing = Detections.empty()
    at = 1_700_000_000_000 + 4 * STEP_MS
    for k in range(3):
        assert len(one.update(nothing, at + k * STEP_MS)) == 0
    assert one.finished() == frozenset()
    assert one.update(seen((Label.CAR, moved(CAR, 15 * 7))), at + 3 * STEP_MS).ids.tolist() == [1]
    given_up: set[int] = set()
    for k in range(4, 14):
        one.update(nothing, at + k * STEP_MS)
        now = one.finished()
        assert not now & given_up
        given_up |= now
    assert given_up == {1}
    assert one.finished() == frozenset()


def test_patience_is_in_seconds_whatever_the_rate_of_images() -> None:
    for step_ms in (40, 200, 500):
        one = tracker(lost_s=1.0)
        for k in range(10):
            one.update(seen((Label.CAR, CAR)), k * step_ms)
        last, at, ended = 9 * step_ms, 9 * step_ms, None
        while ended is None:
            at += step_ms
            one.update(Detections.empty(), at)
            ended = at if 1 in one.finished() else None
        assert 1000 <= ended - last <= 1000 + 2 * step_ms


def test_after_a_gap_in_time_everything_is_new_and_no_id_returns() -> None:
    one = tracker(lost_s=1.0)
    assert follow(one, [seen((Label.CAR, CAR))] * 3)[-1] == [1]
    later = 1_700_000_000_000 + 3_600_000
    assert follow(one, [seen((Label.CAR, CAR))] * 3, later) == [[], [2], [2]]
    assert one.finished() == frozenset({1})


@pytest.mark.parametrize("times", [[0, 0, 0, 0], [1000, 900, 800, 700], [5000, 5040, 4000, 4040]])
def test_a_clock_that_stands_or_goes_back_breaks_no_track(times: list[int]) -> None:
    one = tracker()
    assert [one.update(seen((Label.CAR, CAR)), ts).ids.tolist() for ts in times] == [[], [1], [1], [1]]


def test_weak_objects_start_no_track_but_continue_one() -> None:
    one = tracker(start_confidence=0.5, high_confidence=0.5)
    weak, strong = seen((Label.CAR, CAR), score=0.3), seen((Label.CAR, CAR), score=0.8)
    assert follow(one, [weak] * 3) == [[], [], []]
    assert follow(one, [strong, strong, weak, weak], 1_700_000_001_000) == [[], [1], [1], [1]]


def test_nothing_found_for_ever_is_no_trouble() -> None:
    one = tracker()
    assert follow(one, [Detections.empty()] * 20) == [[]] * 20
    assert one.finished() == frozenset()
