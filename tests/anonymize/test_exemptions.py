"""Exempted objects: only a thing that stands in its region all the time, and never while another object passes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.anonymize.exemptions import UnredactedShare, shows_rest, unredacted_share
from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.redaction_masks import MaskPlan, plan_masks
from pipeline.anonymize.residual_detections import find_residual_detections
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

Box = tuple[float, float, float, float]
FRAMES, RATE = 300, 25
STATUE: Box = (500.0, 100.0, 540.0, 200.0)
AROUND = Region.model_validate({"from": 0, "to": 60, "box": (0.7, 0.1, 0.95, 0.9), "why": "a statue"})
WHOLE = Region.model_validate({"from": 0, "to": 60, "box": (0, 0, 1, 1), "why": "a statue"})


def video(*boxes: list[Box], label: Label = Label.PERSON) -> VideoDetections:
    """25 frames per second; one list of boxes for each."""
    found = [Detections.build(each, [0.9] * len(each), [label] * len(each)) for each in boxes]
    return VideoDetections(np.arange(len(found)) / RATE + 7.0, found, np.zeros(len(found), np.int64), 640, 360)


def planned(detections: VideoDetections, *regions: Region) -> MaskPlan:
    return plan_masks(detections, MaskSettings(), ManualRegions(exempt=regions or (AROUND,)))


def masked(plan: MaskPlan, box: Box, frames: int = FRAMES) -> set[int]:
    """Frames in which a mask hides the middle of a box."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    hit = set()
    for number in range(frames):
        boxes = plan.at(number).boxes
        if ((boxes[:, 0] <= x) & (boxes[:, 2] >= x) & (boxes[:, 1] <= y) & (boxes[:, 3] >= y)).any():
            hit.add(number)
    return hit


def walker(number: int, row: float = 100.0) -> Box:
    """A person who crosses the image in twelve seconds."""
    left = 2.0 * number
    return left, row, left + 40, row + 100


def test_a_thing_that_stands_in_its_region_all_the_time_is_not_masked() -> None:
    plan = planned(video(*[[STATUE]] * FRAMES))
    assert masked(plan, STATUE) == set()
    assert plan.objects == {}


def test_a_region_of_the_whole_image_exempts_no_one_who_walks() -> None:
    plan = planned(video(*([walker(n), walker(n, 230.0)] for n in range(FRAMES))), WHOLE)
    for number in range(FRAMES):
        for person in (walker(number), walker(number, 230.0)):
            assert number in masked(plan, person)


def test_a_person_who_passes_the_thing_is_masked_and_so_is_the_thing_meanwhile() -> None:
    plan = planned(video(*([STATUE, walker(n)] for n in range(FRAMES))))
    assert all(n in masked(plan, walker(n)) for n in range(FRAMES))
    near = {n for n in range(FRAMES) if walker(n)[2] > STATUE[0] and walker(n)[0] < STATUE[2]}
    assert near <= masked(plan, STATUE)
    assert masked(plan, STATUE) != set(range(FRAMES)), "before and after it is not masked"


@pytest.mark.parametrize("there", [range(100, FRAMES), range(200), range(100, 200)])
def test_a_person_who_stands_in_the_region_for_a_part_of_its_time_is_masked(there: range) -> None:
    plan = planned(video(*([STATUE] if n in there else [] for n in range(FRAMES))))
    assert set(there) <= masked(plan, STATUE)


def test_an_object_that_is_not_seen_for_long_is_masked() -> None:
    """Another one may have taken its place."""
    plan = planned(video(*([] if 100 <= n < 180 else [STATUE] for n in range(FRAMES))))
    assert set(range(100)) | set(range(180, FRAMES)) <= masked(plan, STATUE)


def test_a_person_who_steps_aside_in_the_region_is_masked() -> None:
    aside = (540.0, 100.0, 580.0, 200.0)
    plan = planned(video(*([STATUE] if n < 200 else [aside] for n in range(FRAMES))))
    assert set(range(200)) <= masked(plan, STATUE)
    assert set(range(200, FRAMES)) <= masked(plan, aside)


def test_a_thing_whose_box_flickers_is_exempted_except_while_it_does() -> None:
    wide = (480.0, 100.0, 590.0, 200.0)
    plan = planned(video(*([wide] if 150 <= n < 153 else [STATUE] for n in range(FRAMES))))
    assert {150, 151, 152} <= masked(plan, STATUE) < set(range(120, 180))


def test_an_exemption_is_limited_to_its_span() -> None:
    plan = planned(video(*[[STATUE]] * FRAMES), AROUND.model_copy(update={"end_s": 5.0}))
    assert masked(plan, STATUE) == set(range(FRAMES)), "a person may come to stand there later"


def test_the_verification_counts_the_thing_as_no_residual_detection_and_everything_else_as_one() -> None:
    person: Box = (40.0, 100.0, 80.0, 200.0)
    plan = planned(video(*[[STATUE]] * FRAMES))
    seen = video(*[[STATUE, person]] * FRAMES)
    found = find_residual_detections(seen, plan, min_score=0.4, min_frames=3).objects
    assert [each.box for each in found] == [pytest.approx(person)]
    passing = video(*([walker(n)] for n in range(FRAMES)))
    assert len(find_residual_detections(passing, plan, min_score=0.4, min_frames=3).objects) == 1
    small: Box = (452.0, 60.0, 470.0, 100.0)
    beside = video(*[[small]] * FRAMES)
    assert len(find_residual_detections(beside, plan, min_score=0.4, min_frames=3).objects) == 1, (
        "in the region, not the thing"
    )


def test_without_an_exempted_object_a_region_hides_nothing_from_the_verification() -> None:
    plan = planned(video(*[[]] * FRAMES), WHOLE)
    assert len(find_residual_detections(video(*[[STATUE]] * FRAMES), plan, min_score=0.4, min_frames=3).objects) == 1


def in_scenes(detections: VideoDetections, length: int) -> VideoDetections:
    """The same with a scene change every `length` frames, as flicker beside the region makes them."""
    return replace(detections, scenes=np.arange(len(detections)) // length)


@pytest.mark.parametrize("length", [4, 50, 150])
def test_a_walker_is_masked_though_every_scene_shows_them_at_rest(length: int) -> None:
    slow: list[Box] = [(460.0 + 0.5 * n, 100.0, 500.0 + 0.5 * n, 200.0) for n in range(FRAMES)]
    within = Region.model_validate({"from": 0, "to": 60, "box": (0.6, 0.1, 1, 0.9), "why": "a statue"})
    plan = planned(in_scenes(video(*([box] for box in slow)), length), within)
    assert all(n in masked(plan, slow[n]) for n in range(FRAMES))


def test_a_thing_is_exempted_over_the_whole_region_or_not_at_all() -> None:
    """After a cut it would be another thing, and a region may be drawn for each scene."""
    standing = in_scenes(video(*[[STATUE]] * 2 * FRAMES), FRAMES)
    assert masked(planned(standing), STATUE, 2 * FRAMES) == set(range(2 * FRAMES))
    regions = [AROUND.model_copy(update={"begin_s": begin, "end_s": begin + 12.0}) for begin in (0.0, 12.0)]
    assert masked(planned(standing, *regions), STATUE, 2 * FRAMES) == set()


@pytest.mark.parametrize(("frames", "rate"), [(12, 25), (200, 25), (30, 2)])
def test_a_clip_too_short_to_see_a_thing_stand_still_exempts_nothing(frames: int, rate: int) -> None:
    short = replace(video(*[[STATUE]] * frames), times_s=np.arange(frames) / rate)
    assert masked(planned(short), STATUE, frames) == set(range(frames))
    assert not shows_rest(AROUND, short)
    assert shows_rest(AROUND, video(*[[]] * FRAMES))


def test_what_stays_unredacted_is_measured_by_area_and_time() -> None:
    alone = video(*[[STATUE]] * FRAMES)
    found = unredacted_share(planned(alone).exempted, alone)
    area = (STATUE[2] - STATUE[0]) * (STATUE[3] - STATUE[1]) / (640 * 360)
    assert area <= found.worst < 1.5 * area, "masks are a little larger than their objects"
    assert found.mean == pytest.approx(found.worst)
    assert found.seconds == pytest.approx(FRAMES / RATE)
    passed = video(*([STATUE, walker(n)] for n in range(FRAMES)))
    plan = planned(passed)
    unmasked = FRAMES - len(masked(plan, STATUE))
    found = unredacted_share(plan.exempted, passed)
    assert found.seconds == pytest.approx(unmasked / RATE)
    assert found.mean == pytest.approx(found.worst * unmasked / FRAMES, rel=0.01)
    waiting = video(*([STATUE] if n < 200 else [] for n in range(FRAMES)))
    assert unredacted_share(planned(waiting).exempted, waiting) == UnredactedShare(0.0, 0.0, 0.0)
