"""Plate crops cut from images, and their quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.plate import CLOSE_UP_WIDTH
from pipeline.lpr.settings import LprSettings

Box = Sequence[float] | npt.NDArray[np.float32]
"""xyxy, pixels of the image."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Legibility of a plate.

    Attributes:
        height_px: height of the plate's box.
        sharpness: share of the contrast that lies in edges, 0 to 1; see `sharpness_of`.
    """

    height_px: float
    sharpness: float

    @property
    def weight(self) -> float:
        """Weight of the crop's vote, 0.1 to 2: higher plates have more pixels per character, up to a point."""
        return float(np.clip(self.height_px / 24.0, 0.1, 1.0) * np.clip(self.sharpness / 0.15, 0.3, 2.0))


def with_margin(box: Box, settings: LprSettings) -> tuple[int, int, int, int]:
    """The plate's box with its margin, xyxy in whole pixels; may extend beyond the image's border."""
    x1, y1, x2, y2 = (float(v) for v in box)
    beside, above = settings.margin_x * (x2 - x1), settings.margin_y * (y2 - y1)
    return round(x1 - beside), round(y1 - above), round(x2 + beside), round(y2 + above)


def plate_crop(image: Image, box: Box, settings: LprSettings) -> BgrImage:
    """The plate with its margin, at full size and in square pixels; where they are not square, it is enlarged."""
    crop, aspect = image.crop(*with_margin(box, settings)), image.sample_aspect
    if aspect == 1:
        return crop
    size = (max(1, round(crop.shape[1] * max(aspect, 1.0))), max(1, round(crop.shape[0] / min(aspect, 1.0))))
    return np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def sharpness_of(crop: BgrImage) -> float:
    """Sharpness of a crop, independent of its contrast and size.

    The mean absolute Laplacian of the crop at 32 pixels of height, over its standard deviation, scaled so that motion
    blur over a character's width gives about 0.02 and a sharp plate 0.15 and more.
    """
    gray = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
    scale = 32.0 / gray.shape[0]
    if scale < 1:
        gray = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    deviation = float(gray.std())
    if deviation < 2.0 or min(gray.shape) < 3:
        return 0.0
    edges = np.abs(cv2.Laplacian(gray, cv2.CV_32F)).mean()
    return float(min(1.0, edges / deviation / 4.0))


def touches_border(image: Image, box: Box, settings: LprSettings) -> bool:
    """Whether the image's border may cut off the plate.

    Its margin counts, because a box may be slightly smaller than the plate; not in close-ups, whose margin may lie
    outside and whose boxes are exact.
    """
    if float(box[2]) - float(box[0]) >= CLOSE_UP_WIDTH * image.width:
        return bool(box[0] <= 1 or box[1] <= 1 or box[2] >= image.width - 2 or box[3] >= image.height - 2)
    x1, y1, x2, y2 = with_margin(box, settings)
    return x1 <= 1 or y1 <= 1 or x2 >= image.width - 2 or y2 >= image.height - 2
