"""A pool of copies of one detector, for the frames of one file.

A file has no deadline, so throughput counts: on a processor two copies with a thread each analyze half as many frames
again as one copy with two threads.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from pipeline.detect.build import build_detector
from pipeline.detect.multi_view_detector import open_multi_view_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import Detector
from pipeline.domain.video import VideoFrame
from pipeline.inference.device import Device

T = TypeVar("T")
MAX_COPIES: Final = 4
"""Each takes some 100 MB; further cores are distributed as threads."""


class DetectorPool:
    """Copies of one detector.

    Args:
        detectors: used by one thread at a time each; closed with this.
    """

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = tuple(detectors)
        self._idle: queue.SimpleQueue[Detector] = queue.SimpleQueue()
        for detector in self._detectors:
            self._idle.put(detector)

    @property
    def name(self) -> str:
        """Name of the model card(s)."""
        return self._detectors[0].name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The networks of the detector."""
        return self._detectors[0].networks

    def detect(self, frames: Iterator[VideoFrame]) -> Iterator[tuple[VideoFrame, Detections]]:
        """Each frame with its detections, in order.

        Raises:
            ModelRuntimeError: the network failed.
        """
        with ThreadPoolExecutor(len(self._detectors), "detector") as pool:
            yield from _in_order(pool, frames, self._detect, 2 * len(self._detectors))

    def close(self) -> None:
        """Give back memory and threads."""
        for detector in self._detectors:
            detector.close()

    def _detect(self, frame: VideoFrame) -> Detections:
        detector = self._idle.get()
        try:
            return detector.detect([frame.image])[0]
        finally:
            self._idle.put(detector)


def open_detector_pool(
    settings: DetectSettings, models_dir: Path | None, cores: int, *, multi_view: bool = False
) -> DetectorPool:
    """Open as many copies as the machine can use.

    Args:
        settings: of the detector; `threads` is derived from the number of cores on a processor.
        models_dir: see `build_detector`.
        cores: that may be used.
        multi_view: search every image in several views; see `pipeline.detect.multi_view_detector`.

    Raises:
        ModelError, MissingComponent: see `build_detector`.
    """
    copies = min(max(cores, 1), MAX_COPIES) if settings.device is Device.CPU else 1
    each = settings.model_copy(update={"threads": max(1, cores // copies)})
    open_detector = open_multi_view_detector if multi_view else build_detector
    return DetectorPool([open_detector(each, models_dir) for _ in range(copies)])


def _in_order(
    pool: ThreadPoolExecutor, frames: Iterator[VideoFrame], work: Callable[[VideoFrame], T], depth: int
) -> Iterator[tuple[VideoFrame, T]]:
    waiting: deque[tuple[VideoFrame, Future[T]]] = deque()
    try:
        for frame in frames:
            waiting.append((frame, pool.submit(work, frame)))
            if len(waiting) >= depth:
                first, found = waiting.popleft()
                yield first, found.result()
        while waiting:
            first, found = waiting.popleft()
            yield first, found.result()
    finally:
        for _, found in waiting:
            found.cancel()
