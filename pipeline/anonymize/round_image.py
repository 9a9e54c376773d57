"""Round images of 360-degree cameras, in which people lie in all directions around the middle.

Outside of the circle there is nothing: a border without edges, which is darker (`image_circles`), or around a circle in
the middle a border of one color, or noise alike everywhere. Scenes that leave the corners of a frame empty do not end
at a circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.image_circles import has_image_circle
from pipeline.domain.frame import BgrImage

Floats = npt.NDArray[np.float32]
_SHORTER_SIDE: Final = 120
"""To which a frame is reduced."""
_MOST_LENGTH: Final = 2
"""Of the longer side, in shorter ones."""
_RADII: Final = np.arange(0.36, 0.74, 0.02) * _SHORTER_SIDE
"""Of the circle; a larger one than half of the shorter side is cut off by the frame."""
_SHIFTS: Final = (-0.05, 0.0, 0.05)
"""Of the circle's center from the frame's, as shares of the shorter side."""
_GAP_PX: Final = 3
"""Between the circle and what is compared inside and outside of it: its edge is soft."""
_ALIKE: Final = 10.0
"""Gray levels by which means and spreads in the border differ at most, and those at the edge at least …"""
_IN_BORDER, _AT_EDGE = 0.88, 0.7
"""… of this share of the border, which may contain captions, and of the edge, where the scene may be as dark as it."""
_SAMPLED, _SAMPLING_ERROR = 16, 0.2
"""Of the border, each such pixel is measured first: where its share is smaller by this error, the rest is not."""
_BORDER_SHARE: Final = (0.06, 0.75)
"""Share of a frame that is border."""
_OVEREXPOSED: Final = 245.0
"""Gray level from which that is no border: sky and bodywork of a close-up are white."""


def is_round(frame: BgrImage) -> bool:
    """Whether a frame (height, width, 3) BGR, in square pixels, has a circle or an ellipse on an empty border."""
    return has_image_circle(frame) or _is_circle_on_even_border(frame)


def _is_circle_on_even_border(frame: BgrImage) -> bool:
    scale = _SHORTER_SIDE / min(frame.shape[:2])
    width, height = (max(1, round(length * scale)) for length in (frame.shape[1], frame.shape[0]))
    if max(width, height) > _MOST_LENGTH * _SHORTER_SIDE:
        return False
    appearance = _appearance(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32))
    rows, columns = np.indices((height, width))
    for right in _SHIFTS:
        for down in _SHIFTS:
            distance = np.hypot(columns - width / 2 - right * _SHORTER_SIDE, rows - height / 2 - down * _SHORTER_SIDE)
            order = np.argsort(distance, axis=None)
            outward = _Outward(appearance[:, order], distance.ravel()[order])
            if any(outward.has_edge(float(radius)) for radius in _RADII):
                return True
    return False


def _appearance(image: Floats) -> Floats:
    """(6, pixels) mean and spread of the colors around each pixel."""
    mean = cv2.blur(image, (5, 5))
    spread = np.sqrt(np.maximum(cv2.blur(image * image, (5, 5)) - mean * mean, 0))
    return np.ascontiguousarray(np.concatenate([mean, spread], axis=2).reshape(-1, 6).T)


@dataclass(frozen=True, slots=True)
class _Outward:
    """Pixels by their distance from a center: appearance (6, n), and distance (n,), rising."""

    appearance: Floats
    distance: npt.NDArray[np.float64]

    def has_edge(self, radius: float) -> bool:
        """Whether all that is farther than a radius is alike, and what is little nearer is not."""
        border = self._between(np.nextafter(radius + _GAP_PX, np.inf), np.inf)
        pixels = len(self.distance)
        if not _BORDER_SHARE[0] * pixels <= border.shape[1] <= _BORDER_SHARE[1] * pixels:
            return False
        some = border[:, ::_SAMPLED]
        if _alike(some, np.median(some, axis=1)).mean() < _IN_BORDER - _SAMPLING_ERROR:
            return False
        usual = np.median(border, axis=1)
        if usual[:3].mean() >= _OVEREXPOSED or _alike(border, usual).mean() < _IN_BORDER:
            return False
        inside = self._between(radius - 2 * _GAP_PX, radius - _GAP_PX)
        return bool(1 - _alike(inside, usual).mean() >= _AT_EDGE)

    def _between(self, begin: float, end: float) -> Floats:
        """Of pixels from a distance to less than another."""
        first, last = np.searchsorted(self.distance, [begin, end])
        return self.appearance[:, first:last]


def _alike(pixels: Floats, usual: Floats) -> npt.NDArray[np.bool_]:
    """(n,) which of the pixels (6, n) have the usual appearance (6,)."""
    near = [np.abs(levels - level) <= _ALIKE for levels, level in zip(pixels, usual, strict=True)]
    return np.asarray(np.logical_and.reduce(near))
