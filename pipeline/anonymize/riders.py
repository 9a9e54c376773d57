"""Riders of two-wheelers, as person detections where the networks found a motorcycle or bicycle and no person on it.

A rider in a helmet, in profile or far away is often missed while the machine is found, or both are found faintly. A
two-wheeler that moves has a rider; one that stood still for long is parked.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import TWO_WHEELERS, Tracklet, link_forward
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections, shared_areas
from pipeline.domain.labels import Label

PARKED_S: Final = 10.0
"""A two-wheeler that was seen this long and stood still all the time has no rider …"""
PARKED_SHIFT: Final = 0.5
"""… if its center moved by less than this share of its height."""
ABOVE: Final = 1.0
"""How far a rider is higher than the two-wheeler, as a share of its height."""
BESIDE: Final = 0.3
"""How far shoulders stand out on each side, as a share of the two-wheeler's shorter side."""
RIDES: Final = 0.5
"""A person rides if at least this share of their box lies in the rider's …"""
UPPER: Final = 0.25
"""… and they occupy at least this share of the rider's upper half."""


def with_riders(detections: VideoDetections, settings: MaskSettings) -> VideoDetections:
    """The detections and a person on each two-wheeler that is not parked and has none.

    Args:
        detections: of the video.
        settings: `rider_confirm_score` applies to two-wheelers, `confirm_score` to persons.
    """
    riders: dict[int, list[npt.NDArray[np.float32]]] = defaultdict(list)
    for tracklet in link_forward(detections, settings, (TWO_WHEELERS,)):
        if tracklet.max_score >= settings.rider_confirm_score and not _is_parked(tracklet, detections):
            for frame, box in zip(tracklet.frames, tracklet.boxes, strict=True):
                riders[frame].append(rider_box(box, detections.width, detections.height))
    per_frame = [
        _with_persons(found, riders[number], settings.confirm_score) if number in riders else found
        for number, found in enumerate(detections.per_frame)
    ]
    return replace(detections, per_frame=per_frame)


def rider_box(box: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.float32]:
    """(4,) where the rider of a two-wheeler's box (4,) is, legs included, inside the image."""
    x1, y1, x2, y2 = (float(value) for value in box)
    beside = BESIDE * min(x2 - x1, y2 - y1)
    rider = np.array([x1 - beside, y1 - ABOVE * (y2 - y1), x2 + beside, y2], np.float32)
    return np.clip(rider, 0, np.array([width, height] * 2, np.float32))


def _with_persons(found: Detections, riders: list[npt.NDArray[np.float32]], score: float) -> Detections:
    persons = found.boxes[(found.labels == Label.PERSON) & (found.scores >= score)]
    missing = [rider for rider in riders if not _is_ridden(rider, persons)]
    added = Detections.build(missing, [score] * len(missing), [Label.PERSON] * len(missing))
    return Detections.concatenate([found, added])


def _is_ridden(rider: npt.NDArray[np.float32], persons: npt.NDArray[np.float32]) -> bool:
    upper = rider.copy()
    upper[3] = (rider[1] + rider[3]) / 2
    areas = np.maximum((persons[:, 2:] - persons[:, :2]).prod(axis=1), 1e-6)
    upper_area = max(float((upper[2:] - upper[:2]).prod()), 1e-6)
    of_rider, of_upper = shared_areas(persons, np.stack([rider, upper])).T
    rides = (of_rider / areas >= RIDES) & (of_upper / upper_area >= UPPER)
    return bool(rides.any())


def _is_parked(tracklet: Tracklet, detections: VideoDetections) -> bool:
    times_s = detections.times_s[tracklet.frames]
    if times_s[-1] - times_s[0] < PARKED_S:
        return False
    boxes = np.stack(tracklet.boxes)
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    height = float(np.median(boxes[:, 3] - boxes[:, 1]))
    return bool(np.ptp(centers, axis=0).max() < PARKED_SHIFT * height)
