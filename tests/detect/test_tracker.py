"""Track ids start at 1, are never reused, are reproducible and survive lost frames; labels are stable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.detect.build import build_detector, build_tracker
from pipeline.detect.image_region import WholeImage
from pipeline.detect.settings import DetectSettings, TrackSettings
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
    return build_tracker(TrackSettings(**settings))


def follow(one: Tracker, images: Sequence[Detections], start_ms: int = 1_700_000_000_000) -> list[list[int]]:
    return [one.update(found, start_ms + k * STEP_MS).ids.tolist() for k, found in enumerate(images)]


def drive(images: int, label: Label = Label.CAR, box: Sequence[float] = CAR, dx: float = 15.0) -> list[Detections]:
    return [seen((label, moved(box, dx * k))) for k in range(images)]


def test_a_car_is_confirmed_by_two_frames_and_keeps_its_id() -> None:
    assert follow(tracker(), drive(6)) == [[], [1], [1], [1], [1], [1]]


def test_two_trackers_give_the_same_ids_for_the_same_frames() -> None:
    random = np.random.default_rng(3)
    images = []
    for k in range(40):
        boxes = [moved((x, x, x + 60, x + 60), 6.0 * k) for x in random.permutation(np.arange(0, 900, 90.0))[:7]]
        images.append(seen(*[(Label.CAR if i % 2 else Label.PERSON, box) for i, box in enumerate(boxes)]))
    one, other = tracker(), tracker()
    ids = []
    for k, found in enumerate(images):  # interleaved, to reveal a counter shared by both
        a, b = one.update(found, k * STEP_MS), other.update(found, k * STEP_MS)
        np.testing.assert_array_equal(a.ids, b.ids)
        np.testing.assert_array_equal(a.detections.boxes, b.detections.boxes)
        ids += a.ids.tolist()
    assert set(ids) == set(range(1, max(ids) + 1))


def test_a_car_labeled_truck_stays_one_track_with_the_more_confident_label() -> None:
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


def test_tracks_have_the_detected_boxes_and_not_the_predicted_ones() -> None:
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


def test_the_lost_time_is_in_seconds_at_any_frame_rate() -> None:
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


@given(st.lists(st.integers(1, 900), min_size=1, max_size=40), st.integers(200, 3000))
@example([1, 1, 1, 373, 562], 938)
def test_the_lost_time_is_in_seconds_with_irregular_frames(steps_ms: list[int], lost_ms: int) -> None:
    one = tracker(lost_s=lost_ms / 1000)
    for at in (-100, 0):
        one.update(seen((Label.CAR, CAR)), at)
    at = 0
    for step_ms in steps_ms:
        at += step_ms
        one.update(Detections.empty(), at)
        ended = one.finished()
        assert ended == (frozenset({1}) if at > lost_ms else frozenset())
        if ended:
            return


def test_all_tracks_end_after_a_gap_and_no_id_is_reused() -> None:
    one = tracker(lost_s=1.0)
    assert follow(one, [seen((Label.CAR, CAR))] * 3)[-1] == [1]
    later = 1_700_000_000_000 + 3_600_000
    assert follow(one, [seen((Label.CAR, CAR))] * 3, later) == [[2], [2], [2]]
    assert one.finished() == frozenset({1})


@pytest.mark.parametrize("times", [[0, 0, 0, 0], [1000, 900, 800, 700], [5000, 5040, 4000, 4040]])
def test_tracks_survive_a_clock_that_stands_still_or_goes_back(times: list[int]) -> None:
    one = tracker()
    assert [one.update(seen((Label.CAR, CAR)), ts).ids.tolist() for ts in times] == [[], [1], [1], [1]]


def test_weak_objects_start_no_track_but_continue_one() -> None:
    one = tracker(start_confidence=0.5, high_confidence=0.5)
    weak, strong = seen((Label.CAR, CAR), score=0.3), seen((Label.CAR, CAR), score=0.8)
    assert follow(one, [weak] * 3) == [[], [], []]
    assert follow(one, [strong, strong, weak, weak], 1_700_000_001_000) == [[], [1], [1], [1]]


def test_many_empty_frames_are_accepted() -> None:
    one = tracker()
    assert follow(one, [Detections.empty()] * 20) == [[]] * 20
    assert one.finished() == frozenset()


def test_lost_time_is_measured_from_a_clock_that_was_set_back() -> None:
    one = tracker(lost_s=1.0)
    assert follow(one, drive(4), 3_600_000)[-1] == [1]
    assert follow(one, [seen((Label.CAR, moved(CAR, 15 * k))) for k in range(4, 8)], 0) == [[1]] * 4
    ended = []
    for k in range(4, 12):
        one.update(Detections.empty(), k * STEP_MS)
        ended += [k for _ in one.finished()]
    assert ended == [9], "more than a second after the last detection, at 600 ms"


def test_one_frame_confirms_a_track_if_so_configured() -> None:
    assert follow(tracker(min_frames=1), drive(3)) == [[1], [1], [1]]


def test_a_track_is_confirmed_by_consecutive_frames_only() -> None:
    car, nothing = seen((Label.CAR, CAR)), Detections.empty()
    assert follow(tracker(min_frames=3), [car, car, nothing, car, car, car]) == [[], [], [], [], [], [1]]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_ids_survive_frames_dropped_at_random(share: float, seed: int) -> None:
    """A fast car, a slow one and a walker, at 10 frames per second."""
    random = np.random.default_rng(seed)
    objects = [
        (Label.CAR, CAR, 200.0),
        (Label.CAR, (0, 300, 90, 360), -60.0),
        (Label.PERSON, (500, 80, 540, 180), 70.0),
    ]
    kept = [k for k in range(60) if random.uniform() >= share]
    assert max(after - before for before, after in pairwise(kept)) < 15, "a gap longer than the lost time"
    one, ids = tracker(), []
    for k in kept:
        noise = random.normal(0.0, 1.5, (3, 4))
        boxes = [np.add(moved(box, speed * k / 10), noise[i]).tolist() for i, (_, box, speed) in enumerate(objects)]
        tracks = one.update(seen(*[(label, box) for (label, _, _), box in zip(objects, boxes, strict=True)]), 100 * k)
        ids.append(tracks.ids.tolist())
    assert ids[0] == []
    assert ids[1:] == [[1, 2, 3]] * (len(kept) - 1)
    assert one.finished() == frozenset()


@pytest.mark.parametrize("times", [list(range(0, 4000, 100)), list(range(0, 4000, 200)), [*range(0, 4000, 300)]])
def test_two_people_who_cross_keep_their_ids(times: list[int]) -> None:
    """One person hides the other while their boxes overlap by more than half."""
    one = tracker()
    last: dict[str, int] = {}
    for at in times:
        right, left = moved((100, 100, 140, 200), 0.1 * at), moved((500, 104, 540, 204), -0.1 * at)
        hidden = abs(right[0] - left[0]) < 20
        tracks = one.update(seen(*[(Label.PERSON, box) for box in ([right] if hidden else [right, left])]), at)
        for box, track in zip(tracks.detections.boxes.tolist(), tracks.ids.tolist(), strict=True):
            who = "right" if box[1] == 100 else "left"
            assert last.setdefault(who, track) == track, at
    assert sorted(last.values()) == [1, 2]


@given(st.integers(0, 10_000))
def test_the_order_of_detections_in_a_frame_affects_only_the_ids(seed: int) -> None:
    random = np.random.default_rng(seed)
    places, speeds = random.uniform(0.0, 400.0, (9, 2)), random.normal(0.0, 60.0, (9, 2))
    labels = random.choice([Label.CAR, Label.TRUCK, Label.PERSON], 9)
    one, other = tracker(), tracker()
    same: set[tuple[int, int]] = set()
    at = 0
    for _ in range(12):
        at += int(random.integers(30, 500))
        corner = places + speeds * at / 1000 + random.normal(0.0, 2.0, (9, 2))
        found = Detections.build(np.hstack([corner, corner + 60]), random.uniform(0.2, 0.9, 9), labels)
        found = found.select(random.uniform(size=9) < 0.85)
        a, b = one.update(found, at), other.update(found.select(random.permutation(len(found))), at)
        theirs = dict(zip(map(tuple, b.detections.boxes.tolist()), b.ids.tolist(), strict=True))
        assert len(a) == len(b)
        same |= {
            (mine, theirs[tuple(box)]) for box, mine in zip(a.detections.boxes.tolist(), a.ids.tolist(), strict=True)
        }
    assert len({mine for mine, _ in same}) == len(same) == len({its for _, its in same})


@pytest.mark.real
def test_motorway_traffic_keeps_its_ids_with_half_of_the_frames(data_dir: Path, models_dir: Path) -> None:
    settings = DetectSettings(model="yolov8n_dequantised_float", confidence=0.2)
    detector = build_detector(settings, models_dir)
    clip = cv2.VideoCapture(str(data_dir / "clips" / "highway-motorbike.mp4"))
    found = [detector.detect([WholeImage(np.asarray(clip.read()[1], np.uint8))])[0] for _ in range(75)]
    whole = tracker()
    truth = [whole.update(objects, 40 * k) for k, objects in enumerate(found)]
    kept = [k for k in range(75) if np.random.default_rng(k).uniform() < 0.5]
    part, pairs, boxes = tracker(), Counter[tuple[int, int]](), 0
    for k in kept:
        tracks = part.update(found[k], 40 * k)
        theirs = dict(zip(map(tuple, tracks.detections.boxes.tolist()), tracks.ids.tolist(), strict=True))
        for box, track in zip(truth[k].detections.boxes.tolist(), truth[k].ids.tolist(), strict=True):
            boxes += 1
            pairs[track, theirs.get(tuple(box), 0)] += 1
    best: Counter[int] = Counter()
    for (track, other), count in pairs.items():
        best[track] = max(best[track], count if other else 0)
    assert boxes > 150
    assert best.total() / boxes > 0.9


def test_frames_further_apart_than_the_lost_time_confirm_their_tracks_alone() -> None:
    """A camera that is analyzed every five seconds sees most vehicles once."""
    one = tracker(lost_s=1.5)
    ids = [one.update(images, 1_700_000_000_000 + 5000 * n).ids.tolist() for n, images in enumerate(drive(4))]
    assert ids == [[], [1], [2], [3]], "only the first frame of a session says nothing of the rate"


def test_a_restart_ends_all_tracks_and_the_next_frame_confirms_its_own() -> None:
    one = tracker()
    assert follow(one, drive(3)) == [[], [1], [1]]
    one.restart()
    assert one.finished() == {1}
    assert follow(one, drive(2), start_ms=1_700_000_000_300) == [[2], [2]]


def test_open_tracks_are_expected_where_they_drive_and_asking_changes_nothing() -> None:
    one, other, images = tracker(), tracker(), drive(7)
    follow(one, images[:6], 0)
    follow(other, images[:6], 0)
    near, far = (one.open_tracks(5 * STEP_MS + later) for later in (STEP_MS, 3 * STEP_MS))
    assert near.ids.tolist() == [1]
    assert near.labels.tolist() == [Label.CAR], "the first of its group"
    assert near.boxes[0] == pytest.approx(moved(CAR, 15.0 * 6), abs=5)
    assert far.boxes[0] == pytest.approx(moved(CAR, 15.0 * 8), abs=10)
    assert near.velocity[0] == pytest.approx((75.0, 0.0), abs=8)
    assert (near.unseen_s[0], far.unseen_s[0]) == pytest.approx((0.2, 0.6))
    assert far.deviation[0] > near.deviation[0] > 0
    assert follow(one, images[6:], 6 * STEP_MS) == follow(other, images[6:], 6 * STEP_MS)
    assert one.open_tracks(6 * STEP_MS).boxes.tolist() == other.open_tracks(6 * STEP_MS).boxes.tolist()


def test_an_object_that_is_not_confirmed_is_an_open_track_without_an_id() -> None:
    one = tracker()
    follow(one, drive(1), 0)
    assert one.open_tracks(STEP_MS).ids.tolist() == [0]
