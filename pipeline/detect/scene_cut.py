"""Hard cuts in a video, found frame by frame, so that no track leads from one scene into another."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import Image

Thumbnail: TypeAlias = npt.NDArray[np.float32]
"""(18, 32) gray levels of a whole image."""
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
        self._last: Thumbnail | None = None

    def is_cut(self, image: Image) -> bool:
        """Whether this frame belongs to another scene than the one before; the first one does not."""
        gray = thumbnail(image)
        last, self._last = self._last, gray
        return last is not None and are_different_scenes(last, gray)


class SceneDivider:
    """Numbers scenes from 0, also where a pan or a dissolve changes the image without a cut.

    A scene that returns, as in the tour of a camera, has its number again. Used by one thread.
    """

    def __init__(self) -> None:
        self._scene = 0
        self._first: list[Thumbnail] = []

    def scene(self, image: Image) -> int:
        """The number of the scene to which the next frame belongs."""
        gray = thumbnail(image)
        if not self._first or are_different_scenes(self._first[self._scene], gray):
            earlier = (number for number, first in enumerate(self._first) if not are_different_scenes(first, gray))
            self._scene = next(earlier, len(self._first))
            if self._scene == len(self._first):
                self._first.append(gray)
        return self._scene


def thumbnail(image: Image) -> Thumbnail:
    """The image as scenes are compared."""
    return np.asarray(image.resized(*_SIZE).astype(np.float32).mean(axis=2), np.float32)


def are_different_scenes(one: Thumbnail, other: Thumbnail) -> bool:
    """Whether two images differ in structure and not only in brightness."""
    if float(np.abs(one - other).mean()) < _MIN_CHANGE:
        return False
    ours, theirs = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((ours**2).sum() * (theirs**2).sum()))
    return float((ours * theirs).sum()) < _MAX_CORRELATION * scale
