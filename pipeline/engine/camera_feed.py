"""One thread per camera: pulls frames out of the source and puts them into its slot."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import structlog

from pipeline.domain.frame import Frame
from pipeline.domain.ports import FrameSource, SourceState
from pipeline.engine.frame_queue import FrameQueue
from pipeline.errors import SourceError
from pipeline.observe.stage_timing import Stage, StageClock

_log = structlog.get_logger(__name__)


class CameraFeed(threading.Thread):
    """Runs a source to its end. Its troubles stay its own: other cameras go on."""

    def __init__(self, source: FrameSource, slot: FrameQueue, stages: StageClock) -> None:
        super().__init__(name=f"feed-{source.camera_id}", daemon=True)
        self.source = source
        self.slot = slot
        self.error = ""
        self._stages = stages

    def run(self) -> None:
        """Thread body."""
        try:
            for frame in self._timed(self.source.frames()):
                if not self.slot.put(frame):
                    break
        except SourceError as error:
            self.error = str(error)
            _log.error("camera_failed", camera=self.source.camera_id, error=str(error))
        except Exception as error:  # noqa: BLE001  a bug in one camera's path must not stop the others
            self.error = f"{type(error).__name__}: {error}"
            _log.exception("camera_crashed", camera=self.source.camera_id)
        finally:
            self.slot.close()

    def _timed(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        while True:
            began, cpu_began = time.perf_counter(), time.thread_time()
            frame = next(frames, None)
            if frame is None:
                return
            self._stages.add(Stage.DECODE, time.perf_counter() - began, cpu_seconds=time.thread_time() - cpu_began)
            yield frame

    @property
    def state(self) -> SourceState:
        """The source's state; failed as well when our own side of it crashed."""
        return SourceState.FAILED if self.error else self.source.status().state

    @property
    def finished(self) -> bool:
        """Nothing will come any more and nothing waits."""
        return not self.is_alive() and self.slot.drained

    def stop(self) -> None:
        """End the source and forget the frames that wait; returns at once."""
        self.source.stop()
        self.slot.discard()
