"""Motion in a camera's luma: the areas that changed since the frame that was analyzed last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import Image, LumaImage

Luma = npt.NDArray[np.float32]
"""(h, w) gray levels of the grid, 0 to 255."""
Cells = npt.NDArray[np.bool_]
"""(h, w) of the grid."""

_GRID_WIDTH: Final = 160
"""Cells across the image: one for 8 pixels of 1280, and for 4 of a network's 640."""

_LEAST: Final = 10.0
"""Gray levels by which a cell must change; the mean of 64 pixels of a dark, noisy image varies by 1 to 3."""
_NOISES: Final = 5.0
"""The same in typical differences between two frames of the cell."""
_NOISE_STEP: Final = 0.02
"""Gray levels by which the typical difference of a cell follows each frame."""
_BACKGROUND_PER_S: Final = 2.0
"""Gray levels by which the background follows within a second: faster than daylight, slower than traffic."""
_NEIGHBORS: Final = 4
"""Changed cells among 3 × 3, itself included: single ones are noise, drops of rain, compression."""
_SCENE: Final = 0.4
"""Share of changed cells from which the whole image is another one."""
_SQUARE: Final = np.ones((3, 3), np.uint8)


def luma_of(image: Image) -> Luma:
    """The brightness of an image in the cells of the grid."""
    height = max(1, round(_GRID_WIDTH * image.height / image.width))
    if isinstance(image, LumaImage):
        return image.luma(_GRID_WIDTH, height).astype(np.float32)
    gray = cv2.cvtColor(image.resized(_GRID_WIDTH, height), cv2.COLOR_BGR2GRAY)
    return np.asarray(gray, np.float32)


@dataclass(slots=True)
class _Learned:
    """What is learned of each cell from frame to frame, as sigma-delta estimates of the median.

    Attributes:
        newest: the newest frame, at `at_s`.
        background: follows the luma slowly.
        noise: typical difference between two frames.
    """

    newest: Luma
    at_s: float
    background: Luma
    noise: Luma

    def add(self, luma: Luma, at_s: float) -> None:
        """Add the next frame."""
        step = _BACKGROUND_PER_S * max(0.0, at_s - self.at_s)
        self.background = self.background + np.clip(luma - self.background, -step, step)
        louder = np.abs(luma - self.newest) > self.noise
        self.noise = np.maximum(self.noise + np.where(louder, _NOISE_STEP, -_NOISE_STEP).astype(np.float32), 0.0)
        self.newest, self.at_s = luma, at_s


class MotionDetector:
    """Compares frames with the last analyzed one and with a background; used by one thread.

    A cell has changed when it lies outside the range of its neighborhood in the analyzed frame, by more than its usual
    noise: a camera that shakes by less than a cell changes nothing. Of these cells, those that show the background are
    left out: something has left, and nothing came. A change of exposure is compensated by the median.
    """

    def __init__(self) -> None:
        self._learned: _Learned | None = None
        self._analyzed: Luma | None = None

    def changed(self, luma: Luma, at_s: float) -> Cells:
        """The cells that changed since `analyzed`; all where nothing was analyzed yet, or in another size.

        Args:
            luma: of the next frame.
            at_s: its time in the stream, seconds.
        """
        if self._learned is None or self._learned.newest.shape != luma.shape:
            self._learned = _Learned(luma, at_s, luma, np.ones_like(luma))
            self._analyzed = None
        self._learned.add(luma, at_s)
        before = self._analyzed
        if before is None:
            return np.ones(luma.shape, bool)
        limit = np.maximum(_LEAST, _NOISES * self._learned.noise)
        even = luma - float(np.median(luma - before))
        outside = np.maximum(cv2.erode(before, _SQUARE) - even, even - cv2.dilate(before, _SQUARE))
        changed = (outside > limit) & (np.abs(luma - self._learned.background) > limit)
        counts = cv2.boxFilter(changed.astype(np.uint8), -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
        return np.asarray(changed & (counts >= _NEIGHBORS))

    def analyzed(self) -> None:
        """The newest frame was analyzed: later ones are compared with it."""
        if self._learned is not None:
            self._analyzed = self._learned.newest


def is_other_scene(changed: Cells) -> bool:
    """Whether so much changed that it is no object."""
    return bool(changed.mean() > _SCENE)
