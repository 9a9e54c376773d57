"""Detector over Ultralytics: `.pt` and `.engine` files (extra ``ultralytics``, AGPL-3.0, depends on torch).

A `.pt` file is a pickle, and loading one runs the code in it. This backend must therefore be requested by name, and
loads only a file whose sha256 matches its card.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.detect.nms import non_maximum_suppression
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.errors import MissingComponent, ModelRuntimeError
from pipeline.inference.device import Device
from pipeline.inference.embedded_class_names import names_from_value
from pipeline.weights.catalog import ModelCard, check_embedded_names, verify_weights


class UltralyticsDetector:
    """Implements `pipeline.domain.ports.Detector` with `ultralytics.YOLO`. One thread at a time."""

    def __init__(self, card: ModelCard, settings: DetectSettings, models_dir: Path | None) -> None:
        """Load verified weights.

        Raises:
            MissingComponent: the extra is not installed.
            ModelCardError, ModelIntegrityError: see `verify_weights`; or card and weights contradict each other.
            ModelRuntimeError: Ultralytics rejects the file.
        """
        path = verify_weights(card, models_dir, allow_pickle=True)
        # Keep it from installing packages and from connecting to the vendor.
        os.environ.setdefault("YOLO_AUTOINSTALL", "false")
        os.environ.setdefault("YOLO_OFFLINE", "true")
        try:
            from ultralytics import YOLO
        except ImportError as error:
            raise MissingComponent(
                "backend ultralytics", "the package is not installed", "pip install 'viapublica[ultralytics]'"
            ) from error
        self._card = card
        self._settings = settings
        try:
            self._model: Any = YOLO(str(path), task="detect")
            names = self._model.names
        except Exception as error:  # torch and TensorRT raise anything
            raise ModelRuntimeError(f"model {card.name}", f"Ultralytics cannot load it ({error})") from error
        check_embedded_names(card, names_from_value(card.name, names))
        self._channels = sorted(card.labels)
        self._thresholds = self._score_thresholds(settings)
        self._networks: tuple[NetworkIdentity, ...] = ()

    @property
    def name(self) -> str:
        """Name of the card."""
        return self._card.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The network; empty before its known-answer test."""
        return self._networks

    def with_thresholds(self, settings: DetectSettings, identity: NetworkIdentity) -> UltralyticsDetector:
        """This loaded network with the thresholds of `settings` and its identity; replaces this object."""
        self._settings = settings
        self._thresholds = self._score_thresholds(settings)
        self._networks = (identity,)
        return self

    @property
    def batch_size(self) -> int:
        """Largest useful number of images per call of `detect`."""
        return self._settings.batch_size or (1 if self._settings.device is Device.CPU else 16)

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """Objects of each image, in order."""
        results: list[Detections] = []
        for start in range(0, len(images), self.batch_size):
            results += self._predict(images[start : start + self.batch_size])
        return results

    def close(self) -> None:
        """Release memory."""
        self._model = None

    def _score_thresholds(self, settings: DetectSettings) -> dict[int, float]:
        card = self._card
        return {channel: settings.threshold(card.label_of(channel), card.confidence) for channel in self._channels}

    def _predict(self, images: Sequence[Image]) -> list[Detections]:
        width, height = self._settings.input_size or (self._card.input.width, self._card.input.height)
        try:
            found = self._model.predict(
                [_square_pixels(image) for image in images],
                imgsz=[height, width],
                conf=min(self._thresholds.values()),
                iou=self._settings.iou,
                classes=self._channels,
                device="cpu" if self._settings.device is Device.CPU else 0,
                verbose=False,
            )
            return [self._read(result.boxes, image) for result, image in zip(found, images, strict=True)]
        except Exception as error:  # torch and TensorRT raise anything
            raise ModelRuntimeError(f"model {self.name}", f"Ultralytics failed ({error})") from error

    def _read(self, boxes: Any, image: Image) -> Detections:
        channels = boxes.cls.cpu().numpy().astype(np.int64).tolist()
        stored = np.array([image.width / _square_width(image), 1.0] * 2, np.float32)
        detections = Detections.build(
            boxes.xyxy.cpu().numpy() * stored,
            boxes.conf.cpu().numpy(),
            [int(self._card.label_of(channel)) for channel in channels],
        )
        thresholds = np.array([self._thresholds[channel] for channel in channels], dtype=np.float32)
        return non_maximum_suppression(detections.select(detections.scores >= thresholds), self._settings.iou)


def _square_width(image: Image) -> int:
    return max(1, round(image.width * image.sample_aspect))


def _square_pixels(image: Image) -> BgrImage:
    square = image.sample_aspect == 1
    return image.bgr() if square else image.resized(_square_width(image), image.height)
