"""What both networks see faintly at one place is masked; what only one of them sees so is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.anonymize.joint_evidence import with_joint_evidence
from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.residual_detections import find_residual_detections, with_residual_detections
from pipeline.anonymize.settings import MaskSettings
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from tests.anonymize.test_riders import Row, video

RIDER = (300.0, 100.0, 311.0, 129.0)
BESIDE = (299.0, 102.0, 312.0, 128.0)


def masked(original: list[Row], seen: list[Row]) -> int:
    """Masks of a video of one frame after the first round of verification."""
    ours, others, settings = video([original]), video([seen]), MaskSettings()
    joint = with_joint_evidence(others, ours, clear_score=0.2, min_score=0.4)
    found = find_residual_detections(joint, plan_masks(ours, settings), min_score=0.4, min_frames=3).objects
    return len(plan_masks(with_residual_detections(ours, found, settings), settings).at(0))


@pytest.mark.parametrize("label", [Label.PERSON, Label.FACE])
@pytest.mark.parametrize("scores", [(0.21, 0.06), (0.06, 0.21), (0.13, 0.13)])
def test_two_faint_detections_at_one_place_count_together(label: Label, scores: tuple[float, float]) -> None:
    assert masked([(RIDER, scores[0], label)], [(BESIDE, scores[1], label)])


@pytest.mark.parametrize(
    ("original", "seen"),
    [
        ([(RIDER, 0.21, Label.PERSON)], []),
        ([], [(BESIDE, 0.35, Label.PERSON)]),
        ([(RIDER, 0.12, Label.PERSON)], [(BESIDE, 0.12, Label.PERSON)]),
        ([(RIDER, 0.2, Label.PERSON)], [((330, 100, 341, 129), 0.2, Label.PERSON)]),
        ([(RIDER, 0.2, Label.PERSON)], [(BESIDE, 0.2, Label.FACE)]),
    ],
    ids=["one network", "the other", "too faint", "beside", "another label"],
)
def test_what_one_network_sees_faintly_does_not_count(original: list[Row], seen: list[Row]) -> None:
    assert not masked(original, seen)


@pytest.mark.parametrize(
    "seen",
    [[(RIDER, 0.24, Label.PERSON), (BESIDE, 0.2, Label.MOTORCYCLE)], [(RIDER, 0.2, Label.CAR)]],
    ids=["two labels", "a narrow vehicle"],
)
def test_a_rider_that_one_network_sees_under_other_labels_is_masked(seen: list[Row]) -> None:
    assert masked([], seen)


def test_detections_that_count_alone_stay() -> None:
    clear: list[Row] = [(RIDER, 0.3, Label.PERSON), ((100, 100, 200, 150), 0.2, Label.CAR)]
    others = video([[*clear, ((10, 10, 20, 20), 0.1, Label.CAR)]])
    joint = with_joint_evidence(others, replace(others, per_frame=[Detections.empty()]), clear_score=0.2, min_score=0.4)
    assert joint.per_frame[0].boxes.tolist() == [list(box) for box, _, _ in clear]
