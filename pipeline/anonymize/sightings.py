"""What was seen in a whole film: boxes and nothing else, kept in memory until the film is made anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Detections


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """Everything that was found, frame by frame.

    Attributes:
        times_s: (frames,) seconds of each frame, rising.
        found: objects of each frame.
        scenes: (frames,) number of the scene that each frame belongs to; nobody is followed from one to another.
        width, height: pixels of the picture.
    """

    times_s: npt.NDArray[np.float64]
    found: Sequence[Detections]
    scenes: npt.NDArray[np.int64]
    width: int
    height: int

    def __post_init__(self) -> None:
        if not len(self.times_s) == len(self.found) == len(self.scenes):
            raise ValueError("times, objects and scenes must be of the same frames")

    def __len__(self) -> int:
        return len(self.times_s)


class SceneCutter:
    """Numbers scenes: a new one where the whole picture changes at once.

    A cut changes nearly everything between two frames; a person, a bus or a headlight does not. Compared are thumbnails
    in grey: their mean difference has to be large, and several times what it was in the frames before.
    """

    SIZE = (32, 18)
    LEAST = 24.0
    """Grey levels of 255."""
    TIMES = 4.0
    LEARN = 0.2
    """Weight of the newest change in what is usual."""

    def __init__(self) -> None:
        self._last: npt.NDArray[np.float32] | None = None
        self._usual = 0.0
        self._scene = 0

    def scene(self, thumbnail: npt.NDArray[np.uint8]) -> int:
        """The number of the scene of the next frame.

        Args:
            thumbnail: (height, width) or (height, width, 3) uint8, of any one small size.
        """
        grey = thumbnail.astype(np.float32)
        grey = grey.mean(axis=2) if grey.ndim == 3 else grey
        if self._last is not None:
            change = float(np.abs(grey - self._last).mean())
            if change > self.LEAST and change > self.TIMES * self._usual:
                self._scene += 1
            # After a cut too: a beacon or a broken lamp that flashes is soon usual, and cuts no cover short.
            self._usual += self.LEARN * (change - self._usual)
        self._last = grey
        return self._scene
