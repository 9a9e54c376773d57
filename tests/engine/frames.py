"""Frames made by hand, for tests of queues and batches."""

from __future__ import annotations

import numpy as np

from pipeline.domain.frame import BgrImage, Frame


class PlainImage:
    """A gray image."""

    def __init__(self, width: int = 8, height: int = 6) -> None:
        self.width = width
        self.height = height
        self.sample_aspect = 1.0

    def bgr(self) -> BgrImage:
        return np.full((self.height, self.width, 3), 127, np.uint8)

    def resized(self, width: int, height: int) -> BgrImage:
        return np.full((height, width, 3), 127, np.uint8)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        return np.full((max(1, y2 - y1), max(1, x2 - x1), 3), 127, np.uint8)


def frame(camera: str, index: int, arrived_s: float | None = None, stream: str = "session") -> Frame:
    """Frame `index` of a camera, arrived at second `index` unless `arrived_s` is given."""
    arrived = float(index) if arrived_s is None else arrived_s
    return Frame(camera, stream, index, index / 10, 1_700_000_000_000 + index * 100, arrived, PlainImage())
