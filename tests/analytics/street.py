"""A street without pixels: boxes that move as the test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.frame import BgrImage, Frame
from pipeline.domain.labels import Label

WIDTH, HEIGHT, FPS = 1280, 720, 25
MINUTE_MS = 60_000
START_MS = 1_700_000_040_000 - 1_700_000_040_000 % MINUTE_MS
"""A full minute."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Blank:
    """An image of which only the size is asked."""

    width: int = WIDTH
    height: int = HEIGHT
    sample_aspect: float = 1.0

    def bgr(self) -> BgrImage:
        return np.zeros((self.height, self.width, 3), np.uint8)

    def resized(self, width: int, height: int) -> BgrImage:
        return np.zeros((height, width, 3), np.uint8)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        return np.zeros((y2 - y1, x2 - x1, 3), np.uint8)


def frame(at_s: float, ts_ms: int | None = None) -> Frame:
    """The frame at a time of the stream; its wall clock starts at `START_MS`."""
    wall_ms = START_MS + round(at_s * 1000) if ts_ms is None else ts_ms
    return Frame("cam", "session", round(at_s * FPS), at_s, wall_ms, 0.0, Blank())


def tracks(seen: Mapping[int, tuple[Label, Box]], score: npt.ArrayLike = 0.9) -> Tracks:
    """Label and box by track number, with one score or the score of each."""
    return Tracks(
        Detections.build(
            [box for _, box in seen.values()], np.broadcast_to(score, len(seen)), [label for label, _ in seen.values()]
        ),
        np.array(list(seen), np.int64),
    )


def box_at(x: float, y: float, side: float = 80) -> Box:
    """A square box that stands on the point."""
    return (x - side / 2, y - side, x + side / 2, y)
