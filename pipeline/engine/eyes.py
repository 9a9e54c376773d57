"""Who looks at a finished release: detectors other than the one that chose its covers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image, Picture
from pipeline.domain.ports import Detector
from pipeline.errors import ModelError

OTHERS: Final = (
    "yolov8n_dequantised_float",
    "yolo11n_face_int8_640",
    "license_plate_yolov8n_int8_320",
)
"""Cards of networks that were trained by others: persons, faces, plates."""
LEAST: Final = 0.2
_IN_A_MIRROR: Final = " (mirrored)"


class Eyes:
    """Several detectors as one; each finds what it was made for.

    Attributes:
        names: of the detectors; cards: of their model cards.
        independent: whether none of them is the one that chose the covers.
    """

    batch_size = 1

    def __init__(self, detectors: Sequence[Detector], *, independent: bool) -> None:
        self._detectors = tuple(detectors)
        self.names = tuple(detector.name for detector in detectors)
        self.cards = tuple(detector.name.removesuffix(_IN_A_MIRROR) for detector in detectors)
        self.independent = independent

    @property
    def name(self) -> str:
        """All names."""
        return "+".join(self.names)

    def detect(self, pictures: Sequence[Picture]) -> list[Detections]:
        """What any of them finds in each picture."""
        found = [detector.detect(pictures) for detector in self._detectors]
        return [Detections.concatenate(parts) for parts in zip(*found, strict=True)]

    def close(self) -> None:
        """Give back memory and threads."""
        for detector in self._detectors:
            detector.close()


class Mirrored:
    """A detector that sees every picture in a mirror: other pixels meet other weights, though the same ones."""

    batch_size = 1

    def __init__(self, detector: Detector) -> None:
        self._detector = detector

    @property
    def name(self) -> str:
        """Says so."""
        return f"{self._detector.name}{_IN_A_MIRROR}"

    def detect(self, pictures: Sequence[Picture]) -> list[Detections]:
        """Objects of each picture, in its own pixels."""
        found = self._detector.detect([_Mirror(picture) for picture in pictures])
        return [_turned(each, picture.width) for each, picture in zip(found, pictures, strict=True)]

    def close(self) -> None:
        """Give back memory and threads."""
        self._detector.close()


class _Mirror:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self.width, self.height = picture.width, picture.height

    def bgr(self) -> Image:
        return np.ascontiguousarray(self._picture.bgr()[:, ::-1])

    def resized(self, width: int, height: int) -> Image:
        return np.ascontiguousarray(self._picture.resized(width, height)[:, ::-1])

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> Image:
        return np.ascontiguousarray(self._picture.crop(self.width - x2, y1, self.width - x1, y2)[:, ::-1])


def _turned(found: Detections, width: int) -> Detections:
    boxes = found.boxes.copy()
    boxes[:, 0], boxes[:, 2] = width - found.boxes[:, 2], width - found.boxes[:, 0]
    return Detections(boxes, found.scores, found.labels)


def open_eyes(names: Sequence[str], covering: str, models_dir: Path | None) -> Eyes:
    """Detectors for the check.

    Args:
        names: of model cards; none for those of `OTHERS` whose weights are here.
        covering: card of the detector that chose the covers; without any other one it looks once more, mirrored.
        models_dir: folder with weights.

    Raises:
        ModelError: a card that was named cannot be used.
    """
    if names:
        opened = [_open(name, models_dir) for name in names]
        return Eyes(opened, independent=covering not in names)
    found: list[Detector] = []
    for name in OTHERS:
        with suppress(ModelError):  # its weights are not here
            found.append(_open(name, models_dir))
    if found:
        return Eyes(found, independent=True)
    return Eyes([Mirrored(_open(covering, models_dir))], independent=False)


def _open(name: str, models_dir: Path | None) -> Detector:
    return build_detector(DetectSettings(model=name, confidence=LEAST), models_dir)
