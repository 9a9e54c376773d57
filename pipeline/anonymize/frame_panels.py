"""Panels of a frame: images side by side, as of a split screen, a dual camera, or an inset.

Between two images everything changes from one line to the next, along all of the seam. Edges in a scene end somewhere,
or are soft.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage

_LONGER_SIDE: Final = 640
"""To which a larger frame is reduced."""
_PARTS: Final = 16
"""Of the length of a line …"""
_SEAM_PARTS: Final = 0.8
"""… in at least this share of which a seam is seen: images may be alike in places."""
_MIN_RATIO, _MIN_STEP = 2.0, 4.0
"""At a seam, the change exceeds this many times that around it, and this many levels of a color more."""
_AROUND: Final = np.array([[1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1]], np.float32) / 10
_MIN_SHARE: Final = 1 / 6
"""Of the frame's side, that a panel has at least."""
_BANDS: Final = 3
"""Across the frame, in which insets are sought."""
_MOST: Final = 32
"""Panels of a frame; more are a pattern, which is measured elsewhere."""

Colors = npt.NDArray[np.float32]
"""(height, width, 3) BGR."""
Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of the frame's sides."""


def frame_and_panels(frame: BgrImage) -> list[BgrImage]:
    """A frame (height, width, 3) BGR, then each panel of it; nothing but the frame where it is one image."""
    height, width = frame.shape[:2]
    return [
        frame,
        *(
            frame[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
            for left, top, right, bottom in panels_of(frame)
        ),
    ]


def panels_of(frame: BgrImage) -> list[Box]:
    """Where the panels of a frame (height, width, 3) BGR are; none where it is one image."""
    height, width = frame.shape[:2]
    scale = min(1.0, _LONGER_SIDE / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    found: list[Box] = []
    for area in [(0.0, 0.0, 1.0, 1.0), *_bands()]:
        panels = _split(small, area)
        found += [panel for panel in panels if len(panels) > 1 and panel not in found]
    return found if len(found) <= _MOST else []


def _bands() -> list[Box]:
    edges = [number / _BANDS for number in range(_BANDS + 1)]
    across: list[Box] = [(0.0, begin, 1.0, end) for begin, end in pairwise(edges)]
    return across + [(top, left, bottom, right) for left, top, right, bottom in across]


def _split(image: Colors, area: Box) -> list[Box]:
    """An area of a frame, or its panels, cut along seams from side to side."""
    height, width = image.shape[:2]
    left, top, right, bottom = area
    part = image[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    for upright, length, begin, end in ((True, width, left, right), (False, height, top, bottom)):
        least = round(_MIN_SHARE * length)
        cuts = [begin, *(begin + at / length for at in _seams(part.swapaxes(0, 1) if upright else part, least)), end]
        if len(cuts) > 2:
            areas = [
                (one, top, other, bottom) if upright else (left, one, right, other) for one, other in pairwise(cuts)
            ]
            return [panel for each in areas for panel in _split(image, each)]
    return [area]


def _seams(image: Colors, least: int) -> list[int]:
    """Rows at which another image begins, so far from each other and from the ends."""
    if len(image) < 2 * least or image.shape[1] < _PARTS:
        return []
    blue, green, red = np.moveaxis(np.abs(np.diff(image, axis=0)), 2, 0)
    steps = np.maximum(np.maximum(blue, green), red)
    parts = np.stack([part.mean(axis=1) for part in np.array_split(steps, _PARTS, axis=1)])
    around = cv2.filter2D(parts, -1, _AROUND, borderType=cv2.BORDER_REFLECT)
    found: list[int] = []
    for row in (np.flatnonzero((parts > _MIN_RATIO * around + _MIN_STEP).mean(axis=0) >= _SEAM_PARTS) + 1).tolist():
        if row - (found[-1] if found else 0) >= least and len(image) - row >= least:
            found.append(row)
    return found
