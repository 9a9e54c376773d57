"""Statistics of a run: frames analyzed, lag and events, by camera."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.domain.event_kinds import spec_of
from pipeline.domain.events import Event, kind_of
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.snapshots import CameraActivity


@dataclass
class _CameraStatistics:
    frames: int = 0
    decisions: Counter[FrameDecision] = field(default_factory=Counter)
    lag_s: float = 0.0
    events: int = 0
    last_event: str = ""

    def activity(self, drops: Mapping[str, int]) -> CameraActivity:
        decisions = dict(self.decisions)
        analyzed = sum(count for decision, count in decisions.items() if decision.analyzes)
        skipped = sum(decisions.values()) - analyzed
        by_reason = {decision.value: count for decision, count in sorted(decisions.items())}
        return CameraActivity(analyzed, self.lag_s, drops, self.events, self.last_event, skipped, by_reason)


class RunStatistics:
    """Numbers for the live table, the report and the metrics. Written by the engine's loop, read by any thread.

    Attributes:
        frames: analyzed or skipped so far; batches: that they came in.
    """

    def __init__(self, metrics: PipelineMetrics) -> None:
        self.frames = 0
        self.batches = 0
        self._metrics = metrics
        self._cameras: dict[str, _CameraStatistics] = {}

    def decided(self, frame: Frame, decision: FrameDecision) -> None:
        """Count a frame that is analyzed or skipped."""
        self._camera(frame.camera_id).decisions[decision] += 1

    def finished(self, batch: Sequence[Frame]) -> None:
        """Count a batch whose frames were analyzed or skipped."""
        now = time.monotonic()
        self.frames += len(batch)
        self.batches += 1
        self._metrics.batch(len(batch))
        for frame in batch:
            camera = self._camera(frame.camera_id)
            camera.frames += 1
            camera.lag_s = now - frame.arrived_s

    def count(self, events: Sequence[Event]) -> None:
        """Count events that were sent; those of the engine itself belong to no camera."""
        for event in events:
            camera = self._camera(event.camera_id)
            camera.events += 1
            camera.last_event = spec_of(event).summary_of(event)
            self._metrics.event(kind_of(event))

    def activities(self, drops: Mapping[str, Mapping[str, int]]) -> dict[str, CameraActivity]:
        """Activity of each camera.

        Args:
            drops: frames lost in the queue of each camera that runs, by reason.
        """
        statistics = dict(self._cameras)
        return {
            camera_id: statistics.get(camera_id, _CameraStatistics()).activity(reasons)
            for camera_id, reasons in drops.items()
        }

    def finished_frames(self) -> dict[str, int]:
        """Frames analyzed or skipped so far, by camera: those that overload did not take."""
        return {camera_id: camera.frames for camera_id, camera in dict(self._cameras).items()}

    def remove_camera(self, camera_id: str) -> CameraActivity:
        """Forget a camera; returns its last numbers."""
        return self._cameras.pop(camera_id, _CameraStatistics()).activity({})

    def _camera(self, camera_id: str) -> _CameraStatistics:
        return self._cameras.setdefault(camera_id, _CameraStatistics())
