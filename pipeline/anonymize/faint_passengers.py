"""Passengers behind the windows of vehicles: faint persons and faces in the upper part of a vehicle, which are masked.

Behind glass, reflections and shadow leave a head and a shoulder. Networks score them as low as patterns of a facade,
but in the windows of a bus or a car there is little else that they take for a person.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import FACES, LABEL_GROUPS, PERSONS
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections
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
CARRYING: Final = (Label.CAR, Label.BUS, Label.TRUCK)
"""Trams and trains are found as buses and trucks."""


def with_faint_passengers(detections: VideoDetections, settings: MaskSettings) -> VideoDetections:
    """The detections, with persons and faces behind windows as certain as is needed to be masked.

    Args:
        detections: of the video.
        settings: `confirm_score` makes a vehicle certain; faint passengers reach it.
    """
    return replace(detections, per_frame=[faint_passengers(found, settings) for found in detections.per_frame])


def faint_passengers(found: Detections, settings: MaskSettings) -> Detections:
    """Detections of one frame, with the faint passengers of near vehicles at `confirm_score`."""
    tall = found.boxes[:, 3] - found.boxes[:, 1] >= NEAR_PX
    vehicles = found.boxes[tall & np.isin(found.labels, CARRYING) & (found.scores >= settings.confirm_score)]
    seen = np.isin(found.labels, [int(label) for group in (PERSONS, FACES) for label in LABEL_GROUPS[group]])
    faint = np.flatnonzero(seen & (found.scores >= PASSENGER_SCORE) & (found.scores < settings.confirm_score))
    if not len(vehicles) or not len(faint):
        return found
    scores = found.scores.copy()
    scores[faint[_are_inside(found.boxes[faint], vehicles)]] = settings.confirm_score
    return Detections(found.boxes, scores, found.labels)


def _are_inside(boxes: npt.NDArray[np.float32], vehicles: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """(n,) whether each box (n, 4) is a small one in the upper part of any vehicle (m, 4)."""
    one, other = boxes[:, None], vehicles[None]
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    common = np.clip(sides, 0, None).prod(axis=2)
    area, of_vehicle = ((each[..., 2:] - each[..., :2]).prod(axis=2) for each in (one, other))
    lowest = other[..., 1] + WINDOWS * (other[..., 3] - other[..., 1])
    inside = (common >= INSIDE * np.maximum(area, 1e-6)) & (area <= LARGEST * of_vehicle) & (one[..., 3] <= lowest)
    return np.asarray(inside.any(axis=1))
