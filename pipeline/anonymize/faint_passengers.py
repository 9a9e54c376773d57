"""People in and before vehicles: faint persons and faces in a vehicle's windows, or at its roof or foot, are masked.

Behind glass, reflections and shadow leave a head and a shoulder. A rider before a car is outscored by the car. Networks
score both as low as patterns of a facade, but at a vehicle there is little else that they take for a person.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import FACES, LABEL_GROUPS, PERSONS
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections, shared_areas
from pipeline.domain.labels import Label

PASSENGER_SCORE: Final = 0.05
"""From which a person or face in a vehicle is a passenger."""
NEAR_PX: Final = 48.0
"""Height of a vehicle from which passengers can be made out."""
INSIDE: Final = 0.8
"""Least share of a passenger's box inside the vehicle's …"""
LARGEST: Final = 0.15
"""… of which it occupies at most this share."""
WINDOWS: Final = 0.75
"""Share of a vehicle's height, from its top, in which passengers end: persons who stand beside it reach the ground."""
BEFORE_SCORE: Final = 0.04
"""From which a person or face that touches a vehicle is before it, such as a rider: the lowest that is reported."""
OVERLAPPING: Final = 0.2
"""Least share of their box inside the vehicle's …"""
LARGEST_BEFORE: Final = 1 / 3
"""… of which it has at most this size. It ends above the vehicle's roof, or in the part below the windows."""
CERTAIN_VEHICLE: Final = 0.5
CARRYING: Final = (Label.CAR, Label.BUS, Label.TRUCK)
"""Trams and trains are found as buses and trucks."""


def with_faint_passengers(detections: VideoDetections, settings: MaskSettings) -> VideoDetections:
    """The detections, with persons and faces in and before vehicles as certain as is needed to be masked.

    Args:
        detections: of the video.
        settings: `confirm_score` makes a vehicle certain; faint passengers reach it.
    """
    return replace(detections, per_frame=[faint_passengers(found, settings) for found in detections.per_frame])


def faint_passengers(found: Detections, settings: MaskSettings) -> Detections:
    """Detections of one frame, with the faint people in and before near vehicles at `confirm_score`."""
    tall = found.boxes[:, 3] - found.boxes[:, 1] >= NEAR_PX
    near = np.flatnonzero(tall & np.isin(found.labels, CARRYING) & (found.scores >= settings.confirm_score))
    seen = np.isin(found.labels, [int(label) for group in (PERSONS, FACES) for label in LABEL_GROUPS[group]])
    faint = np.flatnonzero(seen & (found.scores >= BEFORE_SCORE) & (found.scores < settings.confirm_score))
    if not len(near) or not len(faint):
        return found
    at = _Places(found.boxes[faint], found.boxes[near])
    counts = at.inside & (found.scores[faint] >= PASSENGER_SCORE)[:, None]
    counts |= at.before & (found.scores[near] >= CERTAIN_VEHICLE)
    scores = found.scores.copy()
    scores[faint[counts.any(axis=1)]] = settings.confirm_score
    return Detections(found.boxes, scores, found.labels)


class _Places:
    """Where boxes (n, 4) are at vehicles (m, 4).

    Attributes:
        inside: (n, m) whether a box is a small one in the upper part of a vehicle.
        before: (n, m) whether it overlaps the vehicle, and ends above its roof or below its windows.
    """

    def __init__(self, boxes: npt.NDArray[np.float32], vehicles: npt.NDArray[np.float32]) -> None:
        one, other = boxes[:, None], vehicles[None]
        area, of_vehicle = ((each[..., 2:] - each[..., :2]).prod(axis=2) for each in (one, other))
        share = shared_areas(boxes, vehicles) / np.maximum(area, 1e-6)
        sill = other[..., 1] + WINDOWS * (other[..., 3] - other[..., 1])
        self.inside = (share >= INSIDE) & (area <= LARGEST * of_vehicle) & (one[..., 3] <= sill)
        self.before = (share >= OVERLAPPING) & (area <= LARGEST_BEFORE * of_vehicle)
        self.before &= (one[..., 1] <= other[..., 1]) | (one[..., 3] > sill)
