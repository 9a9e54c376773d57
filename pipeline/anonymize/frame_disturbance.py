"""Disturbances of whole frames, measured so that test objects pasted into a frame are disturbed like everything in it.

Bars, slats, lost lines, lost line synchronization and inverted blocks break an image along lines across it; noise of
any grain is everywhere. Natural scenes do neither: edges of roads and houses end somewhere, and a sky or a road is
smooth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage

_PARTS: Final = 16
"""Of the length of a line …"""
_BROKEN_PARTS: Final = 0.45
"""… in at least this share of which the image changes at a break."""
_REACH: Final = 24
_MIN_RATIO, _MIN_STEP = 2.0, 4.0
"""A break: the change from line to line exceeds this many times the usual one within `_REACH` lines, and this many gray
levels more."""
_USUAL: Final = 60
"""Percentile of the changes: bars without any change in them may be half of the image, and a third of lines broken."""
_STRIP_SHARE: Final = 1 / 12
"""Of the image's side, to which strips between breaks are thin."""
_PATTERN_SHARE: Final = 0.25
"""Of the image's side that thin strips occupy in a pattern; a caption occupies less."""
_GRAINS: Final = (1, 2, 4)
"""Pixels of one grain of noise."""
_MIN_GRAINS: Final = 120
"""Along the image's shorter side; with fewer, noise and scene do not differ."""
_BLOCK: Final = 8
_EVERYWHERE: Final = 20
"""Percentile over blocks: four fifths of the image have more noise."""
_SEED: Final = 13

Gray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FrameDisturbance:
    """Disturbance of one frame.

    Attributes:
        row_px, column_px: thickness of the strips into which the image is broken; 0 without a pattern.
        noise: standard deviation in gray levels; grain_px: pixels of a grain.
    """

    row_px: int
    column_px: int
    noise: float
    grain_px: int

    def visible(self, height: int, width: int) -> npt.NDArray[np.bool_]:
        """(height, width) which pixels of an object are seen: every second strip shows something else."""
        return np.logical_and.outer(_every_second(height, self.row_px), _every_second(width, self.column_px))

    def grain(self, height: int, width: int) -> Gray:
        """(height, width) noise in gray levels, the same for each call."""
        rows, columns = -(-height // self.grain_px), -(-width // self.grain_px)
        coarse = np.random.default_rng(_SEED).normal(0, self.noise, (rows, columns)).astype(np.float32)
        return np.kron(coarse, np.ones((self.grain_px, self.grain_px), np.float32))[:height, :width]


def measure_disturbance(frame: BgrImage) -> FrameDisturbance:
    """The disturbance of a frame (height, width, 3) BGR."""
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32)
    grains = [px for px in _GRAINS if px == 1 or min(gray.shape) // px >= _MIN_GRAINS]
    noise, grain_px = max((_noise(gray, px), px) for px in grains)
    return FrameDisturbance(_strip_px(gray), _strip_px(np.ascontiguousarray(gray.T)), noise, grain_px)


def _strip_px(gray: Gray) -> int:
    """Typical thickness of thin horizontal strips, where these are a pattern; else 0."""
    breaks = np.flatnonzero(_breaks(gray))
    breaks = breaks[np.diff(breaks, prepend=-2) > 1]
    strips = np.diff(breaks)
    thin = strips[strips <= max(2, round(len(gray) * _STRIP_SHARE))]
    return int(np.median(thin)) if thin.sum() >= _PATTERN_SHARE * len(gray) else 0


def _breaks(gray: Gray) -> npt.NDArray[np.bool_]:
    """(height - 1,) whether the image breaks between a line and the next one, across most of its width."""
    steps = np.abs(np.diff(gray, axis=0))
    parts = np.stack([part.mean(axis=1) for part in np.array_split(steps, _PARTS, axis=1)])
    reach = min(_REACH, parts.shape[1] - 1)
    padded = np.pad(parts, ((0, 0), (reach, reach)), mode="reflect")
    usual = np.percentile(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=1), _USUAL, axis=2)
    return np.asarray((parts > _MIN_RATIO * usual + _MIN_STEP).mean(axis=0) >= _BROKEN_PARTS, bool)


def _noise(gray: Gray, grain_px: int) -> float:
    """Standard deviation of what is finer than two grains, in the smooth parts of the image."""
    height, width = gray.shape
    small = cv2.resize(gray, (width // grain_px, height // grain_px), interpolation=cv2.INTER_AREA)
    fine = small - cv2.GaussianBlur(small, (0, 0), 1.5)
    rows, columns = fine.shape[0] // _BLOCK, fine.shape[1] // _BLOCK
    blocks = fine[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(np.percentile(blocks.std(axis=(1, 3)), _EVERYWHERE))


def _every_second(length: int, strip_px: int) -> npt.NDArray[np.bool_]:
    return np.ones(length, bool) if not strip_px else np.arange(length) // strip_px % 2 == 0
