"""Letterbox: images of any shape to a network's input, and boxes back to pixels of the image.

The aspect ratio of the scene is preserved and the rest of the input is gray (114), as in the training of YOLO networks:
a network always receives square pixels, however the image is stored (analog cameras store 352×576 or 704×240).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Boxes
from pipeline.domain.frame import Image
from pipeline.weights.model_card import CardInput

PAD = 114
"""Gray level of the border in Ultralytics' and Megvii's training code."""


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Position of an image in a network's input, in pixels.

    Attributes:
        width, height: of the network's input.
        content_width, content_height: of the scaled image.
        left, top: of the scaled image in the input.
        image_width, image_height: of the stored image.
    """

    width: int
    height: int
    content_width: int
    content_height: int
    left: int
    top: int
    image_width: int
    image_height: int

    @classmethod
    def fit(cls, image: Image, card: CardInput, width: int, height: int) -> Letterbox:
        """The letterbox of the largest scaled image that fits into (width, height), in square pixels."""
        square_width = image.width * image.sample_aspect
        scale = min(width / square_width, height / image.height)
        content_width = min(width, max(1, round(square_width * scale)))
        content_height = min(height, max(1, round(image.height * scale)))
        centered = card.letterbox == "center"
        return cls(
            width,
            height,
            content_width,
            content_height,
            (width - content_width) // 2 if centered else 0,
            (height - content_height) // 2 if centered else 0,
            image.width,
            image.height,
        )

    @classmethod
    def fit_tight(cls, image: Image, card: CardInput, width: int, height: int) -> Letterbox:
        """As `fit`, with the input reduced to the size that the image needs; for networks with a dynamic input size.

        A 16:9 image at 640 is then processed at 640×384 instead of 640×640.
        """
        loose = cls.fit(image, card, width, height)
        step = card.multiple
        tight_width = min(width, -(-loose.content_width // step) * step)
        tight_height = min(height, -(-loose.content_height // step) * step)
        return cls.fit(image, card, tight_width, tight_height)

    def fill(self, image: Image, card: CardInput, out: npt.NDArray[np.generic]) -> None:
        """Write the image into `out`, (3, height, width) of the network's dtype."""
        pixels = image.resized(self.content_width, self.content_height)
        full = 255.0 if card.range == "0-1" else 1.0
        pad = PAD / full
        bottom, right = self.top + self.content_height, self.left + self.content_width
        order = (0, 1, 2) if card.channels == "bgr" else (2, 1, 0)
        for target, plane in zip(order, cv2.split(pixels), strict=True):
            channel = out[target]
            channel[: self.top], channel[bottom:] = pad, pad
            channel[self.top : bottom, : self.left], channel[self.top : bottom, right:] = pad, pad
            content = channel[self.top : bottom, self.left : right]
            np.multiply(plane, np.float32(1.0 / full), out=content, casting="unsafe")

    def unmap(self, boxes: Boxes) -> Boxes:
        """(n, 4) xyxy of the input to pixels of the stored image, clipped to it."""
        scale_x = self.image_width / self.content_width
        scale_y = self.image_height / self.content_height
        shift = np.array([self.left, self.top, self.left, self.top], np.float32)
        scale = np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
        limit = np.array([self.image_width, self.image_height] * 2, np.float32)
        clipped: Boxes = np.clip((boxes - shift) * scale, 0.0, limit).astype(np.float32, copy=False)
        return clipped
