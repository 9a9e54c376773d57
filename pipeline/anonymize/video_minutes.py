"""Minutes of a video, and of each of its scenes: parts that are judged alone, so that no other outvotes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.release_report import clock
from pipeline.anonymize.video_detections import VideoDetections

MIN_SAMPLED: Final = 4
"""Frames of each part that are sampled, so that a scene of the last second is judged too."""
MINUTE_S: Final = 60.0
"""The length of a part. What is hard to see for less long is searched for by `video_sections`."""


def minutes(times_s: Sequence[float] | npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """(frames,) the minute of each frame, from 0.

    Args:
        times_s: (frames,) rising.
    """
    since_s = np.asarray(times_s, np.float64)
    return np.floor((since_s - since_s[:1]) / MINUTE_S).astype(np.int64)


class SceneMinutes:
    """The minutes of each scene, in the order of the video.

    Args:
        detections: of the video.

    Attributes:
        of_frame: (frames,) the number of each frame's part, from 0.
    """

    def __init__(self, detections: VideoDetections) -> None:
        self._since_s = detections.times_s - detections.times_s[:1]
        parts = np.stack([detections.scenes, minutes(detections.times_s)])
        begins = (np.diff(parts, axis=1) != 0).any(axis=0)
        self.of_frame = np.concatenate([[0], np.cumsum(begins)])[: len(detections)].astype(np.int64)

    @property
    def count(self) -> int:
        """How many parts there are."""
        return int(self.of_frame[-1]) + 1 if len(self.of_frame) else 0

    def span(self, number: int) -> str:
        """When a part is seen, from the first frame of the video."""
        seen_s = self._since_s[self.of_frame == number]
        return f"from {clock(seen_s[0])} to {clock(seen_s[-1])}"

    def sampled(self, frames: int) -> frozenset[int]:
        """Numbers of that many frames of each minute of the video, evenly over it; of all if it has fewer.

        `MIN_SAMPLED` of each part are among them.
        """
        return _evenly(minutes(self._since_s), frames) | _evenly(self.of_frame, MIN_SAMPLED)

    def each_second(self) -> frozenset[int]:
        """Numbers of the first frame of each second of the video, and of `MIN_SAMPLED` frames of each part."""
        return _evenly(np.floor(self._since_s).astype(np.int64), 1) | _evenly(self.of_frame, MIN_SAMPLED)


def _evenly(of_frame: npt.NDArray[np.int64], most: int) -> frozenset[int]:
    """That many frames of each part, evenly over it; all of a part that has fewer."""
    chosen = set[int]()
    for part in np.unique(of_frame):
        numbers = np.flatnonzero(of_frame == part)
        chosen.update(numbers[np.linspace(0, len(numbers) - 1, min(most, len(numbers))).astype(int)].tolist())
    return frozenset(chosen)
