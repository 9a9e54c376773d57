"""Plausibility of masks: persons and faces that any network sees have to be hidden, mostly."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.anonymize.manual_regions import ManualRegions, Region
from pipeline.anonymize.masking_plausibility import MaskingPlausibility, PanelPlausibility
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

PERSON, OTHER = (100.0, 100.0, 140.0, 220.0), (400.0, 100.0, 440.0, 220.0)


def seen(*boxes: tuple[float, ...], score: float = 0.9, label: Label = Label.PERSON) -> Detections:
    return Detections.build(list(boxes), [score] * len(boxes), [label] * len(boxes))


def judged(masked: Detections, found: Detections, frames: int = 10) -> MaskingPlausibility:
    video = VideoDetections(np.arange(frames) / 10, [masked] * frames, np.zeros(frames, np.int64), 640, 360)
    result = MaskingPlausibility(plan_masks(video, MaskSettings()), 640, 360)
    for number in range(frames):
        result.add(number, found)
    return result


def test_masked_people_are_plausible() -> None:
    assert judged(seen(PERSON), seen(PERSON)).problem == ""


@pytest.mark.parametrize("label", [Label.PERSON, Label.FACE])
@pytest.mark.parametrize("score", [0.26, 0.9])
def test_people_without_any_mask_are_not_even_if_seen_faintly(score: float, label: Label) -> None:
    problem = judged(seen(), seen(PERSON, score=score, label=label)).problem
    assert "in 10 sampled frames" in problem
    assert "hide only 0% of them" in problem


def test_dots_in_the_middle_of_people_hide_no_one() -> None:
    dot = (119.0, 158.0, 121.0, 162.0)
    assert "hide only 0%" in judged(seen(dot), seen(PERSON)).problem


def test_less_than_half_of_the_people_under_masks_is_not_plausible() -> None:
    third = (500.0, 100.0, 540.0, 220.0)
    assert judged(seen(PERSON), seen(PERSON, OTHER)).problem == ""
    assert "hide only 33%" in judged(seen(PERSON), seen(PERSON, OTHER, third)).problem


def test_a_faint_detection_in_one_frame_is_no_evidence() -> None:
    assert judged(seen(), seen(PERSON, score=0.3), frames=1).problem == ""
    assert judged(seen(), seen(PERSON, score=0.2)).problem == ""
    assert judged(seen(), seen(PERSON, label=Label.CAR)).problem == ""


def test_stripes_that_a_person_drew_are_no_masks_of_people() -> None:
    lines = tuple(Region(box=(n / 10, 0, (n + 0.55) / 10, 1), why="a wire") for n in range(10))
    video = VideoDetections(np.arange(10) / 10, [seen()] * 10, np.zeros(10, np.int64), 640, 360)
    judged = MaskingPlausibility(plan_masks(video, MaskSettings(), ManualRegions(redact=lines)), 640, 360)
    for number in range(10):
        judged.add(number, seen(PERSON, OTHER))
    assert "hide only 0%" in judged.problem


@pytest.mark.parametrize("jitter", [0.0, 0.01], ids=["a fixed seam", "a seam that trembles"])
def test_a_well_masked_panel_does_not_outvote_another(jitter: float) -> None:
    crowd = [(20.0 + 30 * number, 100.0, 40.0 + 30 * number, 200.0) for number in range(8)]
    video = VideoDetections(np.arange(10) / 10, [seen(*crowd)] * 10, np.zeros(10, np.int64), 640, 360)
    judged = PanelPlausibility(plan_masks(video, MaskSettings()), 640, 360, "from 0:00.0 to 0:01.0")
    for number in range(10):
        seam = 0.5 + jitter * (number % 2)
        judged.add(number, seen(*crowd, OTHER, score=0.3), [(0.0, 0.0, seam, 1.0), (seam, 0.0, 1.0, 1.0)])
    assert judged.problem.startswith(
        "networks see persons or faces in 10 sampled frames of the original from 0:00.0 to 0:01.0 in the panel at 50% "
        "to 100% of the width and 0% to 100% of the height, and masks hide only 0% of them"
    )


def test_masked_people_are_plausible_in_each_panel() -> None:
    video = VideoDetections(np.arange(10) / 10, [seen(PERSON, OTHER)] * 10, np.zeros(10, np.int64), 640, 360)
    judged = PanelPlausibility(plan_masks(video, MaskSettings()), 640, 360)
    for number in range(10):
        judged.add(number, seen(PERSON, OTHER), [(0.0, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)])
    assert judged.problem == ""
