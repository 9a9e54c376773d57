"""Recall of verification detectors: no minute of a video is outvoted by its others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from pipeline.anonymize.redaction_masks import MaskPlan, plan_masks
from pipeline.anonymize.reference_recall import ReferenceRecall
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.anonymize.video_minutes import SceneMinutes
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

MINUTES, RATE = 4, 2


def persons(count: int) -> Detections:
    """Persons side by side."""
    boxes = [(60.0 * number + 5, 100.0, 60.0 * number + 45, 220.0) for number in range(count)]
    return Detections.build(boxes, [0.9] * count, [Label.PERSON] * count)


@cache
def planned(there: int) -> tuple[VideoDetections, MaskPlan]:
    """A video with that many persons in each frame."""
    frames = MINUTES * 60 * RATE
    video = VideoDetections(np.arange(frames) / RATE, [persons(there)] * frames, np.zeros(frames, np.int64), 640, 360)
    return video, plan_masks(video, MaskSettings())


def measured(there: int, seen: Callable[[int], int]) -> ReferenceRecall:
    """Minutes with that many persons, of whom the verification sees some in each minute."""
    video, plan = planned(there)
    parts = SceneMinutes(video)
    sampled = parts.sampled(6)
    recall = ReferenceRecall(plan, parts, sampled)
    for frame in sorted(sampled):
        recall.add(frame, persons(seen(int(frame / RATE // 60))))
    return recall


def test_a_minute_in_which_no_one_is_seen_is_named_among_good_ones() -> None:
    recall = measured(6, lambda minute: 0 if minute == 3 else 6)
    assert not recall.whole.too_low
    assert [part.span for part in recall.parts if part.too_low] == ["from 3:00.0 to 3:59.5"]


@pytest.mark.parametrize(
    ("there", "seen", "too_low"), [(6, 6, False), (6, 3, False), (6, 1, False), (6, 0, True), (4, 0, False)]
)
def test_few_objects_have_to_be_missed_by_more_than_chance(there: int, seen: int, too_low: bool) -> None:
    recall = measured(there, lambda minute: seen if minute == 3 else there)
    assert [part.too_low for part in recall.parts] == [minute == 3 and too_low for minute in range(MINUTES)]
    assert recall.parts[3].counts == (seen, there)


def recall_of(there: Detections, seen: Detections) -> tuple[int, int]:
    """Detected and known objects of ten frames that show the same."""
    video = VideoDetections(np.arange(10) / RATE, [there] * 10, np.zeros(10, np.int64), 640, 360)
    parts = SceneMinutes(video)
    recall = ReferenceRecall(plan_masks(video, MaskSettings()), parts, frozenset(range(10)))
    for frame in range(10):
        recall.add(frame, seen)
    return recall.whole.counts


def test_parts_of_a_person_that_several_views_find_are_one_object() -> None:
    boxes = [
        box
        for left in (5.0, 105.0, 205.0)
        for box in (
            (left, 100.0, left + 40, 220.0),
            (left + 2, 102.0, left + 36, 150.0),
            (left, 165.0, left + 40, 218.0),
        )
    ]
    there = Detections.build(boxes, [0.9] * 9, [Label.PERSON] * 9)
    whole = Detections.build(boxes[::3], [0.9] * 3, [Label.PERSON] * 3)
    assert recall_of(there, whole) == (3, 3)
    assert recall_of(there, persons(0)) == (0, 3)


def test_persons_side_by_side_and_before_one_another_are_several_objects() -> None:
    boxes = [(100.0 + 18 * number, 100.0 - 5 * number, 140.0 + 18 * number, 220.0 - 5 * number) for number in range(6)]
    crowd = Detections.build(boxes, [0.9] * 6, [Label.PERSON] * 6)
    assert recall_of(crowd, persons(0)) == (0, 6)


@pytest.mark.parametrize(("height", "known"), [(19.0, 0), (20.0, 3)])
def test_persons_too_small_to_be_recognized_need_not_be_found(height: float, known: int) -> None:
    boxes = [(60.0 * number, 100.0, 60.0 * number + 9, 100.0 + height) for number in range(3)]
    there = Detections.build(boxes, [0.9] * 3, [Label.PERSON] * 3)
    assert recall_of(there, persons(0)) == (0, known)


def test_over_the_whole_video_half_of_the_objects_have_to_be_found() -> None:
    assert measured(6, lambda _: 2).whole.too_low
    assert not measured(6, lambda _: 3).whole.too_low


def test_riders_that_no_network_sees_as_persons_need_not_be_found() -> None:
    narrow = [(60.0 * number + 5, 100.0, 60.0 * number + 25, 150.0) for number in range(6)]
    there = Detections.build(narrow, [0.8] * 6, [Label.CAR] * 6)
    video = VideoDetections(np.arange(10) / RATE, [there] * 10, np.zeros(10, np.int64), 640, 360)
    assert len(plan_masks(video, MaskSettings()).at(0)) >= 6
    assert recall_of(there, persons(0)) == (0, 0)
