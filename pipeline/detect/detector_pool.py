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
from pipeline.detect.multi_view_detector import in_several_views, open_multi_view_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image
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
        several_views: multi-view detectors on these `detectors`, in their order, which they close; none where frames
            need not be searched again.
    """

    def __init__(self, detectors: Sequence[Detector], several_views: Sequence[Detector] = ()) -> None:
        self._detectors = tuple(detectors)
        self._several_views = tuple(several_views)
        self._idle: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(self._detectors)):
            self._idle.put(number)

    @property
    def name(self) -> str:
        """Name of the model card(s)."""
        return self._detectors[0].name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The networks of the detector."""
        return self._detectors[0].networks

    @property
    def has_several_views(self) -> bool:
        """Whether frames can be searched again, in several views."""
        return bool(self._several_views)

    def detect(
        self, frames: Iterator[VideoFrame], *, several_views: bool = False
    ) -> Iterator[tuple[VideoFrame, Detections]]:
        """Each frame with its detections, in order.

        Args:
            frames: of the video.
            several_views: search each in several views; see `has_several_views`.

        Raises:
            ModelRuntimeError: the network failed.
        """
        detectors = self._several_views if several_views else self._detectors
        with ThreadPoolExecutor(len(self._detectors), "detector") as pool:
            depth = 2 * len(self._detectors)
            yield from _in_order(pool, frames, lambda frame: self._search(detectors, frame.image), depth)

    def search(self, image: Image) -> Detections:
        """The detections of one image, on the next detector that is idle.

        Raises:
            ModelRuntimeError: the network failed.
        """
        return self._search(self._detectors, image)

    def close(self) -> None:
        """Give back memory and threads."""
        for detector in self._several_views or self._detectors:
            detector.close()

    def _search(self, detectors: Sequence[Detector], image: Image) -> Detections:
        number = self._idle.get()
        try:
            return detectors[number].detect([image])[0]
        finally:
            self._idle.put(number)


def open_detector_pool(
    settings: DetectSettings, models_dir: Path | None, cores: int, *, multi_view: bool = False
) -> DetectorPool:
    """Open as many copies as the machine can use.

    Args:
        settings: of the detector; `threads` is derived from the number of cores on a processor.
        models_dir: see `build_detector`.
        cores: that may be used.
        multi_view: search every image in several views, oblique ones too; see `pipeline.detect.multi_view_detector`.
            Otherwise frames can be searched so again, unless the settings name a size.

    Raises:
        ModelError, MissingComponent: see `build_detector`.
    """
    copies = min(max(cores, 1), MAX_COPIES) if settings.device is Device.CPU else 1
    each = settings.model_copy(update={"threads": max(1, cores // copies), "batch_size": 1})
    if multi_view:
        return DetectorPool([open_multi_view_detector(each, models_dir, oblique=True) for _ in range(copies)])
    detectors = [build_detector(each, models_dir) for _ in range(copies)]
    if settings.input_size is not None:
        return DetectorPool(detectors)
    return DetectorPool(detectors, [in_several_views(base, each, models_dir) for base in detectors])


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
