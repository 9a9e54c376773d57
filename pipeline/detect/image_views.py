"""Views of one image for a detector: turned, mirrored, as a negative, reshaped, reduced, or without thin streaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipeline.detect.image_region import ImageRegion, WholeImage
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import BgrImage, Image

GRAIN: Final = 6.0
"""Mean difference, in gray levels of 255, between a grainy image and its median over 3×3 pixels; videos in daylight
have 1 to 4, sensor noise at night 5 to 10, rain 30."""
SHAPE_TOLERANCE: Final = 1.1
"""Ratio up to which two shapes of an image are about the same."""
_USUAL_SHAPES: Final = (16 / 9, 4 / 3)
_GRAY: Final = 114
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


@dataclass(frozen=True, slots=True, eq=False)
class _SameSize:
    """A view of an image with the image's own width and height."""

    parent: Image

    @property
    def width(self) -> int:
        """Pixels."""
        return self.parent.width

    @property
    def height(self) -> int:
        """Pixels."""
        return self.parent.height


@dataclass(frozen=True, slots=True, eq=False)
class MirroredImage(_SameSize):
    """An image with left and right exchanged."""

    @property
    def sample_aspect(self) -> float:
        """Width of one pixel over its height."""
        return self.parent.sample_aspect

    def bgr(self) -> BgrImage:
        """The mirrored image, (height, width, 3)."""
        return _mirrored(self.parent.bgr())

    def resized(self, width: int, height: int) -> BgrImage:
        """The mirrored image scaled to (height, width, 3)."""
        return _mirrored(self.parent.resized(width, height))

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """A box of the mirrored image."""
        left = min(max(x1, 0), self.width - 1)
        right = min(max(x2, left + 1), self.width)
        return _mirrored(self.parent.crop(self.width - right, y1, self.width - left, y2))

    def to_parent(self, boxes: Boxes) -> Boxes:
        """Boxes (n, 4) of the mirrored image in pixels of the parent."""
        x1, y1, x2, y2 = boxes.T
        width = np.float32(self.parent.width)
        return np.stack([width - x2, y1, width - x1, y2], axis=1).astype(np.float32)


def _mirrored(pixels: BgrImage) -> BgrImage:
    return np.ascontiguousarray(pixels[:, ::-1])


@dataclass(frozen=True, slots=True, eq=False)
class NegativeImage(_SameSize):
    """An image with bright and dark exchanged: thermal cameras may show what is hot as black."""

    @property
    def sample_aspect(self) -> float:
        """Width of one pixel over its height."""
        return self.parent.sample_aspect

    def bgr(self) -> BgrImage:
        """The negative, (height, width, 3)."""
        return np.invert(self.parent.bgr())

    def resized(self, width: int, height: int) -> BgrImage:
        """The negative scaled to (height, width, 3)."""
        return np.invert(self.parent.resized(width, height))

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """A box of the negative."""
        return np.invert(self.parent.crop(x1, y1, x2, y2))

    def to_parent(self, boxes: Boxes) -> Boxes:
        """The boxes (n, 4) as they are."""
        return boxes


@dataclass(frozen=True, slots=True, eq=False)
class ReshapedImage(_SameSize):
    """An image whose pixels are taken for another shape than its own."""

    sample_aspect: float

    def bgr(self) -> BgrImage:
        """The pixels."""
        return self.parent.bgr()

    def resized(self, width: int, height: int) -> BgrImage:
        """The image scaled to (height, width, 3)."""
        return self.parent.resized(width, height)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """A box of the image."""
        return self.parent.crop(x1, y1, x2, y2)

    def to_parent(self, boxes: Boxes) -> Boxes:
        """The boxes (n, 4) as they are."""
        return boxes


def reshaped_views(image: Image) -> list[ReshapedImage]:
    """The image as it would be if its true pixel aspect were another than it seems.

    Where an aspect other than 1 is declared: with square pixels. Otherwise, unless it already has about that shape, as
    an image of 16:9, and of 4:3 too if it is neither: recorders squeeze images and declare nothing.
    """
    if image.sample_aspect != 1:
        return [ReshapedImage(image, 1.0)]
    views = []
    for shape in _USUAL_SHAPES:
        aspect = shape * image.height / image.width
        if max(aspect, 1 / aspect) <= SHAPE_TOLERANCE:
            break
        views.append(ReshapedImage(image, aspect))
    return views


class ReducedImage:
    """An image made smaller, in the middle of a gray one: networks miss and cut plates that fill an image.

    Args:
        image: any.
        share: of the gray image's width that the image takes.
        longest_px: its longer side then, at most.
    """

    def __init__(self, image: Image, share: float, longest_px: int) -> None:
        square_width = image.width * image.sample_aspect
        scale = min(1.0, longest_px / max(square_width, image.height))
        width, height = max(1, round(square_width * scale)), max(1, round(image.height * scale))
        self._left, self._top = (round(side * (1 / share - 1) / 2) for side in (width, height))
        self._scale = np.array([width / image.width, height / image.height] * 2, np.float32)
        self._limit = np.array([image.width, image.height] * 2, np.float32)
        edges = (self._top, self._top, self._left, self._left)
        gray = (_GRAY, _GRAY, _GRAY)
        pixels = cv2.copyMakeBorder(image.resized(width, height), *edges, cv2.BORDER_CONSTANT, value=gray)
        self.image = WholeImage(np.asarray(pixels, np.uint8))

    def original(self, found: Detections) -> Detections:
        """Detections in the gray image, in pixels of the image itself, clipped to it."""
        offset = np.array([self._left, self._top, self._left, self._top], np.float32)
        boxes = np.clip((found.boxes - offset) / self._scale, 0, self._limit).astype(np.float32)
        return Detections(boxes, found.scores, found.labels)


class ObliqueImage:
    """An image turned by any angle, in the middle of a gray one: networks miss people who lie obliquely.

    Args:
        image: any.
        degrees: by which it is turned counterclockwise.
        longest_px: longer side of the gray image, at most.
    """

    def __init__(self, image: Image, degrees: float, longest_px: int) -> None:
        angle = np.deg2rad(degrees)
        cos, sin = float(np.cos(angle)), float(np.sin(angle))
        square = np.array([image.width * image.sample_aspect, image.height])
        around = np.abs([[cos, sin], [sin, cos]]) @ square
        scale = min(1.0, longest_px / float(around.max()))
        width, height = (max(1, round(side * scale)) for side in square.tolist())
        size = np.maximum(np.rint(around * scale), 1)
        rotation = np.array([[cos, sin], [-sin, cos]])
        offset = size / 2 - rotation @ (width / 2, height / 2)
        matrix = np.concatenate([rotation, offset[:, None]], axis=1)
        pixels = cv2.warpAffine(
            image.resized(width, height), matrix, size.astype(int).tolist(), borderValue=(_GRAY, _GRAY, _GRAY)
        )
        self.image = WholeImage(np.asarray(pixels, np.uint8))
        self._back, self._offset = rotation.T, offset
        self._scale = np.array([width / image.width, height / image.height])
        self._limit = np.array([image.width, image.height])

    def original(self, found: Detections) -> Detections:
        """Detections in the turned image, in pixels of the image itself: upright boxes around theirs, clipped to it."""
        corners = found.boxes[:, [[0, 1], [2, 1], [2, 3], [0, 3]]].astype(np.float64)
        corners = ((corners - self._offset) @ self._back.T) / self._scale
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        return Detections(np.clip(boxes, 0, np.tile(self._limit, 2)).astype(np.float32), found.scores, found.labels)


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
