"""Hard cuts in a video, found frame by frame, so that no track leads from one scene into another."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import Image

_SIZE: Final = (32, 18)
_MAX_CORRELATION: Final = 0.5
"""Of gray thumbnails. 98 % of pairs of unrelated street images have less; consecutive frames of our clips with a change
above `_MIN_CHANGE` have 0.74 or more, whatever drives through them."""
_MIN_CHANGE: Final = 16.0
"""Mean difference in levels of 255: thumbnails of dark or empty scenes correlate badly through noise alone."""


class SceneCutDetector:
    """Compares each frame with the one before. Used by one thread.

    A flash, headlights or the switch of an exposure change the brightness and leave the structure, which correlates.
    """

    def __init__(self) -> None:
        self._last: npt.NDArray[np.float32] | None = None

    def is_cut(self, image: Image) -> bool:
        """Whether this frame belongs to another scene than the one before; the first one does not."""
        gray = image.resized(*_SIZE).astype(np.float32).mean(axis=2)
        last, self._last = self._last, gray
        if last is None or float(np.abs(gray - last).mean()) < _MIN_CHANGE:
            return False
        ours, theirs = gray - gray.mean(), last - last.mean()
        scale = float(np.sqrt((ours**2).sum() * (theirs**2).sum()))
        return float((ours * theirs).sum()) < _MAX_CORRELATION * scale
