"""Numbers of a run: what was analyzed, how late, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.domain.event_kinds import spec_of
from pipeline.domain.events import Event, kind_of
from pipeline.domain.frame import Frame
from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.snapshots import CameraActivity


@dataclass
class _CameraTally:
    analyzed: int = 0
    lag_s: float = 0.0
    events: int = 0
    last_event: str = ""


class RunStatistics:
    """Counts for the live table, the report and the metrics. Written by the engine's loop, read by anyone."""

    def __init__(self, camera_ids: Sequence[str], metrics: PipelineMetrics) -> None:
        self.frames = 0
        self.batches = 0
        self._metrics = metrics
        self._cameras = {camera_id: _CameraTally() for camera_id in camera_ids}

    def analyzed(self, batch: Sequence[Frame]) -> None:
        """A batch went all the way."""
        now = time.monotonic()
        self.frames += len(batch)
        self.batches += 1
        self._metrics.batch(len(batch))
        for frame in batch:
            camera = self._cameras[frame.camera_id]
            camera.analyzed += 1
            camera.lag_s = now - frame.arrived_s

    def count(self, events: Sequence[Event]) -> None:
        """Events left."""
        for event in events:
            camera = self._cameras[event.camera_id]
            camera.events += 1
            camera.last_event = spec_of(event).summary_of(event)
            self._metrics.event(kind_of(event))

    def activities(self, drops: Mapping[str, Mapping[str, int]]) -> dict[str, CameraActivity]:
        """What became of each camera's frames.

        Args:
            drops: frames lost in the queues, by camera and reason.
        """
        return {
            camera_id: CameraActivity(c.analyzed, c.lag_s, drops.get(camera_id, {}), c.events, c.last_event)
            for camera_id, c in self._cameras.items()
        }
