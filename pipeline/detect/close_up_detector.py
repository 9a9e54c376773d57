"""A detector that repeats close-ups at a smaller scale: plates that fill the image are cut short at its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.detect.image_views import ReducedImage
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.plate import CLOSE_UP_WIDTH
from pipeline.domain.ports import Detector

_SHARE: Final = 0.6
"""Fraction of the padded image that a close-up takes."""
_LONGEST_PX: Final = 640


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
            padded = [ReducedImage(images[number], _SHARE, _LONGEST_PX) for number in close]
            again = self._detector.detect([each.image for each in padded])
            for number, each, second in zip(close, padded, again, strict=True):
                found[number] = _exchanged(found[number], each.original(second.labeled(Label.PLATE)))
        return found

    def close(self) -> None:
        """Release memory and threads."""
        self._detector.close()


def _is_close_up(image: Image, found: Detections) -> bool:
    boxes = found.labeled(Label.PLATE).boxes
    return bool(len(boxes)) and float((boxes[:, 2] - boxes[:, 0]).max()) >= CLOSE_UP_WIDTH * image.width


def _exchanged(first: Detections, plates: Detections) -> Detections:
    """The first pass with these plates; as it was where the second pass found none."""
    if not len(plates):
        return first
    return Detections.concatenate([first.select(first.labels != Label.PLATE), plates])
