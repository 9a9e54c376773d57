"""Handle of a running engine: status of its cameras and sinks, its report, and changes of its configuration."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from pipeline.config.settings import Config
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import SinkStatus, SourceState, SourceStatus
from pipeline.engine.live_loop import Engine
from pipeline.engine.preview import Preview
from pipeline.engine.reconfigure import Reconfiguration, Reconfigurator
from pipeline.engine.run_report import RunReport, denied_report, network_report, sink_report
from pipeline.engine.running_camera import RunningCamera
from pipeline.observe.snapshots import CameraActivity, QueueSnapshot


@dataclass
class RunningEngine:
    """An engine that is ready to run, with everything that user interfaces and metrics ask of it."""

    engine: Engine
    reconfigurator: Reconfigurator
    preview: Preview | None
    metrics_address: str = ""
    began_s: float = field(default_factory=time.monotonic)
    ended_s: float | None = None

    def reconfigure(self, config: Config) -> Reconfiguration:
        """Run the cameras of another configuration; see `Reconfigurator.apply`."""
        return self.reconfigurator.apply(config)

    def sources(self) -> dict[str, SourceStatus]:
        """Status of every camera, those that may not run included; of one that streams, whether frames are missing."""
        running = {camera.camera_id: self._status(camera) for camera in self.engine.cameras}
        return running | self.engine.permissions.statuses(running)

    def _status(self, camera: RunningCamera) -> SourceStatus:
        limit_fps = self.engine.rates.limits.get(camera.camera_id)
        status = replace(camera.feed.source.status(), limit_fps=limit_fps)
        if status.state is not SourceState.STREAMING:
            return status
        if detail := self.engine.views.details.get(camera.camera_id, ""):
            return replace(status, state=SourceState.VIEW_UNCONFIRMED, detail=detail)
        if detail := self.engine.images.details.get(camera.camera_id, ""):
            return replace(status, state=SourceState.UNUSABLE, detail=detail)
        if detail := self.engine.overload.detail(camera.camera_id):
            return replace(status, state=SourceState.OVERLOADED, detail=detail)
        if detail := self.engine.low_rates.details.get(camera.camera_id, ""):
            return replace(status, state=SourceState.LOW_RATE, detail=detail)
        return status

    def advice(self) -> str:
        """What helps against an overload, or the failure of a GPU; why hot-lists are not checked; "" if all is well."""
        fallbacks = dict.fromkeys(network.fallback for network in self.networks())
        lists = "" if self.engine.hot_lists is None else self.engine.hot_lists.problem
        return ". ".join(part for part in (self.engine.overload.advice, *fallbacks, lists) if part)

    def sinks(self) -> list[SinkStatus]:
        """Status of every sink."""
        return self.engine.dispatcher.statuses()

    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The networks at work: of the detector, and of the plate reader where there is one."""
        return self.engine.analyzer.networks

    def queues(self) -> dict[str, QueueSnapshot]:
        """Queue of every camera."""
        return {camera.camera_id: camera.feed.queue.snapshot() for camera in self.engine.cameras}

    def activities(self) -> dict[str, CameraActivity]:
        """Activity of every camera after its source."""
        return self.engine.statistics.activities({camera: queue.drops for camera, queue in self.queues().items()})

    def report(self) -> RunReport:
        """The summary so far."""
        engine, activities = self.engine, self.activities()
        seconds = (self.ended_s or time.monotonic()) - self.began_s
        statistics, running = engine.statistics, {camera.camera_id for camera in engine.cameras}
        return RunReport(
            seconds=round(seconds, 3),
            frames=statistics.frames,
            fps=round(statistics.frames / seconds, 2) if seconds else 0.0,
            events=dict(engine.dispatcher.sent),
            refused=dict(engine.dispatcher.refused),
            lost=dict(engine.dispatcher.lost),
            batch_mean=round(statistics.frames / statistics.batches, 2) if statistics.batches else 0.0,
            cameras=[
                camera.report(activities[camera.camera_id].decisions)
                for camera in engine.cameras
                if camera.camera_id in activities
            ]
            + [denied_report(camera_id, status) for camera_id, status in engine.permissions.statuses(running).items()],
            removed=list(engine.removed),
            networks=[network_report(network) for network in self.networks()],
            sinks=[sink_report(status) for status in engine.dispatcher.statuses()],
            stages={
                stage.value: {"seconds": round(t.seconds, 3), "calls": t.calls, "items": t.items}
                for stage, t in engine.stages.totals().items()
            },
        )
