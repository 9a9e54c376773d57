"""Captions of a camera: still text in a declared area is not masked; plates of vehicles and moving text always are."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.anonymize.captions import Polygon, caption_evidence, find_captions
from pipeline.anonymize.redaction_masks import MaskPlan, plan_masks
from pipeline.anonymize.residual_detections import find_residual_detections
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

Box = tuple[float, float, float, float]
Seen = tuple[Box, Label, float]
FRAMES, RATE = 100, 25


def rectangle(x1: float, y1: float, x2: float, y2: float) -> Polygon:
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


TOP = rectangle(0, 0, 0.4, 0.12)
BOTTOM = rectangle(0, 0.88, 0.4, 1)
DATE: Seen = ((20.0, 10.0, 220.0, 34.0), Label.PLATE, 0.6)
TIME: Seen = ((130.0, 10.0, 220.0, 34.0), Label.PLATE, 0.3)
PARKED: Seen = ((40.0, 325.0, 90.0, 345.0), Label.PLATE, 0.6)


def video(*per_frame: list[Seen]) -> VideoDetections:
    found = [
        Detections.build([b for b, _, _ in one], [s for *_, s in one], [m for _, m, _ in one]) for one in per_frame
    ]
    return VideoDetections(np.arange(len(found)) / RATE, found, np.zeros(len(found), np.int64), 640, 360)


def planned(detections: VideoDetections, *areas: Polygon) -> MaskPlan:
    return plan_masks(detections, MaskSettings(), None, areas or (TOP, BOTTOM))


def masked(plan: MaskPlan, seen: Seen, frames: int = FRAMES) -> set[int]:
    """Frames in which a mask hides the middle of a box."""
    (x1, y1, x2, y2), x_y = seen[0], []
    for number in range(frames):
        boxes = plan.at(number).boxes
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        if ((boxes[:, 0] <= x) & (boxes[:, 2] >= x) & (boxes[:, 1] <= y) & (boxes[:, 3] >= y)).any():
            x_y.append(number)
    return set(x_y)


def dates(*others: Seen) -> list[list[Seen]]:
    """The date in every frame; detectors find its parts too, now and then."""
    return [[DATE, *([TIME] if number % 5 == 0 else []), *others] for number in range(FRAMES)]


def test_a_date_in_a_declared_area_is_not_masked_and_elsewhere_is() -> None:
    plan = planned(video(*dates()))
    assert masked(plan, DATE) == set()
    assert plan.captions.polygons == (TOP,), "of an area without text nothing is said"
    assert plan.objects == {}
    for areas in ((), (BOTTOM,)):
        assert masked(plan_masks(video(*dates()), MaskSettings(), None, areas), DATE) == set(range(FRAMES))


def test_the_plate_of_a_parked_car_in_a_declared_area_is_masked() -> None:
    for score in (0.9, 0.1):
        car: Seen = ((10.0, 200.0, 300.0, 358.0), Label.CAR, score)
        plan = planned(video(*dates(PARKED, car)))
        assert masked(plan, PARKED) == set(range(FRAMES))
        assert masked(plan, DATE) == set(), "the other area is not touched"


@pytest.mark.parametrize("label", [Label.CAR, Label.BUS, Label.TRUCK, Label.MOTORCYCLE, Label.BICYCLE])
def test_a_vehicle_of_one_frame_ends_the_area_for_the_whole_video(label: Label) -> None:
    found = dates(PARKED)
    found[60].append(((80.0, 300.0, 180.0, 358.0), label, 0.12))
    plan = planned(video(*found))
    assert masked(plan, PARKED) == set(range(FRAMES))
    assert plan.captions.polygons == (TOP,)


def test_a_car_that_drives_through_is_masked_and_so_is_the_date() -> None:
    found = dates()
    for number in range(40, 60):
        y = 200.0 - 10 * (number - 40)
        found[number] += [
            ((60.0, y - 60, 240.0, y + 40), Label.CAR, 0.8),
            ((100.0, y, 150.0, y + 18), Label.PLATE, 0.6),
        ]
    plan = planned(video(*found))
    assert masked(plan, DATE) == set(range(FRAMES))
    for number in range(40, 60):
        y = 200.0 - 10 * (number - 40)
        assert number in masked(plan, ((100.0, y, 150.0, y + 18), Label.PLATE, 0.6))


def test_a_plate_whose_vehicle_no_one_detects_masks_the_date_while_it_passes() -> None:
    found = dates()
    for number in range(30, 70):
        found[number].append(((100.0, 200.0 - 5 * (number - 30), 150.0, 218.0 - 5 * (number - 30)), Label.PLATE, 0.6))
    plan = planned(video(*found))
    assert set(range(62, 70)) <= masked(plan, DATE)
    assert 0 not in masked(plan, DATE)


def test_moving_text_is_masked() -> None:
    moving = [((2.0 * n, 10.0, 2.0 * n + 50, 34.0), Label.PLATE, 0.6) for n in range(FRAMES)]
    plan = planned(video(*([one] for one in moving)))
    assert plan.captions.polygons == ()
    assert all(n in masked(plan, one) for n, one in enumerate(moving))
    plan = planned(video(*([DATE, one] for one in moving)))
    assert all(n in masked(plan, one) for n, one in enumerate(moving)), "along a line that stands still too"


@pytest.mark.parametrize("there", [range(30, FRAMES), range(70), range(30, 70)])
def test_text_that_is_not_there_all_the_time_is_masked(there: range) -> None:
    plan = planned(video(*([DATE] if n in there else [] for n in range(FRAMES))))
    assert set(there) <= masked(plan, DATE)


def test_text_that_reaches_out_of_its_area_is_masked() -> None:
    wide: Seen = ((20.0, 10.0, 260.0, 34.0), Label.PLATE, 0.6)
    assert masked(planned(video(*[[wide]] * FRAMES)), wide) == set(range(FRAMES))


@pytest.mark.parametrize(
    "areas",
    [
        (rectangle(0, 0, 0.6, 0.12),),
        (TOP, BOTTOM, rectangle(0.6, 0, 1, 0.12)),
        (((0.0, 0.0), (0.4, 0.0), (0.0, 0.12)),),
    ],
    ids=["too large", "too large together", "a triangle that the text leaves"],
)
def test_areas_beyond_the_limits_leave_nothing_unmasked(areas: tuple[Polygon, ...]) -> None:
    assert masked(planned(video(*dates()), *areas), DATE) == set(range(FRAMES))


def test_an_area_in_the_middle_of_the_image_leaves_nothing_unmasked() -> None:
    sign: Seen = ((250.0, 160.0, 350.0, 190.0), Label.PLATE, 0.6)
    plan = planned(video(*[[sign]] * FRAMES), rectangle(0.35, 0.4, 0.6, 0.6))
    assert masked(plan, sign) == set(range(FRAMES))


def test_a_short_video_leaves_nothing_unmasked() -> None:
    assert masked(planned(video(*dates()[:40])), DATE, 40) == set(range(40))


@pytest.mark.parametrize("label", [Label.PERSON, Label.FACE])
def test_a_person_in_the_area_is_masked(label: Label) -> None:
    someone: Seen = ((150.0, 5.0, 180.0, 40.0), label, 0.6)
    assert masked(planned(video(*dates(someone))), someone) == set(range(FRAMES))


def residual(plan: MaskPlan, *seen: Seen) -> int:
    return len(find_residual_detections(video(*[list(seen)] * FRAMES), plan, min_score=0.4, min_frames=3).objects)


def test_verification_accepts_the_same_text_and_nothing_else_there() -> None:
    plan = planned(video(*dates()))
    loose: Seen = ((16.0, 6.0, 228.0, 38.0), Label.PLATE, 0.8)
    assert residual(plan, loose, TIME) == 0
    assert residual(plan, (DATE[0], Label.PERSON, 0.8)) == 1
    assert residual(plan, (DATE[0], Label.FACE, 0.8)) == 1
    assert residual(plan, PARKED) == 1
    assert residual(plan, ((150.0, 12.0, 300.0, 34.0), Label.PLATE, 0.8)) == 1


def test_verification_accepts_boxes_around_the_text_and_its_parts() -> None:
    plan = planned(video(*dates()))
    for box in ((16.0, 0.0, 228.0, 46.0), (10.0, 6.0, 120.0, 46.0), (140.0, 16.0, 215.0, 30.0)):
        assert residual(plan, (box, Label.PLATE, 0.8)) == 0, box
    for box in ((16.0, 30.0, 228.0, 60.0), (-60.0, 10.0, 60.0, 34.0)):
        assert residual(plan, (box, Label.PLATE, 0.8)) == 1, box
    moving = [[((20.0 + 2 * n, 10.0, 70.0 + 2 * n, 34.0), Label.PLATE, 0.8)] for n in range(70)]
    found = find_residual_detections(video(*moving), plan, min_score=0.4, min_frames=3)
    assert len(found.objects) == 1, "it moves along the text"


def test_text_that_only_the_verification_detects_is_a_caption_too() -> None:
    nothing, seen = video(*[[]] * FRAMES), video(*dates())
    assert find_captions(nothing, (TOP,)).polygons == ()
    evidence = caption_evidence(nothing, seen)
    assert find_captions(evidence, (TOP,)).polygons == (TOP,)
    plan = plan_masks(nothing, MaskSettings(), None, (TOP,), evidence)
    assert residual(plan, DATE) == 0
    now_and_then = video(*([DATE] if n % 2 else [] for n in range(FRAMES)))
    again = plan_masks(now_and_then, MaskSettings(), None, (TOP,), caption_evidence(now_and_then, seen))
    assert masked(again, DATE) == set()


def test_a_vehicle_that_either_network_detects_ends_the_area() -> None:
    faint: Seen = ((200.0, 30.0, 400.0, 150.0), Label.CAR, 0.2)
    with_vehicle = video(*dates()[:-1], [faint])
    for detections, seen in ((with_vehicle, video(*dates())), (video(*dates()), with_vehicle)):
        assert find_captions(caption_evidence(detections, seen), (TOP,)).polygons == ()


def test_verification_doubts_an_area_that_another_plate_touches() -> None:
    captions = find_captions(video(*dates()), (TOP,))
    assert captions.doubted([]) == ()
    assert captions.doubted([np.array([[200, 40, 240, 52]], np.float32)]) == (TOP,)
    assert captions.doubted([np.array([[200, 60, 240, 72]], np.float32)]) == ()
