"""Vehicles near enough to have a visible plate on which no plate was ever masked, for a person to check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.redaction_masks import MaskPlan
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import VEHICLES, Tracklet, link_forward
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.labels import Label

NEAR_PX: Final = 80
"""Least width of a near vehicle in pixels: a plate is about a quarter of it, and its characters then have 3 pixels."""
MIN_SCORE: Final = 0.5
"""That a vehicle must reach once."""
MIN_FRAMES: Final = 3
"""In which it is near; all of them, where the video has fewer."""


@dataclass(frozen=True, slots=True)
class UnplatedVehicle:
    """A near vehicle without a masked plate.

    Attributes:
        begin_s, end_s: when it is near, in seconds from the first frame.
        frame: in which it is largest, from 0.
        box: (x1, y1, x2, y2) pixels in that frame.
    """

    begin_s: float
    end_s: float
    frame: int
    box: tuple[int, int, int, int]

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "from_s": round(self.begin_s, 2),
            "to_s": round(self.end_s, 2),
            "frame": self.frame,
            "box": dict(zip(("x1", "y1", "x2", "y2"), self.box, strict=True)),
        }


def unplated_vehicles(detections: VideoDetections, plan: MaskPlan) -> list[UnplatedVehicle]:
    """Near vehicles inside whose box no plate was masked in any frame, in order of time.

    Args:
        detections: in the original.
        plan: its masks.
    """
    found = []
    least = min(MIN_FRAMES, len(detections))
    for tracklet in link_forward(detections, MaskSettings(), (VEHICLES,)):
        boxes = np.stack(tracklet.boxes)
        widths = boxes[:, 2] - boxes[:, 0]
        near = np.flatnonzero(widths >= NEAR_PX)
        if tracklet.max_score < MIN_SCORE or len(near) < least or _has_masked_plate(tracklet, plan):
            continue
        largest = int(widths.argmax())
        x1, y1, x2, y2 = (round(float(value)) for value in boxes[largest])
        first, last = (tracklet.frames[position] for position in near[[0, -1]])
        begin_s, end_s = detections.times_s[[first, last]] - detections.times_s[0]
        found.append(UnplatedVehicle(float(begin_s), float(end_s), tracklet.frames[largest], (x1, y1, x2, y2)))
    return sorted(found, key=lambda vehicle: vehicle.begin_s)


def _has_masked_plate(tracklet: Tracklet, plan: MaskPlan) -> bool:
    return any(_holds_plate(box, plan, frame) for frame, box in zip(tracklet.frames, tracklet.boxes, strict=True))


def _holds_plate(box: npt.NDArray[np.float32], plan: MaskPlan, frame: int) -> bool:
    masks = plan.at(frame)
    plates = masks.boxes[masks.labels == Label.PLATE]
    centers = (plates[:, :2] + plates[:, 2:]) / 2
    return bool(((centers >= box[:2]) & (centers <= box[2:])).all(axis=1).any())
