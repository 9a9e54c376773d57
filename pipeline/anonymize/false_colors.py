"""False colors, as thermal cameras and enhanced night video show levels: by a palette instead of brightness.

Networks do not know people in them. The colors of a palette are a line through the colors that there are. A long line
shows most of a frame in many hues, however pale. Along a short one, color follows from brightness, and is more than a
tint: that of one light is the darker the less of it there is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage

_LONGER_SIDE: Final = 320
"""Sampled pixels of a larger frame, which are not mixed with others."""
_COLORED: Final = 16.0
"""Least distance from gray, in levels of Cb and Cr, of a color whose hue counts …"""
_SHARE: Final = 0.6
"""… of at least this share of the pixels."""
_HUES: Final = 18
"""Parts of the color circle …"""
_MIN_HUES, _HUE_SHARE = 5, 0.02
"""… of which a long palette has at least so many, each in this share of the pixels."""
_NEAR_PX: Final = (-2, 0, 2)
"""Of the pixels that show whether a sampled one is on an edge, where codecs mix colors: half of them are."""
_LEVELS: Final = 4
"""Of brightness, which have one color in a palette."""
_MIN_SPREAD: Final = 12.0
"""Least spread of Cb and Cr that is not a tint, in levels …"""
_USUAL_SHARE: Final = 0.85
"""… of this share of the pixels, without the most colored ones: a border or a sign has its own color …"""
_UNEXPLAINED: Final = 0.25
"""… of which, over all pixels, so much remains at most, where color follows from brightness."""

Colors = npt.NDArray[np.float32]
"""(n, 3) luma, and Cr and Cb from -128 to 127."""


class FalseColors(StrEnum):
    """What is seen of false colors."""

    MANY_HUES = "most of the image is colored, in many hues"
    BY_BRIGHTNESS = "each brightness has one color"


def false_colors(frame: BgrImage) -> FalseColors | None:
    """What a frame (height, width, 3) BGR shows of a palette of colors; nothing for the colors of a scene."""
    colors, smooth = _sampled(frame)
    if _has_many_hues(colors):
        return FalseColors.MANY_HUES
    return FalseColors.BY_BRIGHTNESS if _color_follows_from_brightness(smooth) else None


def _sampled(frame: BgrImage) -> tuple[Colors, Colors]:
    """Colors of pixels all over a frame, and means of the smoother half of them."""
    step = max(1.0, max(frame.shape[:2]) / _LONGER_SIDE)
    rows, columns = ((np.arange(int(length / step)) * step).astype(int) for length in frame.shape[:2])
    near = np.stack([_colors(frame, rows + down, columns + right) for down in _NEAR_PX for right in _NEAR_PX])
    ranges = np.ptp(near, axis=0).sum(axis=1)
    return near[len(near) // 2], near.mean(axis=0)[ranges <= np.median(ranges)]


def _colors(frame: BgrImage, rows: npt.NDArray[np.int_], columns: npt.NDArray[np.int_]) -> Colors:
    height, width = frame.shape[:2]
    pixels = np.ascontiguousarray(frame[np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))])
    colors = cv2.cvtColor(pixels, cv2.COLOR_BGR2YCrCb).reshape(-1, 3).astype(np.float32)
    return np.asarray(colors - np.array([0, 128, 128], np.float32), np.float32)


def _has_many_hues(colors: Colors) -> bool:
    red, blue = colors[:, 1], colors[:, 2]
    counted = np.hypot(red, blue) >= _COLORED
    if counted.mean() < _SHARE:
        return False
    turns = np.arctan2(red[counted], blue[counted]) / (2 * np.pi) % 1
    hues = np.bincount((turns * _HUES).astype(int) % _HUES, minlength=_HUES)
    return int((hues >= _HUE_SHARE * len(colors)).sum()) >= _MIN_HUES


def _color_follows_from_brightness(colors: Colors) -> bool:
    luma, chroma = colors[:, 0], colors[:, 1:]
    tint = luma @ chroma / max(1e-6, float(luma @ luma))
    spread = _usual(chroma - np.outer(luma, tint))
    if spread < _MIN_SPREAD:
        return False
    remaining = np.empty_like(chroma)
    levels = (luma // _LEVELS).astype(int)
    for level in np.unique(levels):
        same = chroma[levels == level]
        remaining[levels == level] = same - np.median(same, axis=0)
    return float(np.sqrt((remaining**2).sum(axis=1).mean())) <= _UNEXPLAINED * spread


def _usual(vectors: npt.NDArray[np.float32]) -> float:
    """Root mean square of the lengths of vectors (n, 2), without the longest ones."""
    squares = np.sort((vectors**2).sum(axis=1))
    return float(np.sqrt(squares[: max(1, round(_USUAL_SHARE * len(squares)))].mean()))
