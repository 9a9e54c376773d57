"""Near vehicles on which no plate was masked are listed; distant ones, and those with a masked plate, are not."""

from __future__ import annotations

import numpy as np

from pipeline.anonymize.redaction_masks import plan_masks
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.unplated_vehicles import UnplatedVehicle, unplated_vehicles
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

PLATE = (140, 180, 170, 190)


def listed(width: float, score: float, plates: int, frames: int = 20) -> list[UnplatedVehicle]:
    """A car of that width and score in each frame, with a plate in the first ones."""
    per_frame = []
    for n in range(frames):
        rows = [((100, 100, 100 + width + n, 200), score, Label.CAR)]
        rows += [(PLATE, 0.9, Label.PLATE)] if n < plates else []
        per_frame.append(Detections.build([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]))
    video = VideoDetections(np.arange(frames) / 10, per_frame, np.zeros(frames, np.int64), 640, 360)
    return unplated_vehicles(video, plan_masks(video, MaskSettings()))


def test_a_near_vehicle_without_a_masked_plate_is_listed_where_it_is_largest() -> None:
    (vehicle,) = listed(120, 0.8, plates=0)
    assert vehicle.as_json() == {
        "from_s": 0.0,
        "to_s": 1.9,
        "frame": 19,
        "box": {"x1": 100, "y1": 100, "x2": 239, "y2": 200},
    }


def test_a_plate_that_was_masked_once_and_a_distant_or_faint_vehicle_is_not() -> None:
    assert listed(120, 0.8, plates=1) == []
    assert listed(40, 0.8, plates=0) == []
    assert listed(120, 0.4, plates=0) == []


def test_a_single_frame_is_enough_where_the_video_has_no_more() -> None:
    assert len(listed(120, 0.8, plates=0, frames=1)) == 1
