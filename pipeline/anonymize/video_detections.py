"""All detections of a video, frame by frame, with its scene changes; no pixels."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Detections

FINGERPRINT_TOLERANCE: Final = 8.0
"""Mean difference, in gray levels of 255, from which two fingerprints belong to different frames."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoDetections:
    """The detections of every frame of a video.

    Attributes:
        times_s: (frames,) seconds of each frame, rising.
        per_frame: the detections of each frame.
        scenes: (frames,) number of the scene that each frame belongs to; tracklets end at scene changes.
        width, height: pixels of the image.
        fingerprints: of each frame, to recognize it when the video is decoded again; empty where that does not happen.
    """

    times_s: npt.NDArray[np.float64]
    per_frame: Sequence[Detections]
    scenes: npt.NDArray[np.int64]
    width: int
    height: int
    fingerprints: Sequence[npt.NDArray[np.uint8]] = ()

    def __post_init__(self) -> None:
        if not len(self.times_s) == len(self.per_frame) == len(self.scenes):
            raise ValueError("times, detections and scenes must be of the same frames")

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def shown_s(self) -> npt.NDArray[np.float64]:
        """(frames,) seconds for which each frame is shown; the last one as long as most."""
        if len(self) < 2:
            return np.ones(len(self))
        steps = np.diff(self.times_s)
        return np.append(steps, np.median(steps))

    def from_score(self, score: float) -> VideoDetections:
        """The same video with the detections of at least that score."""
        return replace(self, per_frame=[found.select(found.scores >= score) for found in self.per_frame])

    def is_frame(self, number: int, at_s: float, thumbnail: npt.NDArray[np.uint8]) -> bool:
        """Whether the frame at `at_s` is the one of that number; a decoder may conceal damage in two ways."""
        if number >= len(self) or at_s != self.times_s[number]:
            return False
        if not self.fingerprints:
            return True
        return _difference(fingerprint(thumbnail), self.fingerprints[number]) <= FINGERPRINT_TOLERANCE


class SceneChangeDetector:
    """Numbers scenes: a new one begins where the whole image changes at once, and stays changed.

    A cut changes nearly all of the image between two frames; a person, a bus or a headlight does not. Gray thumbnails
    are compared: their mean difference must be large, and several times that of the frames before and of the two after:
    rain changes every frame, the first ones too. Lightning, a flash and a damaged frame resemble a cut, but soon
    afterwards the image is as it was before: no scene ends.
    """

    SIZE = (32, 18)
    MIN_CHANGE = 24.0
    """Gray levels of 255."""
    MIN_RATIO = 4.0
    """To the usual change."""
    ADAPTATION = 0.2
    """Weight of the newest change in the usual one."""
    FLASH_S = 1.0

    def __init__(self) -> None:
        self._frames = 0
        self._last: npt.NDArray[np.float32] | None = None
        self._usual = 0.0
        self._changes: deque[float] = deque(maxlen=3)
        self._cuts: list[tuple[int, float, npt.NDArray[np.float32]]] = []
        """Of each: its first frame, the time of that, and the image before it."""

    def add(self, thumbnail: npt.NDArray[np.uint8], at_s: float) -> None:
        """Add the next frame.

        Args:
            thumbnail: (height, width) or (height, width, 3) uint8, all of one small size.
            at_s: its time.
        """
        gray = thumbnail.astype(np.float32)
        gray = gray.mean(axis=2) if gray.ndim == 3 else gray
        if self._last is not None:
            change = _difference(gray, self._last)
            if change > self.MIN_CHANGE and change > self.MIN_RATIO * self._usual:
                self._cuts.append((self._frames, at_s, self._last))
            # After a cut too: a beacon or a broken lamp that flashes soon is usual, and ends no mask.
            self._usual += self.ADAPTATION * (change - self._usual)
            self._changes.append(change)
            self._discard_flash(gray, at_s)
            self._discard_rain()
        self._last = gray
        self._frames += 1

    @property
    def cuts(self) -> int:
        """Number of scene changes up to now; one that turns out to be a flash is no longer counted."""
        return len(self._cuts)

    def scenes(self) -> npt.NDArray[np.int64]:
        """(frames,) the number of the scene of each frame, rising from 0."""
        return np.searchsorted([first for first, _, _ in self._cuts], np.arange(self._frames), side="right")

    def _discard_flash(self, gray: npt.NDArray[np.float32], at_s: float) -> None:
        for position, (first, when_s, before) in enumerate(self._cuts):
            recent = first < self._frames and at_s - when_s <= self.FLASH_S
            if recent and _difference(gray, before) <= self.MIN_CHANGE:
                del self._cuts[position:]
                return

    def _discard_rain(self) -> None:
        """Discard a cut two frames ago that was followed by changes of the same kind."""
        began = [position for position, (first, _, _) in enumerate(self._cuts) if first == self._frames - 2]
        if began and self._changes[0] < self.MIN_RATIO * min(self._changes):
            del self._cuts[began[0]]


def fingerprint(thumbnail: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A quarter of a thumbnail's points, in gray."""
    gray = thumbnail[::2, ::2]
    return (gray.mean(axis=2) if gray.ndim == 3 else gray).astype(np.uint8)


def _difference(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    return float(np.abs(one.astype(np.float32) - other).mean())
