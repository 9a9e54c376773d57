"""One thread per camera: takes frames from the source and puts them into the camera's queue."""

from __future__ import annotations

import threading

import structlog

from pipeline.domain.credentials import redact
from pipeline.domain.ports import FrameSource, SourceState
from pipeline.engine.frame_queue import FrameQueue
from pipeline.errors import SourceError

_log = structlog.get_logger(__name__)


class CameraFeed(threading.Thread):
    """Runs a source to its end. Its failures do not affect other cameras."""

    def __init__(self, source: FrameSource, queue: FrameQueue) -> None:
        super().__init__(name=f"feed-{source.camera_id}", daemon=True)
        self.source = source
        self.queue = queue
        self.error = ""
        self.interrupted = False
        """It was stopped before all of its frames had been taken."""
        self._logged: set[type[Exception]] = set()

    def run(self) -> None:
        """Thread body."""
        try:
            for frame in self.source.frames():
                if not self.queue.put(frame):
                    break
        except SourceError as error:
            self.error = str(error)
            _log.error("camera_failed", camera=self.source.camera_id, error=str(error))
        except Exception as error:  # noqa: BLE001  a bug in one camera's path must not stop the others
            self.error = f"{type(error).__name__}: {error}"
            _log.exception("camera_crashed", camera=self.source.camera_id)
        finally:
            self.queue.close()

    @property
    def state(self) -> SourceState:
        """The source's state; failed as well when this thread crashed."""
        return SourceState.FAILED if self.error else self.source.status().state

    @property
    def finished(self) -> bool:
        """Whether no frame is waiting and none will come."""
        return not self.is_alive() and self.queue.drained

    def fail(self, error: Exception) -> None:
        """A frame of it could not be analyzed: a live source connects again, a file ends as failed."""
        if isinstance(error, SourceError) and not self.source.live:
            self.error = str(error)
            _log.error("camera_failed", camera=self.source.camera_id, error=self.error)
            self.stop()
            return
        problem = redact(f"its analysis failed ({type(error).__name__}: {error})")
        if type(error) not in self._logged:  # once: every frame may fail
            self._logged.add(type(error))
            _log.error("analysis_failed", camera=self.source.camera_id, error=problem, exc_info=error)
        if self.source.live:
            self.source.interrupt(problem)
        else:
            self.error = f"{self.source.camera_id}: {problem}"
            self.stop()

    def stop(self) -> None:
        """End the source and drop waiting frames; returns at once."""
        self.interrupted = self.interrupted or not self.finished
        self.source.stop()
        self.queue.discard()
