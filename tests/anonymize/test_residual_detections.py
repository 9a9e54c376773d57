"""Residual detections in a redacted video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.residual_detections import (
    estimate_miss_rate,
    find_residual_detections,
    hidden_shares,
    rate_per_minute,
    unmasked,
    with_residual_detections,
)
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

MASKED, UNMASKED = (100, 100, 140, 200), (400, 100, 440, 200)


def seen(frames: int, *boxes: tuple[float, float, float, float], score: float = 0.8) -> VideoDetections:
    one = Detections.build(boxes, [score] * len(boxes), [Label.PERSON] * len(boxes))
    return VideoDetections(np.arange(frames) / 25, [one] * frames, np.zeros(frames, np.int64), 640, 360)


def test_only_unmasked_objects_are_residual() -> None:
    ours = seen(50, MASKED)
    plan = plan_masks(ours, MaskSettings())
    found = find_residual_detections(seen(50, MASKED, UNMASKED), plan, min_score=0.4, min_frames=3).objects
    assert [(each.label, each.frames) for each in found] == [(Label.PERSON, 50)]
    assert found[0].box == pytest.approx(UNMASKED)


def test_one_more_round_masks_residual_objects() -> None:
    ours, others = seen(50, MASKED, score=0.95), seen(50, MASKED, UNMASKED)
    plan = plan_masks(ours, MaskSettings())
    found = find_residual_detections(others, plan, min_score=0.4, min_frames=3).objects
    assert len(found) == 1
    strict = MaskSettings(confirm_score=0.9, link_score=0.9)
    again = plan_masks(with_residual_detections(ours, found, strict), strict)
    assert find_residual_detections(others, again, min_score=0.4, min_frames=3).objects == [], "masked at any threshold"


def test_detections_below_the_threshold_are_not_masked() -> None:
    ours = seen(50, MASKED)
    plan = plan_masks(ours, MaskSettings())
    found = find_residual_detections(seen(50, MASKED, UNMASKED, score=0.3), plan, min_score=0.4, min_frames=3).objects
    assert (
        with_residual_detections(ours, found, MaskSettings()).per_frame[0].boxes.tolist()
        == ours.per_frame[0].boxes.tolist()
    )


def test_flicker_and_low_scores_are_not_residual() -> None:
    plan = plan_masks(seen(50, MASKED), MaskSettings())
    assert find_residual_detections(seen(50, UNMASKED, score=0.3), plan, min_score=0.4, min_frames=3).objects == []
    empty = Detections.empty()
    once = [seen(1, UNMASKED, score=0.45).per_frame[0], *[empty] * 49]
    flicker = VideoDetections(np.arange(50) / 25, once, np.zeros(50, np.int64), 640, 360)
    assert find_residual_detections(flicker, plan, min_score=0.4, min_frames=3).objects == []


@pytest.mark.parametrize(
    ("later_s", "seen_in"),
    [([64.0], [99]), ([14.0, 24.0, 34.0], [100, 101]), (range(6, 30, 2), range(100, 112, 2)), ([], [99])],
    ids=["one frame of a minute", "two of 10 s", "six of 2 s each", "the last one"],
)
def test_frames_that_are_shown_for_long_count_however_few(later_s: Sequence[float], seen_in: Sequence[int]) -> None:
    times_s = np.array([*np.arange(100) / 25, *later_s])
    doubtful, scenes = seen(1, UNMASKED, score=0.49).per_frame[0], np.zeros(len(times_s), np.int64)
    per_frame = [doubtful if number in seen_in else Detections.empty() for number in range(len(times_s))]
    found = find_residual_detections(
        VideoDetections(times_s, per_frame, scenes, 640, 360),
        plan_masks(seen(1), MaskSettings()),
        min_score=0.4,
        min_frames=3,
    )
    assert sum(each.frames for each in found.objects) == len(seen_in)


def test_a_certain_person_counts_in_a_single_frame() -> None:
    plan = plan_masks(seen(50, MASKED), MaskSettings())
    once = [seen(1, UNMASKED, score=0.6).per_frame[0], *[Detections.empty()] * 49]
    glimpse = VideoDetections(np.arange(50) / 25, once, np.zeros(50, np.int64), 640, 360)
    assert [each.frames for each in find_residual_detections(glimpse, plan, min_score=0.4, min_frames=3).objects] == [1]


def test_a_video_of_few_frames_per_second_has_residual_objects_too() -> None:
    empty, doubtful = Detections.empty(), seen(4, UNMASKED, score=0.45).per_frame
    slow = VideoDetections(
        2.0 * np.arange(6, dtype=np.float64), [empty, *doubtful, empty], np.zeros(6, np.int64), 640, 360
    )
    plan = plan_masks(seen(6), MaskSettings())
    assert [each.frames for each in find_residual_detections(slow, plan, min_score=0.4, min_frames=3).objects] == [4]


def test_a_person_masked_to_the_waist_is_unmasked() -> None:
    legs = np.array([[100, 145, 140, 200]], np.float32)
    assert len(unmasked(seen(1, MASKED).per_frame[0], legs, 640, 360)) == 1
    head = np.array([[100, 90, 140, 160]], np.float32)
    assert not len(unmasked(seen(1, MASKED).per_frame[0], head, 640, 360))


def test_half_masked_counts_as_masked_and_vehicles_do_not_count() -> None:
    half = np.array([[100, 100, 140, 160]], np.float32)
    found = Detections.build([MASKED, UNMASKED, UNMASKED], [0.9] * 3, [Label.PERSON, Label.CAR, Label.FACE])
    assert [label for _, _, label in unmasked(found, half, 640, 360)] == [Label.FACE]


def test_no_residual_object_still_has_an_interval() -> None:
    assert rate_per_minute(0, 60) == pytest.approx((0, 0, 3.689), abs=0.01)
    rate, low, high = rate_per_minute(5, 120)
    assert (rate, low, high) == pytest.approx((2.5, 0.81, 5.83), abs=0.01)


def test_the_miss_rate_takes_the_recall_of_the_detectors_into_account() -> None:
    assert estimate_miss_rate(0, 60.0, 0, 0).high == pytest.approx(3.69, abs=0.01), (
        "without reference objects the recall is 1"
    )
    tried = estimate_miss_rate(0, 60.0, 80, 100)
    assert (tried.per_minute, tried.low) == (0, 0)
    assert tried.high == pytest.approx(3.69 / 0.711, abs=0.02), "Wilson's lower limit of 80 in 100 is 0.711"
    some = estimate_miss_rate(8, 120.0, 80, 100)
    assert some.per_minute == pytest.approx(4 / 0.8)
    blind = estimate_miss_rate(0, 60.0, 0, 40)
    assert blind.high > 40, "detectors without any recall prove next to nothing"


def test_a_loose_box_around_a_small_mask_shows_the_mask() -> None:
    masks = np.array([[350, 240, 362, 252]], np.float32)
    loose = Detections.build([(347, 237, 365, 255)], [0.5], [Label.PLATE])
    assert not len(unmasked(loose, masks, 640, 360))
    beside = Detections.build([(358, 237, 376, 255)], [0.5], [Label.PLATE])
    assert len(unmasked(beside, masks, 640, 360)) == 1
    whole = Detections.build([(340, 230, 372, 330)], [0.5], [Label.PERSON])
    assert len(unmasked(whole, masks, 640, 360)) == 1, "a masked face is no masked person"


@pytest.mark.parametrize("size", [(640, 360), (2160, 2160)])
@pytest.mark.parametrize(("count", "share"), [(80, 0.1), (240, 0.07), (80, 0.55), (20, 0.6), (3, 0.7)])
def test_a_pattern_of_manual_regions_hides_no_one(count: int, share: float, size: tuple[int, int]) -> None:
    width, height = size
    person = np.array(UNMASKED) * np.array([width / 640, height / 360] * 2)
    edges = np.arange(count) * width / count
    wires = np.stack([edges, 0 * edges, edges + share * width / count, 0 * edges + height], axis=1).astype(np.float32)
    one = Detections.build([person], [0.8], [Label.PERSON])
    assert len(unmasked(one, np.empty((0, 4), np.float32), width, height, wires)) == 1


def test_a_manual_region_over_the_whole_person_hides_them() -> None:
    around = Region(box=(0.62, 0.27, 0.69, 0.56), why="missed by the detectors")
    plan = plan_masks(seen(50), MaskSettings(), ManualRegions(redact=(around,)))
    assert find_residual_detections(seen(50, UNMASKED), plan, min_score=0.4, min_frames=3).objects == []
    to_the_waist = Region(box=(0.62, 0.27, 0.69, 0.45), why="missed by the detectors")
    plan = plan_masks(seen(50), MaskSettings(), ManualRegions(redact=(to_the_waist,)))
    assert len(find_residual_detections(seen(50, UNMASKED), plan, min_score=0.4, min_frames=3).objects) == 1


def test_what_masks_hide_is_measured_exactly_at_any_size() -> None:
    lines = np.array([(x, 0, x + 2, 2160) for x in range(4, 2160, 9)], np.float64)
    places = np.array([(0, 0, 2160, 2160), (4, 0, 6, 10), (6, 0, 13, 10), (100, 100, 700, 1500)], np.float64)
    assert hidden_shares(places, lines) == pytest.approx([480 / 2160, 1, 0, 134 / 600])
    overlapping = np.array([(0, 0, 10, 10), (5, 5, 15, 15)], np.float64)
    assert hidden_shares(np.array([(0.0, 0, 20, 20)]), overlapping) == pytest.approx([175 / 400])
    assert hidden_shares(places, np.empty((0, 4))).tolist() == [0, 0, 0, 0]


def test_one_pass_gives_objects_and_faint_plates() -> None:
    plate = Detections.build([UNMASKED], [0.25], [Label.PLATE])
    once = VideoDetections(np.arange(50) / 25, [plate, *[Detections.empty()] * 49], np.zeros(50, np.int64), 640, 360)
    found = find_residual_detections(once, plan_masks(seen(50, MASKED), MaskSettings()), min_score=0.4, min_frames=3)
    assert (found.objects, [one.frames for one in found.faint_plates]) == ([], [1])


@pytest.mark.parametrize(
    ("rows", "residual"),
    [
        ([(0.3, Label.CAR), (0.1, Label.MOTORCYCLE), (0.1, Label.PERSON)], [Label.PERSON]),
        ([(0.6, Label.CAR)], [Label.PERSON]),
        ([(0.2, Label.CAR), (0.1, Label.MOTORCYCLE)], []),
        ([(0.3, Label.PERSON)], []),
    ],
)
def test_a_rider_that_detectors_see_as_several_labels_is_residual(
    rows: list[tuple[float, Label]], residual: list[Label]
) -> None:
    rider = Detections.build([UNMASKED] * len(rows), [score for score, _ in rows], [label for _, label in rows])
    shown = VideoDetections(np.arange(50) / 25, [rider] * 50, np.zeros(50, np.int64), 640, 360)
    plan = plan_masks(seen(50, MASKED), MaskSettings())
    found = find_residual_detections(shown, plan, min_score=0.4, min_frames=3).objects
    assert sorted({one.label for one in found}) == residual
    around = plan_masks(seen(50, UNMASKED), MaskSettings())
    assert find_residual_detections(shown, around, min_score=0.4, min_frames=3).objects == [], "masked"


def test_the_overlay_hides_what_lies_under_it_and_no_half_of_a_plate() -> None:
    plan = plan_masks(seen(25), MaskSettings())
    overlay = np.array([[0, 90, 200, 120]], np.float32)

    def residual(box: tuple[float, float, float, float]) -> int:
        plate = Detections.build([box], [0.8], [Label.PLATE])
        plates = replace(seen(25), per_frame=[plate] * 25)
        return len(find_residual_detections(plates, plan, min_score=0.4, min_frames=3, overlay=overlay).objects)

    assert residual((20, 91, 80, 118)) == 0, "its own text"
    assert residual((20, 70, 80, 118)) == 1, "the lower half is under it"
