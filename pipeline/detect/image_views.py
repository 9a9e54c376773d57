"""Views of one image for a detector: turned by quarter turns, or without thin streaks such as rain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipeline.detect.image_region import ImageRegion, WholeImage
from pipeline.domain.detections import Boxes
from pipeline.domain.frame import BgrImage, Image

GRAIN: Final = 6.0
"""Mean difference, in gray levels of 255, between a grainy image and its median over 3×3 pixels; videos in daylight
have 1 to 4, sensor noise at night 5 to 10, rain 30."""
_STREAK_SHARE: Final = 1 / 200
"""Width of a streak as a share of the image's …"""
_MIN_STREAK_PX: Final = 5
"""… but at least this."""


@dataclass(frozen=True, slots=True, eq=False)
class TurnedImage:
    """An image turned clockwise by 1 to 3 quarter turns."""

    parent: Image
    turns: int

    @property
    def width(self) -> int:
        """Pixels."""
        return self.parent.height if self.turns % 2 else self.parent.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.parent.width if self.turns % 2 else self.parent.height

    @property
    def sample_aspect(self) -> float:
        """Width of one pixel over its height."""
        return 1 / self.parent.sample_aspect if self.turns % 2 else self.parent.sample_aspect

    def bgr(self) -> BgrImage:
        """The turned image, (height, width, 3)."""
        return self._turned(self.parent.bgr())

    def resized(self, width: int, height: int) -> BgrImage:
        """The turned image scaled to (height, width, 3)."""
        return self._turned(self.parent.resized(*((height, width) if self.turns % 2 else (width, height))))

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """A box of the turned image."""
        left, top = min(max(x1, 0), self.width - 1), min(max(y1, 0), self.height - 1)
        box = np.array([[left, top, max(x2, left + 1), max(y2, top + 1)]], np.float32)
        stored = self.to_parent(box)[0].astype(int).tolist()
        return self._turned(self.parent.crop(*stored))

    def to_parent(self, boxes: Boxes) -> Boxes:
        """Boxes (n, 4) of the turned image in pixels of the parent."""
        x1, y1, x2, y2 = boxes.T
        width, height = np.float32(self.parent.width), np.float32(self.parent.height)
        sides = {
            1: (y1, height - x2, y2, height - x1),
            2: (width - x2, height - y2, width - x1, height - y1),
            3: (width - y2, x1, width - y1, x2),
        }
        return np.stack(sides[self.turns], axis=1).astype(np.float32)

    def _turned(self, pixels: BgrImage) -> BgrImage:
        return np.ascontiguousarray(np.rot90(pixels, -self.turns))


def grain_of(image: Image) -> float:
    """Mean difference, in gray levels, between the middle of an image and its median over 3×3 pixels."""
    across, down = image.width // 4, image.height // 4
    middle = ImageRegion(image, across, down, max(image.width - across, across + 1), max(image.height - down, down + 1))
    gray = cv2.cvtColor(middle.bgr(), cv2.COLOR_BGR2GRAY)
    return float(cv2.absdiff(gray, cv2.medianBlur(gray, 3)).mean())


def without_streaks(image: Image) -> WholeImage:
    """A copy without what is thinner than people and letters in close range: rain, snow, grain.

    Bright streaks narrower than the kernel are removed by a horizontal opening, dark ones by a closing.
    """
    kernel = np.ones((1, max(_MIN_STREAK_PX, round(image.width * _STREAK_SHARE) | 1)), np.uint8)
    opened = cv2.morphologyEx(image.bgr(), cv2.MORPH_OPEN, kernel)
    return WholeImage(np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, kernel), np.uint8), image.sample_aspect)
