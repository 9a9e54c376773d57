"""Usability of a camera's images: too dark, too bright, without contrast, or blurred."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

SAMPLE_PX: Final = (320, 180)
"""Width and height to which images are scaled before they are judged."""
_BORDER: Final = 0.12
"""Share of the height above and below that is not judged: captions stay sharp and bright over a obstructed lens."""
_BLACK: Final = 32
"""Gray level below which nothing is recognized."""
_WHITE: Final = 235
_LEAST_CONTRAST: Final = 16
"""Gray levels between the darkest and the brightest hundredth."""
_LEAST_SHARPNESS: Final = 0.06
"""Steepest gradient, per pixel of the sample, as a share of the contrast."""

Gray = npt.NDArray[np.uint8]
"""(h, w) uint8, without the borders."""


class Defect(StrEnum):
    """Why an image shows nothing usable; the values become details of events."""

    DARK = "its images are too dark"
    BRIGHT = "its images are too bright"
    UNIFORM = "its images have no contrast: check whether the lens is obstructed"
    BLURRED = "its images are blurred: check the focus, and the lens for dirt and water"
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
    return Defect.BLURRED if sharpness(gray) < _LEAST_SHARPNESS else None


def sharpness(gray: Gray) -> float:
    """The steepest gradients as a share of the contrast: about 0.5 for edges of one pixel, less the more blurred."""
    low, high = np.percentile(gray, (1, 99))
    smooth = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), 0.7)
    steps = np.concatenate([np.abs(np.diff(smooth, axis=0)).ravel(), np.abs(np.diff(smooth, axis=1)).ravel()])
    return float(np.percentile(steps, 99.5) / max(1.0, high - low))
