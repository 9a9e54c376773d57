"""One camera of a running engine: its declaration, its feed, and how its sessions are followed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.domain.camera import Camera
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.ports import OVERLOAD
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.frame_analyzer import StreamFactory
from pipeline.engine.low_rate_watch import CameraRate
from pipeline.engine.overload_watch import CameraLoad
from pipeline.engine.rate_sharing import Offer
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

    def offer(self) -> Offer:
        """The frames that it has offered for analysis."""
        status = self.feed.source.status()
        frames = status.delivered + status.drops.get(OVERLOAD, 0) if self.feed.source.live else None
        return Offer(self.camera_id, self.feed.queue.priority, frames)

    def rate(self) -> CameraRate:
        """The rate of a live camera: configured and delivered."""
        return CameraRate(self.camera_id, self.camera.analyze_fps, self.feed.source.status())

    def load(self, analyzed: int) -> CameraLoad:
        """The frames of a live camera, analyzed and lost.

        Args:
            analyzed: frames analyzed or skipped so far.
        """
        status, queue = self.feed.source.status(), self.feed.queue
        dropped = queue.dropped_by_overload + status.drops.get(OVERLOAD, 0)
        return CameraLoad(self.camera_id, status.stream_id, self.feed.state, analyzed, dropped, queue.priority)

    def report(self, decisions: Mapping[str, int]) -> CameraReport:
        """Its part of the run's report.

        Args:
            decisions: frames analyzed or skipped so far, by reason.
        """
        return camera_report(
            self.camera_id,
            self.feed.source.status(),
            state=self.feed.state.value,
            error=self.feed.error,
            decisions=decisions,
            queue_drops=self.feed.queue.snapshot().drops,
        )
