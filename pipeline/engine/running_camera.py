"""One camera of a running engine: its declaration, its feed, and how its sessions are followed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from pipeline.domain.camera import Camera
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.frame_analyzer import StreamFactory
from pipeline.engine.run_report import CameraReport, camera_report


@dataclass(frozen=True, slots=True, eq=False)
class RunningCamera:
    """A camera as the engine runs it.

    Attributes:
        declaration: all that decides how its video may be used.
        feed: its source, thread and queue.
        new_stream: makes the state of a new session.
        leaving: set when the camera is to leave the engine; left: set when it has, its last events included.
    """

    declaration: CameraDeclaration
    feed: CameraFeed
    new_stream: StreamFactory
    leaving: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def camera(self) -> Camera:
        """The camera as declared."""
        return self.declaration.camera

    @property
    def camera_id(self) -> str:
        """The camera's id."""
        return self.camera.camera_id

    def report(self, analyzed: int) -> CameraReport:
        """Its part of the run's report.

        Args:
            analyzed: frames analyzed so far.
        """
        return camera_report(
            self.camera_id,
            self.feed.source.status(),
            state=self.feed.state.value,
            error=self.feed.error,
            analyzed=analyzed,
            queue_drops=self.feed.queue.snapshot().drops,
        )
