"""Plates within the boxes of collectors who drew them around plate and mudguard.

Our own detector finds the plate in an enlarged crop of such a box, where it is as large as a near one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from models.training.degrade import Image
from models.training.traffic.teachers import Teacher

LOOSE: Final = frozenset({"in-riders"})
"""Sources whose boxes of plates are some three times as large as the plates."""
ONE_LINE: Final = 1.8
"""Boxes this many times as wide as high are of plates in one line, whose collector drew them tightly."""
SIDE: Final = 288
"""Of the enlarged crop, pixels."""
_SURE: Final = 0.3
_AROUND: Final = (2.2, 1.4, 3.5)
"""Sides of the crops, as multiples of the box's longer side: the plate is seen at three sizes."""

Box = tuple[float, ...]
Labels = Sequence[tuple[str, Box]]


def tightened(image: Image, truth: Labels, finder: Teacher) -> tuple[list[tuple[str, Box]], list[Box]]:
    """The labels with plates as they are found in the loose boxes, and the boxes in which none is found.

    Args:
        image: the upright image.
        truth: the collector's labels, xyxy in its pixels.
        finder: a detector of plates for images of `SIDE` pixels.

    Returns:
        The labels, and places to paint over, because the plate is somewhere in them. Where none is found, boxes of
        plates in one line stay as they are.
    """
    labels: list[tuple[str, Box]] = []
    unsure: list[Box] = []
    for word, box in truth:
        found = _plate_in(image, box, finder) if word == "plate" else box
        if found is not None:
            labels.append((word, found))
        elif box[2] - box[0] >= ONE_LINE * (box[3] - box[1]):
            labels.append((word, box))
        else:
            unsure.append(box)
    return labels, unsure


def _plate_in(image: Image, box: Box, finder: Teacher) -> Box | None:
    """The surest plate whose center lies in the box, over three crops around it."""
    center = np.array([box[0] + box[2], box[1] + box[3]]) / 2
    best: Box | None = None
    sure = _SURE
    for around in _AROUND:
        reach = around * max(box[2] - box[0], box[3] - box[1]) / 2
        left, top = (max(0, int(edge)) for edge in center - reach)
        right, bottom = (int(np.ceil(edge)) for edge in center + reach)
        crop = image[top:bottom, left:right]
        scale = SIDE / max(crop.shape[:2])
        enlarged = np.asarray(cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
        for word, x1, y1, x2, y2, score in finder.detect(enlarged):
            place = (x1 / scale + left, y1 / scale + top, x2 / scale + left, y2 / scale + top)
            x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
            if word == "plate" and score >= sure and box[0] < x < box[2] and box[1] < y < box[3]:
                best, sure = place, score
    return best
