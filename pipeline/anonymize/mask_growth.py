"""Limits of redaction masks: a mask is not larger than about twice its object, however faint or old its detections are.

Without limits one faint box of half an image, linked to a face of 20 pixels, would mask half the video.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Detections, shared_areas
from pipeline.domain.labels import PLATED_VEHICLES, Label

MAX_GROWTH: Final = 2.0
"""Largest side of a mask, in sides of its object."""
MAX_TRAVEL: Final = 1.0
"""Sides of the object by which the mask of a lost object may reach back towards its last place in addition."""
FAINT_GROWTH: Final = 1.5
"""Largest side of a faint detection, in sides of the nearest certain one of the same object."""
LEAST_REACH_PX: Final = 4.0
"""From the middle of a mask to its sides: objects of a few pixels need more than twice their size."""
LARGE_FACE: Final = 0.05
"""Share of the image from which a face is a close-up …"""
LARGE_FACE_SCORE: Final = 0.4
"""… which networks find with at least this score: of labeled images, 32 such faces score 0.5 and more. Near persons and
plates may score far less."""

GIANT_PLATE: Final = 0.3
"""Share of the image from which a plate is a close-up, in which there is no …"""
VEHICLE_SCORE: Final = 0.5
"""… vehicle of this score that lies inside of it and is smaller than half of it."""
INSIDE: Final = 0.9
"""Share of that vehicle within the plate."""

Floats = npt.NDArray[np.float64]


def without_giant_faces(found: Detections, width: int, height: int) -> Detections:
    """The detections without faint faces over a large share of the image: they are patterns, not close-ups."""
    areas = (found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1) / (width * height)
    giant = (found.labels == Label.FACE) & (areas > LARGE_FACE) & (found.scores < LARGE_FACE_SCORE)
    return found.select(np.logical_not(giant)) if giant.any() else found


def without_giant_plates(found: Detections, width: int, height: int) -> Detections:
    """The detections without plates over a large share of the image in which vehicles are: no plate shows a vehicle."""
    areas = (found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1)
    giant = (found.labels == Label.PLATE) & (areas > GIANT_PLATE * width * height)
    vehicles = np.isin(found.labels, [int(label) for label in PLATED_VEHICLES]) & (found.scores >= VEHICLE_SCORE)
    if not giant.any() or not vehicles.any():
        return found
    shared = shared_areas(found.boxes[giant], found.boxes[vehicles])
    shows = shared >= INSIDE * np.maximum(areas[vehicles], 1e-6)
    giant[giant] = (shows & (areas[vehicles][None] < areas[giant][:, None] / 2)).any(axis=1)
    return found.select(np.logical_not(giant))


def limit_faint(boxes: Floats, times_s: Floats, scores: Floats, certain_score: float) -> Floats:
    """The boxes of one object; faint ones are shrunk about their center to `FAINT_GROWTH` of the nearest certain one.

    Args:
        boxes: (n, 4) xyxy.
        times_s, scores: (n,) of the boxes.
        certain_score: least score of a certain box; at least one must have it.
    """
    certain = np.flatnonzero(scores >= certain_score)
    nearest = certain[np.abs(times_s[:, None] - times_s[certain][None]).argmin(axis=1)]
    sizes, centers = boxes[:, 2:] - boxes[:, :2], (boxes[:, :2] + boxes[:, 2:]) / 2
    half = np.where((scores >= certain_score)[:, None], sizes, np.minimum(sizes, FAINT_GROWTH * sizes[nearest])) / 2
    return np.concatenate([centers - half, centers + half], axis=1)


def limit_masks(masks: Floats, known: Floats, expected: Floats) -> Floats:
    """Masks (n, 4) cut to `MAX_GROWTH` of their object, and as far as `MAX_TRAVEL` towards its last place.

    Args:
        masks: (n, 4) xyxy.
        known: (n, 4) the object where it was detected last or next, or between both.
        expected: (n, 4) the object where it is expected.
    """
    sizes = known[:, 2:] - known[:, :2]
    reach = np.maximum(sizes * MAX_GROWTH / 2, sizes / 2 + LEAST_REACH_PX)
    last, middle = (known[:, :2] + known[:, 2:]) / 2, (expected[:, :2] + expected[:, 2:]) / 2
    travel = np.clip(last - middle, -MAX_TRAVEL * sizes, MAX_TRAVEL * sizes)
    low = middle + np.minimum(travel, 0) - reach
    high = middle + np.maximum(travel, 0) + reach
    return np.concatenate([np.maximum(masks[:, :2], low), np.minimum(masks[:, 2:], high)], axis=1)
