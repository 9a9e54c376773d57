"""Builds the engine out of a configuration: the one place where rooms are handed to one another."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.config.settings import CameraSettings, Config
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_detector, build_tracker
from pipeline.domain.camera import Camera
from pipeline.domain.frame import Frame
from pipeline.domain.ports import FrameSource, SinkStatus, SourceStatus
from pipeline.domain.recording import PacketTap
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_stream import Stream
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_queue import WhenFull
from pipeline.engine.live_loop import Engine, StreamFactory
from pipeline.engine.preview import Preview
from pipeline.engine.retention_worker import retention_kept
from pipeline.engine.run_report import RunReport, camera_report, sink_report
from pipeline.errors import ConfigError
from pipeline.lpr.build import build_reader
from pipeline.lpr.plate_aggregator import PlateAggregator
from pipeline.observe.metrics import MetricsServer, PipelineMetrics
from pipeline.observe.snapshots import CameraActivity, QueueSnapshot
from pipeline.observe.stage_timing import StageClock
from pipeline.policy.gate import Gate
from pipeline.policy.scope import may_read_plates, why_no_plates
from pipeline.record.recorder import Recorder
from pipeline.sink.build import build_sink
from pipeline.store.event_store import open_store
from pipeline.store.local_endpoint import StoreServer, endpoint_path
from pipeline.store.settings import ChdbSettings
from pipeline.weights.catalog import load_card

_log = structlog.get_logger(__name__)


@dataclass
class Running:
    """An engine that is ready to run, and what its faces want to see of it."""

    engine: Engine
    preview: Preview | None
    metrics_address: str = ""
    began_s: float = field(default_factory=time.monotonic)
    ended_s: float | None = None

    def sources(self) -> dict[str, SourceStatus]:
        """Status of every camera."""
        return {feed.source.camera_id: feed.source.status() for feed in self.engine.feeds}

    def sinks(self) -> list[SinkStatus]:
        """Status of every sink."""
        return self.engine.outlet.statuses()

    def queues(self) -> dict[str, QueueSnapshot]:
        """Queue of every camera."""
        return {feed.source.camera_id: feed.slot.snapshot() for feed in self.engine.feeds}

    def activities(self) -> dict[str, CameraActivity]:
        """What became of each camera's frames."""
        return self.engine.tally.activities({camera: queue.drops for camera, queue in self.queues().items()})

    def report(self) -> RunReport:
        """The summary up to now."""
        engine, queues = self.engine, self.queues()
        seconds = (self.ended_s or time.monotonic()) - self.began_s
        tally, activities = engine.tally, self.activities()
        return RunReport(
            seconds=round(seconds, 3),
            frames=tally.frames,
            fps=round(tally.frames / seconds, 2) if seconds else 0.0,
            events=dict(engine.outlet.sent),
            refused=dict(engine.outlet.refused),
            lost=dict(engine.outlet.lost),
            batch_mean=round(tally.frames / tally.batches, 2) if tally.batches else 0.0,
            cameras=[
                camera_report(
                    feed.source.camera_id,
                    feed.source.status(),
                    state=feed.state.value,
                    error=feed.error,
                    analyzed=activities[feed.source.camera_id].analyzed,
                    queue_drops=queues[feed.source.camera_id].drops,
                )
                for feed in engine.feeds
            ],
            sinks=[sink_report(status) for status in engine.outlet.statuses()],
            stages={
                stage.value: {"seconds": round(t.seconds, 3), "calls": t.calls, "items": t.items}
                for stage, t in engine.stages.totals().items()
            },
        )


@contextmanager
def open_engine(config: Config) -> Iterator[Running]:
    """Load the models, open sinks and cameras; on leaving, flush and close everything in order.

    Raises:
        ViapublicaError: something that would stop all cameras (a model, the policy, a port). A single camera that
            cannot be opened does not: its state says so while the others run.
    """
    with ExitStack() as stack:
        cameras = {camera.id: camera.camera() for camera in config.cameras}
        gate = Gate(cameras)
        detector = build_detector(config.detect, config.models_dir)
        stack.callback(detector.close)
        lpr = config.lpr if any(may_read_plates(camera) for camera in cameras.values()) else None
        reader = None if lpr is None else build_reader(lpr, config.models_dir)
        _tell_where_plates_are_not_read(cameras.values())

        _make(config.data_dir)
        live = any(_source(config, camera).live for camera in config.cameras)
        stack.enter_context(retention_kept(config, config.stores_among_sinks, live=live))
        metrics = PipelineMetrics()
        sinks = [build_sink(sink, config.data_dir) for sink in config.sinks]
        outlet = EventDispatcher(gate, sinks, config.engine.backlog_events, metrics)
        stack.callback(outlet.close, config.engine.shutdown_timeout_s)
        _serve_store(config, stack)

        stages = StageClock(metrics.stage)
        batcher = FairBatcher(detector.batch_size, config.engine.batch_wait_ms / 1000 if detector.batch_size > 1 else 0)
        preview = _preview(config)
        recorder = None if config.record is None else stack.enter_context(Recorder(config.record))
        engine = Engine(
            cameras=cameras,
            feeds=[_feed(config, camera, batcher, stages, recorder) for camera in config.cameras],
            batcher=batcher,
            detector=detector,
            reader=reader,
            new_stream=_stream_factory(config),
            outlet=outlet,
            metrics=metrics,
            stages=stages,
            preview=preview,
        )
        running = Running(engine, preview)
        _serve_metrics(config, running, metrics, stack)
        running.began_s = time.monotonic()
        yield running
        outlet_began = time.monotonic()
        stack.pop_all().close()
        running.ended_s = time.monotonic()
        _log.info("closed", seconds=round(running.ended_s - outlet_began, 3))


def _tell_where_plates_are_not_read(cameras: Iterable[Camera]) -> None:
    for camera in cameras:
        if reason := why_no_plates(camera):
            _log.info("plates_not_read", camera=camera.camera_id, reason=reason)


def check_sources(config: Config) -> None:
    """Look at every camera's address, masks and sampling without connecting.

    Raises:
        ConfigError: naming the camera.
    """
    for camera in config.cameras:
        _source(config, camera)


def check_models(config: Config) -> None:
    """Look for the cards of all models that are asked for; their weights are not opened.

    Raises:
        ModelCardError: there is none of that name, or it is malformed.
        PolicyError: it names a label outside the allow-list.
    """
    for name in (config.detect.model, config.detect.plate_model, config.lpr.model if config.lpr else None):
        if name is not None:
            load_card(name, config.models_dir)


def _source(config: Config, camera: CameraSettings, tap: PacketTap | None = None) -> FrameSource:
    return open_source(
        camera.id,
        camera.source,
        settings=config.decode,
        analyze_fps=camera.analyze_fps,
        masks=camera.masks,
        start_ms=camera.start_ms,
        tap=tap,
    )


def _feed(
    config: Config, camera: CameraSettings, batcher: FairBatcher, stages: StageClock, recorder: Recorder | None
) -> CameraFeed:
    recorded = recorder is not None and camera.record and _source(config, camera).live
    source = _source(config, camera, recorder.tap(camera.id) if recorder is not None and recorded else None)
    live = WhenFull.DROP_OLDEST if config.engine.live_drop == "oldest" else WhenFull.DROP_NEWEST
    slot = batcher.open_slot(camera.id, config.engine.queue_frames, live if source.live else WhenFull.WAIT)
    return CameraFeed(source, slot, stages)


def _stream_factory(config: Config) -> StreamFactory:
    by_id: Mapping[str, CameraSettings] = {camera.id: camera for camera in config.cameras}

    def new_stream(camera: Camera, first: Frame) -> Stream:
        settings = by_id[camera.camera_id]
        read = config.lpr is not None and may_read_plates(camera)
        return Stream(
            camera,
            first.stream_id,
            build_tracker(config.detect.track),
            PlateAggregator(config.lpr) if read and config.lpr is not None else None,
            TrackSummarizer(camera.camera_id, first.stream_id, config.analytics, settings.calibration),
        )

    return new_stream


def _serve_store(config: Config, stack: ExitStack) -> None:
    """Let the query commands of other processes reach the embedded store while we own it."""
    for sink in config.sinks:
        if isinstance(sink, ChdbSettings):
            store = open_store(sink, config.data_dir)
            stack.callback(store.close)
            stack.callback(StoreServer(store, endpoint_path(config.data_dir)).close)
            return


def _make(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"data_dir {data_dir}", f"cannot be made: {error.strerror}", "Name a folder that this user may write to"
        ) from error


def _serve_metrics(config: Config, running: Running, metrics: PipelineMetrics, stack: ExitStack) -> None:
    wanted = config.observability.metrics
    metrics.watch_sources(running.sources)
    metrics.watch_sinks(running.sinks)
    metrics.watch_queues(running.queues)
    metrics.watch_activities(running.activities)
    metrics.watch_stages(running.engine.stages)
    if wanted is not None:
        running.metrics_address = stack.enter_context(MetricsServer(metrics, wanted.host, wanted.port)).url
        _log.info("metrics_served", address=running.metrics_address)


def _preview(config: Config) -> Preview | None:
    wanted = config.observability.preview
    return None if wanted is None else Preview(Path(wanted.dir), wanted.every_s, wanted.keep)
