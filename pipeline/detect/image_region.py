"""Implementations of `Image`: a rectangular region of another image, and a whole image in memory."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.domain.detections import Boxes
from pipeline.domain.frame import BgrImage, Image


@dataclass(frozen=True, slots=True, eq=False)
class ImageRegion:
    """The rectangle (x1, y1)-(x2, y2) of an image, in its pixels; inside it and not empty."""

    parent: Image
    x1: int
    y1: int
    x2: int
    y2: int

    @classmethod
    def around(cls, parent: Image, box: Boxes, margin: float) -> ImageRegion:
        """A box (4,), enlarged on each side by the fraction `margin` of its size, clipped to the image."""
        x1, y1, x2, y2 = (float(value) for value in box)
        grow_x, grow_y = (x2 - x1) * margin, (y2 - y1) * margin
        left = min(max(int(x1 - grow_x), 0), parent.width - 1)
        top = min(max(int(y1 - grow_y), 0), parent.height - 1)
        right = min(max(int(np.ceil(x2 + grow_x)), left + 1), parent.width)
        bottom = min(max(int(np.ceil(y2 + grow_y)), top + 1), parent.height)
        return cls(parent, left, top, right, bottom)

    @property
    def width(self) -> int:
        """Pixels."""
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        """Pixels."""
        return self.y2 - self.y1

    @property
    def sample_aspect(self) -> float:
        """Width of one pixel over its height."""
        return self.parent.sample_aspect

    def bgr(self) -> BgrImage:
        """The region, (height, width, 3)."""
        return self.parent.crop(self.x1, self.y1, self.x2, self.y2)

    def resized(self, width: int, height: int) -> BgrImage:
        """The region scaled to (height, width, 3)."""
        shrinks = width < self.width
        image = cv2.resize(self.bgr(), (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return np.asarray(image, dtype=np.uint8)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """A box of the region, clipped to it, at least 1×1."""
        left, top = min(max(x1, 0), self.width - 1), min(max(y1, 0), self.height - 1)
        right, bottom = min(max(x2, left + 1), self.width), min(max(y2, top + 1), self.height)
        return self.parent.crop(self.x1 + left, self.y1 + top, self.x1 + right, self.y1 + bottom)


@dataclass(frozen=True, slots=True, eq=False)
class WholeImage:
    """An image in memory, (height, width, 3) uint8, BGR, not empty, and the width of one pixel over its height."""

    pixels: BgrImage
    sample_aspect: float = 1.0

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[0])

    def bgr(self) -> BgrImage:
        """The pixels, not copied; must not be modified."""
        return self.pixels

    def resized(self, width: int, height: int) -> BgrImage:
        """Scaled to (height, width, 3)."""
        return ImageRegion(self, 0, 0, self.width, self.height).resized(width, height)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """A copy of a box, clipped to the image."""
        left, top = min(max(x1, 0), self.width - 1), min(max(y1, 0), self.height - 1)
        return self.pixels[top : max(y2, top + 1), left : max(x2, left + 1)].copy()
