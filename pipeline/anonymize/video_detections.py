"""What was seen in a whole video: boxes and nothing else, kept in memory until the video is made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Detections

ANOTHER: Final = 8.0
"""Gray levels of 255 in the mean from which two glances are of different frames."""


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Everything that was found, frame by frame.

    Attributes:
        times_s: (frames,) seconds of each frame, rising.
        found: objects of each frame.
        scenes: (frames,) number of the scene that each frame belongs to; nobody is followed from one to another.
        width, height: pixels of the image.
        glances: of each frame, to know it again when the video is read once more; empty where that does not happen.
    """

    times_s: npt.NDArray[np.float64]
    found: Sequence[Detections]
    scenes: npt.NDArray[np.int64]
    width: int
    height: int
    glances: Sequence[npt.NDArray[np.uint8]] = ()

    def __post_init__(self) -> None:
        if not len(self.times_s) == len(self.found) == len(self.scenes):
            raise ValueError("times, objects and scenes must be of the same frames")

    def __len__(self) -> int:
        return len(self.times_s)

    def is_frame(self, number: int, at_s: float, thumbnail: npt.NDArray[np.uint8]) -> bool:
        """Whether what comes at `at_s` is the frame of that number; a decoder may mend damage in two ways."""
        if number >= len(self) or at_s != self.times_s[number]:
            return False
        return not self.glances or _change(glance(thumbnail), self.glances[number]) <= ANOTHER


class SceneChangeDetector:
    """Numbers scenes: a new one where the whole image changes at once, and stays changed.

    A cut changes nearly everything between two frames; a person, a bus or a headlight does not. Compared are thumbnails
    in gray: their mean difference has to be large, and several times what it was in the frames before. Lightning, a
    flash and a broken frame look like a cut too, but soon after them the image is as it was before: no scene ends.
    """

    SIZE = (32, 18)
    LEAST = 24.0
    """Gray levels of 255."""
    TIMES = 4.0
    LEARN = 0.2
    """Weight of the newest change in what is usual."""
    FLASH_S = 1.0

    def __init__(self) -> None:
        self._frames = 0
        self._last: npt.NDArray[np.float32] | None = None
        self._usual = 0.0
        self._cuts: list[tuple[int, float, npt.NDArray[np.float32]]] = []
        """Of each: its first frame, the time of that, and the image before it."""

    def add(self, thumbnail: npt.NDArray[np.uint8], at_s: float) -> None:
        """The next frame.

        Args:
            thumbnail: (height, width) or (height, width, 3) uint8, of any one small size.
            at_s: its time.
        """
        gray = thumbnail.astype(np.float32)
        gray = gray.mean(axis=2) if gray.ndim == 3 else gray
        if self._last is not None:
            change = _change(gray, self._last)
            if change > self.LEAST and change > self.TIMES * self._usual:
                self._cuts.append((self._frames, at_s, self._last))
            # After a cut too: a beacon or a broken lamp that flashes is soon usual, and cuts no cover short.
            self._usual += self.LEARN * (change - self._usual)
            self._forget_flash(gray, at_s)
        self._last = gray
        self._frames += 1

    def scenes(self) -> npt.NDArray[np.int64]:
        """(frames,) the number of the scene of each frame, rising from 0."""
        return np.searchsorted([first for first, _, _ in self._cuts], np.arange(self._frames), side="right")

    def _forget_flash(self, gray: npt.NDArray[np.float32], at_s: float) -> None:
        for position, (first, when_s, before) in enumerate(self._cuts):
            if first < self._frames and at_s - when_s <= self.FLASH_S and _change(gray, before) <= self.LEAST:
                del self._cuts[position:]
                return


def glance(thumbnail: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A quarter of a thumbnail's points, in gray."""
    gray = thumbnail[::2, ::2]
    return (gray.mean(axis=2) if gray.ndim == 3 else gray).astype(np.uint8)


def _change(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    return float(np.abs(one.astype(np.float32) - other).mean())
