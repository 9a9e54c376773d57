"""Usability of a camera's images: too dark, too bright, without contrast, blurred, noise, or mostly empty."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

SAMPLE_PX: Final = (320, 180)
"""Width and height to which images are scaled before they are judged."""
_BORDER: Final = 0.12
"""Share of the height above and below that is not judged: captions stay sharp and bright over an obstructed lens."""
_BLACK: Final = 32
"""Gray level below which nothing is recognized."""
_WHITE: Final = 235
_LEAST_CONTRAST: Final = 24
"""Gray levels between the darkest and the brightest hundredth: 17 of a street in dense haze, from 37 on of usable
ones."""
_LEAST_SHARPNESS: Final = 0.06
"""Steepest gradient, per pixel of the sample, as a share of the contrast."""
GRID: Final = (8, 16)
"""Rows and columns of areas in which an image is judged."""
_MOST_EMPTY: Final = 0.53
"""Share of areas without detail: at most 0.51 of 938 real images, from 0.55 on where 60 % are obstructed."""
_MOST_EMPTY_DARK: Final = 0.7
_DARK_MEAN: Final = 30
"""Mean gray level of a night, in which more is black."""
_MOST_EVEN: Final = 0.66
"""Share of pixels that equal those around them: 0.57 at most of a real image, 0.73 of color bars."""
_NOISE_RATIO: Final = 0.5
"""Contrast that is left when areas of 4 × 4 pixels are averaged: 0.25 of noise, 0.76 and more of a scene."""

Gray = npt.NDArray[np.uint8]
"""(h, w) uint8, without the borders."""


class Defect(StrEnum):
    """Why an image shows nothing usable; the values become details of events."""

    DARK = "its images are too dark"
    BRIGHT = "its images are too bright"
    UNIFORM = "its images have no contrast: check whether the lens is obstructed"
    BLURRED = "its images are blurred: check the focus, and the lens for dirt and water"
    DAZZLED = "light shines into the lens: check whether the sun or a lamp is in its view"
    DIRTY = "a part of its image has lost its detail: check the lens for dirt and water, and for an obstacle"
    NOISE = "its images are noise: check the camera and its cable"
    EMPTY = "most of its image is empty: check whether the lens is obstructed, or its video is lost"
    REPEATED = "its images repeat: check whether a recording is played"
    FROZEN = "its images do not change: check whether the camera is frozen"


def judged_part(image: npt.NDArray[np.uint8]) -> Gray:
    """The part of an image (h, w, 3), BGR, that is judged, in gray."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    border = round(_BORDER * gray.shape[0])
    return np.asarray(gray[border : gray.shape[0] - border], np.uint8)


def defect(gray: Gray) -> Defect | None:
    """What makes one image unusable, None if nothing does.

    Night scenes with lights are not dark: a two-hundredth of the pixels suffices.
    """
    low, tenth, high, highest = np.percentile(gray, (1, 10, 99, 99.5))
    if highest < _BLACK:
        return Defect.DARK
    if tenth > _WHITE:
        return Defect.BRIGHT
    if high - low < _LEAST_CONTRAST:
        return Defect.UNIFORM
    if sharpness(gray) < _LEAST_SHARPNESS:
        return Defect.BLURRED
    if _is_noise(gray):
        return Defect.NOISE
    return Defect.EMPTY if _is_empty(gray) else None


def area_means(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Means of values (h, w) in the areas of `GRID`."""
    return np.asarray(cv2.resize(values, GRID[::-1], interpolation=cv2.INTER_AREA), np.float32)


def area_deviations(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Standard deviations of values (h, w) in the areas of `GRID`."""
    return np.asarray(np.sqrt(np.maximum(0, area_means(values * values) - area_means(values) ** 2)), np.float32)


def _is_noise(gray: Gray) -> bool:
    coarse = cv2.resize(gray, (gray.shape[1] // 4, gray.shape[0] // 4), interpolation=cv2.INTER_AREA)
    return bool(coarse.std() < _NOISE_RATIO * gray.std())


def _is_empty(gray: Gray) -> bool:
    """Whether most areas have no detail: of one gray level, noise aside, or so smooth that they are out of focus."""
    levels = gray.astype(np.float32)
    around = cv2.blur(levels, (5, 5))
    fine = area_deviations(levels - around)
    flat = area_deviations(cv2.blur(levels, (3, 3)) - cv2.blur(levels, (11, 11))) < 0.4
    smooth = (fine < 1.2) & (fine < 0.13 * area_deviations(levels))
    most = _MOST_EMPTY_DARK if levels.mean() < _DARK_MEAN else _MOST_EMPTY
    if np.mean(flat | smooth | (fine < 0.4)) > most:
        return True
    even = cv2.blur(levels * levels, (5, 5)) - around * around < 0.16
    return bool(np.mean(even) > _MOST_EVEN)


def sharpness(gray: Gray) -> float:
    """The steepest gradients as a share of the contrast: about 0.5 for edges of one pixel, less the more blurred."""
    low, high = np.percentile(gray, (1, 99))
    smooth = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), 0.7)
    steps = np.concatenate([np.abs(np.diff(smooth, axis=0)).ravel(), np.abs(np.diff(smooth, axis=1)).ravel()])
    return float(np.percentile(steps, 99.5) / max(1.0, high - low))
