"""A detector that repeats close-ups at a smaller scale: plates that fill the image are cut short at its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from pipeline.detect.image_region import WholeImage
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.plate import CLOSE_UP_WIDTH
from pipeline.domain.ports import Detector

_SHARE: Final = 0.6
"""Fraction of the padded image that a close-up takes."""
_LONGEST_PX: Final = 640
_GRAY: Final = 114


class CloseUpDetector:
    """Implements `pipeline.domain.ports.Detector`; in close-ups, plates are those of a second pass.

    Networks learn plates on vehicles. Where a plate fills the image, its box ends before its last character, which is
    then misread with confidence. The second pass sees the image with a gray margin around it.

    Args:
        detector: finds plates among others; closed with this one.
    """

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    @property
    def name(self) -> str:
        """Names of the model cards."""
        return self._detector.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """Its networks."""
        return self._detector.networks

    @property
    def batch_size(self) -> int:
        """Largest useful number of images per call of `detect`."""
        return self._detector.batch_size

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Objects of each image, in order."""
        found = self._detector.detect(images)
        close = [number for number, image in enumerate(images) if _is_close_up(image, found[number])]
        if close:
            padded = [_Padded(images[number]) for number in close]
            again = self._detector.detect([each.image for each in padded])
            for number, each, second in zip(close, padded, again, strict=True):
                found[number] = _exchanged(found[number], each.original(second.labeled(Label.PLATE)))
        return found

    def close(self) -> None:
        """Release memory and threads."""
        self._detector.close()


class _Padded:
    """An image, made smaller, with a gray margin."""

    def __init__(self, image: Image) -> None:
        self._size = image.width, image.height
        self._scale = min(1.0, _LONGEST_PX / max(self._size))
        width, height = (max(1, round(side * self._scale)) for side in self._size)
        self._left, self._top = (round(side * (1 / _SHARE - 1) / 2) for side in (width, height))
        edges = (self._top, self._top, self._left, self._left)
        gray = (_GRAY, _GRAY, _GRAY)
        pixels = cv2.copyMakeBorder(image.resized(width, height), *edges, cv2.BORDER_CONSTANT, value=gray)
        self.image = WholeImage(np.asarray(pixels, np.uint8))

    def original(self, found: Detections) -> Detections:
        """Detections in pixels of the image itself, clipped to it."""
        offset = np.array([self._left, self._top, self._left, self._top], np.float32)
        boxes = np.clip((found.boxes - offset) / np.float32(self._scale), 0, np.array(self._size * 2, np.float32))
        return Detections(boxes, found.scores, found.labels)


def _is_close_up(image: Image, found: Detections) -> bool:
    boxes = found.labeled(Label.PLATE).boxes
    return bool(len(boxes)) and float((boxes[:, 2] - boxes[:, 0]).max()) >= CLOSE_UP_WIDTH * image.width


def _exchanged(first: Detections, plates: Detections) -> Detections:
    """The first pass with these plates; as it was where the second pass found none."""
    if not len(plates):
        return first
    return Detections.concatenate([first.select(first.labels != Label.PLATE), plates])
