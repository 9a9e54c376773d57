"""Riders are masked where only their two-wheeler is detected, unless it is parked or its rider was detected."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.riders import rider_box, with_riders
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

SETTINGS = MaskSettings()
Row = tuple[tuple[float, float, float, float], float, Label]


def video(rows: Sequence[Sequence[Row]], fps: float = 10.0) -> VideoDetections:
    found = [Detections.build([r[0] for r in row], [r[1] for r in row], [r[2] for r in row]) for row in rows]
    return VideoDetections(np.arange(len(rows)) / fps, found, np.zeros(len(rows), np.int64), 640, 360)


def driving(n: int) -> tuple[float, float, float, float]:
    return 100 + 5 * n, 200, 140 + 5 * n, 230


def persons(detections: VideoDetections, frame: int) -> int:
    return len(detections.per_frame[frame].labeled(Label.PERSON))


def test_a_faint_motorcycle_that_moves_has_a_masked_rider() -> None:
    plan = plan_masks(video([[(driving(n), 0.16, Label.MOTORCYCLE)] for n in range(20)]), SETTINGS)
    assert plan.objects == {Label.PERSON: 1}
    x1, y1, x2, y2 = plan.at(10).boxes[0].tolist()
    assert x1 < 150
    assert x2 > 190
    assert y1 < 175, "the rider's head is above the motorcycle"
    assert y2 > 229


def test_a_fainter_motorcycle_has_none() -> None:
    rows = [[(driving(n), 0.12, Label.MOTORCYCLE)] for n in range(20)]
    assert not len(plan_masks(video(rows), SETTINGS).at(10))


def test_a_bicycle_in_a_single_image_has_a_rider() -> None:
    assert persons(with_riders(video([[(driving(0), 0.5, Label.BICYCLE)]]), SETTINGS), 0) == 1


def test_a_parked_motorcycle_has_no_rider_and_one_that_waits_has() -> None:
    parked = [[(driving(0), 0.9, Label.MOTORCYCLE)] for _ in range(150)]
    waiting = [[(driving(min(n, 10)), 0.9, Label.MOTORCYCLE)] for n in range(150)]
    assert persons(with_riders(video(parked), SETTINGS), 75) == 0
    assert persons(with_riders(video(waiting), SETTINGS), 75) == 1


def test_a_detected_rider_is_not_doubled_and_a_faint_one_is_confirmed() -> None:
    rider = tuple(rider_box(np.array(driving(0), np.float32), 640, 360).tolist())
    for score, wanted in ((0.6, 1), (0.1, 2)):
        rows = [[(driving(0), 0.9, Label.MOTORCYCLE), (rider, score, Label.PERSON)]]
        assert persons(with_riders(video(rows), SETTINGS), 0) == wanted


def test_a_pedestrian_behind_the_motorcycle_is_not_its_rider() -> None:
    rows = [[(driving(0), 0.9, Label.MOTORCYCLE), ((136, 100, 156, 220), 0.9, Label.PERSON)]]
    assert persons(with_riders(video(rows), SETTINGS), 0) == 2
