"""A two-scale detector: large images get a second, high-resolution pass for small objects.

One scale is not enough: a network trained on objects of some size misses larger ones. In the videos of a motorway and
of a car park the base pass found no plate, and the high-resolution pass all legible ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.frame import Image
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import Detector
from pipeline.errors import ModelCardError
from pipeline.weights.catalog import load_card

BASE_PX: Final = 640
"""Longer side up to which an image gets the base pass only: enlarged, it shows no more."""
HIGH_RESOLUTION_PX: Final = 1280
SAME_IOU: Final = 0.55
"""From which two boxes of one label are one object."""


class TwoScaleDetector:
    """One network at two input sizes as one detector; closes both.

    Args:
        base: runs at the network's own size.
        open_high_resolution: opens the one that runs at `HIGH_RESOLUTION_PX`, for the first large image; gives None
            where the weights take one size only.
    """

    batch_size = 1

    def __init__(self, base: Detector, open_high_resolution: Callable[[], Detector | None]) -> None:
        self._base = base
        self._open_high_resolution: Callable[[], Detector | None] | None = open_high_resolution
        self._high_resolution: Detector | None = None

    @property
    def name(self) -> str:
        """Name of the model card."""
        return self._base.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The network."""
        return self._base.networks

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """The detections of both passes in each image."""
        return [self._both(image) for image in images]

    def close(self) -> None:
        """Give back memory and threads."""
        self._base.close()
        if self._high_resolution is not None:
            self._high_resolution.close()

    def _both(self, image: Image) -> Detections:
        first = self._base.detect([image])[0]
        if max(image.width, image.height) <= BASE_PX:
            return first
        if self._open_high_resolution is not None:
            self._high_resolution, self._open_high_resolution = self._open_high_resolution(), None
        return merged(first, self._high_resolution.detect([image])[0]) if self._high_resolution else first


def merged(first: Detections, second: Detections) -> Detections:
    """Both, each object once: of two boxes of one object, the one with the higher score."""
    if not len(first) or not len(second):
        return Detections.concatenate([first, second])
    same = overlaps(first.boxes, second.boxes) >= SAME_IOU
    same &= first.labels[:, None] == second.labels[None]
    second_is_higher = second.scores[None] > first.scores[:, None]
    from_first = np.logical_not((same & second_is_higher).any(axis=1))
    from_second = np.logical_not((same & ~second_is_higher).any(axis=0))
    return Detections.concatenate([first.select(from_first), second.select(from_second)])


def open_two_scale_detector(settings: DetectSettings, models_dir: Path | None) -> Detector:
    """A two-scale detector; a plain one where its network takes one size only, or the settings name a size.

    Raises:
        ModelError, MissingComponent: see `build_detector`.
    """
    base = build_detector(settings, models_dir)
    if settings.input_size is not None or not load_card(settings.model, models_dir).input.resizable:
        return base
    large = settings.model_copy(update={"input_size": (HIGH_RESOLUTION_PX, HIGH_RESOLUTION_PX)})

    def open_high_resolution() -> Detector | None:
        try:
            return build_detector(large, models_dir)
        except ModelCardError:  # the weights take one size only, which their card does not say
            return None

    return TwoScaleDetector(base, open_high_resolution)
