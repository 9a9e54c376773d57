"""A detector that looks at large images twice: in passing, and closely for what is small in them.

One scale is not enough: a network taught on objects of some size misses what is larger than those. In the
videos of a motorway and of a car park no plate was found in passing, and all that could be read were found closely.
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

LARGE_PX: Final = 640
"""An image whose longer side is not longer is looked at once: enlarged, it shows nothing more."""
CLOSE_PX: Final = 1280
SAME: Final = 0.55
"""Overlap (IoU) from which two boxes of one label are one object."""


class TwoScaleDetector:
    """Two openings of one network as one detector; closes both.

    Args:
        passing: looks at the network's own size.
        opened: gives the one that looks at `CLOSE_PX`, once a large image comes; None where there is none.
    """

    batch_size = 1

    def __init__(self, passing: Detector, opened: Callable[[], Detector | None]) -> None:
        self._passing = passing
        self._opened: Callable[[], Detector | None] | None = opened
        self._closely: Detector | None = None

    @property
    def name(self) -> str:
        """Name of the model card."""
        return self._passing.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The network."""
        return self._passing.networks

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """What either look finds in each image."""
        return [self._both(image) for image in images]

    def close(self) -> None:
        """Give back memory and threads."""
        self._passing.close()
        if self._closely is not None:
            self._closely.close()

    def _both(self, image: Image) -> Detections:
        first = self._passing.detect([image])[0]
        if max(image.width, image.height) <= LARGE_PX:
            return first
        if self._opened is not None:
            self._closely, self._opened = self._opened(), None
        return united(first, self._closely.detect([image])[0]) if self._closely else first


def united(first: Detections, second: Detections) -> Detections:
    """Both, each object once: of two boxes of one object, the surer one."""
    if not len(first) or not len(second):
        return Detections.concatenate([first, second])
    same = overlaps(first.boxes, second.boxes) >= SAME
    same &= first.labels[:, None] == second.labels[None]
    surer = second.scores[None] > first.scores[:, None]
    kept_first = np.logical_not((same & surer).any(axis=1))
    kept_second = np.logical_not((same & ~surer).any(axis=0))
    return Detections.concatenate([first.select(kept_first), second.select(kept_second)])


def open_two_scale_detector(settings: DetectSettings, models_dir: Path | None) -> Detector:
    """A detector that looks twice; once where its network takes one size only, or the settings name a size.

    Raises:
        ModelError, MissingComponent: see `build_detector`.
    """
    passing = build_detector(settings, models_dir)
    if settings.input_size is not None or not load_card(settings.model, models_dir).input.resizable:
        return passing
    close = settings.model_copy(update={"input_size": (CLOSE_PX, CLOSE_PX)})

    def opened() -> Detector | None:
        try:
            return build_detector(close, models_dir)
        except ModelCardError:  # the card does not say so, and the weights take one size only
            return None

    return TwoScaleDetector(passing, opened)
