"""The engine from a configuration: the one place where the packages' implementations are connected."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import cv2
import structlog

from pipeline.alerting.usual_file import UsualFiles
from pipeline.config.settings import Config
from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.detect.autotuned_settings import autotuned
from pipeline.detect.close_up_detector import CloseUpDetector
from pipeline.domain.camera import Camera
from pipeline.domain.live_view import live_socket
from pipeline.domain.ports import PlateReader
from pipeline.engine.alert_rules import AlertRules
from pipeline.engine.camera_factory import CameraFactory, build_source, is_live
from pipeline.engine.camera_permissions import CameraPermissions
from pipeline.engine.channel_sinks import channel_sinks
from pipeline.engine.device_fallback import open_detector, open_reader
from pipeline.engine.disposal_report import DisposalReport
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.hot_lists import HotLists
from pipeline.engine.incident_watch import IncidentWatch
from pipeline.engine.live_loop import Engine
from pipeline.engine.live_views import LiveViews
from pipeline.engine.new_views import NewViews
from pipeline.engine.open_incidents import OpenIncidents
from pipeline.engine.overload_watch import OverloadWatch
from pipeline.engine.preview import Preview
from pipeline.engine.reconfigure import Reconfigurator
from pipeline.engine.register_watch import register_watched
from pipeline.engine.remembered_conflicts import remember_conflicts
from pipeline.engine.repeated_analyses import RepeatedAnalyses
from pipeline.engine.restored_folders import check_erasures_repeated
from pipeline.engine.retention_worker import hold_folders, retention_running
from pipeline.engine.running_engine import RunningEngine
from pipeline.engine.source_conflicts import check_distinct_sources, undeclared_pairs
from pipeline.engine.view_watch import ViewWatch
from pipeline.errors import ConfigError, ReleaseError
from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.metrics_server import MetricsServer
from pipeline.observe.stage_timing import StageClock
from pipeline.policy.clock_lead import ClockLead
from pipeline.policy.gate import Gate
from pipeline.policy.scope import why_no_plates
from pipeline.record.every_hold import every_hold
from pipeline.record.recorder import Recorder
from pipeline.record.retention import prune
from pipeline.record.settings import RecordSettings
from pipeline.sink.build import build_sink
from pipeline.storage.confirmed_views import ConfirmedViews
from pipeline.storage.declared_cameras import DeclaredCameras
from pipeline.storage.register_location import register_location
from pipeline.storage.stored_analyses import StoredAnalyses
from pipeline.storage.written_paths import PathKind, WrittenPaths
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreServer, endpoint_path
from pipeline.store.settings import ChdbSettings
from pipeline.store.tombstones import Tombstones
from pipeline.weights.catalog import load_card

_DECIDED_PER_PASS: Final = 3
"""Frames that adaptive analysis decides about for each that the detector gets: about a third."""
_log = structlog.get_logger(__name__)


@contextmanager
def open_engine(
    config: Config,
    analyses: StoredAnalyses | None = None,
    *,
    autotune: bool = False,
    permissions: CameraPermissions | None = None,
    hot_lists: HotLists | None = None,
) -> Iterator[RunningEngine]:
    """Load the models, open sinks and cameras; on leaving, flush and close everything in order.

    Args:
        config: the configuration.
        analyses: those of files by earlier runs; None for those of the data folder.
        autotune: use the backend and threads that are fastest on this machine where `detect` states none.
        permissions: of the registry of cameras; None where every camera may run.
        hot_lists: with which read plates are compared; None for no lists.

    Raises:
        ViapublicaError: a failure that would stop all cameras (a model, the policy, a port). A single camera that
            cannot be opened does not raise: its state says so while the others run.
    """
    check_sources(config)
    cv2.setNumThreads(1)  # its threads would take processor time from networks and decoders, and wait actively
    with ExitStack() as stack:
        detect = autotuned(config.detect, config.models_dir) if autotune else config.detect
        detector = CloseUpDetector(open_detector(detect, config.models_dir))
        stack.callback(detector.close)
        reader = _reader(config)

        _make_folder(config.data_dir)
        live = any(is_live(config, camera) for camera in config.cameras)
        stack.enter_context(retention_running(config, config.stores_among_sinks, live=live))
        metrics = PipelineMetrics()
        new_views = NewViews(config.data_dir)
        gate, repeated = _gate(config), RepeatedAnalyses()
        dispatcher = _dispatcher(config, gate, repeated, metrics, stack)
        _serve_store(config, gate, stack)

        stages = StageClock(metrics.stage)
        wait_s = config.engine.batch_wait_ms / 1000 if detector.batch_size > 1 else 0
        most = detector.batch_size * (_DECIDED_PER_PASS if config.analyze.adaptive else 1)
        batcher = FairBatcher(most, wait_s, config.engine.max_frame_age_s, enough=detector.batch_size)
        _note_paths(config)
        recorder = None if config.record is None else stack.enter_context(_recorder(config, config.record))
        preview = _preview(config, gate)
        people = _incident_watch(config)
        engine = Engine(
            batcher=batcher,
            detector=detector,
            reader=reader,
            dispatcher=dispatcher,
            metrics=metrics,
            stages=stages,
            preview=preview,
            live_views=_live_views(config, gate, stack) if live else None,
            overload=None if recorder is None else OverloadWatch(recordings=recorder.overloaded),
            permissions=permissions,
            rules=AlertRules(UsualFiles(config.data_dir), tunings=lambda: {} if people is None else people.tunings),
            views=_views(config, new_views, recorder, permissions, stack),
            hot_lists=hot_lists,
            opened=OpenIncidents(config.data_dir),
            people=people,
        )
        if hot_lists is not None:
            hot_lists.forbid_where(gate.why_no_plates)
            hot_lists.refresh()
        factory = CameraFactory(
            batcher,
            stages,
            recorder,
            FrameMemory(config.decode.max_frame_memory_mb),
            stack.enter_context(DecoderProcesses()),
            analyses=analyses or StoredAnalyses(config.data_dir),
            repeated=repeated,
            rules=engine.rules,
            hot_lists=hot_lists,
        )
        engine.hosts.declare(undeclared_pairs(config))
        preparation = _Preparation(engine, gate, stack, live=live)
        reconfigurator = Reconfigurator(engine, factory, config, preparation.prepare)
        reconfigurator.start()
        running = RunningEngine(engine, reconfigurator, preview)
        _serve_metrics(config, running, metrics, stack)
        running.began_s = time.monotonic()
        if engine.permissions.registry:
            stack.enter_context(register_watched("permissions", reconfigurator.recheck))
        if hot_lists is not None:
            stack.enter_context(register_watched("hot_lists", hot_lists.refresh))
        if people is not None:
            stack.enter_context(register_watched("incidents", people.refresh))
        yield running
        _close(stack, running)


def _incident_watch(config: Config) -> IncidentWatch | None:
    """What people do with incidents; None where it is not known in which register."""
    try:
        where = register_location(config.register_database, config.data_dir)
    except ReleaseError as error:
        _log.warning("incidents_not_watched", error=str(error))
        return None
    return IncidentWatch(where, config.data_dir)


def _dispatcher(
    config: Config, gate: Gate, repeated: RepeatedAnalyses, metrics: PipelineMetrics, stack: ExitStack
) -> EventDispatcher:
    """What delivers events to the sinks; closed before the rows that repeated analyses replace are deleted."""
    sinks = [build_sink(sink, config.data_dir, gate.admit_stored) for sink in config.sinks]
    sinks += channel_sinks(config, gate.admit_stored)
    dispatcher = EventDispatcher(gate, sinks, config.engine.backlog_events, metrics)
    stack.callback(lambda: repeated.delete_replaced(config, dispatcher.statuses()))
    stack.callback(dispatcher.close, config.engine.shutdown_timeout_s)
    return dispatcher


def _close(stack: ExitStack, running: RunningEngine) -> None:
    """Close everything in order, and note how long it took."""
    closing_s = time.monotonic()
    stack.pop_all().close()
    running.ended_s = time.monotonic()
    _log.info("closed", seconds=round(running.ended_s - closing_s, 3))


def _gate(config: Config) -> Gate:
    """The gate of policy, with all declared cameras and what was erased; the present declarations are stored."""
    declared = DeclaredCameras(config.data_dir)
    declared.declare(camera.declaration() for camera in config.cameras)
    check_erasures_repeated(config)
    tombstones = Tombstones(config.data_dir)
    tombstones.check()
    conditions = [tombstones.refusal, ClockLead(config.engine.max_clock_lead_s).refusal]
    gate = Gate({}, declared.cameras(), conditions, config.sink_names)
    remember_conflicts(gate, config)
    return gate


class _Preparation:
    """Loads what cameras of a changed configuration need and the first ones did not.

    That is the plate reader, and with the first live camera retention and live views.
    """

    def __init__(self, engine: Engine, gate: Gate, stack: ExitStack, *, live: bool) -> None:
        self._engine = engine
        self._gate = gate
        self._stack = stack
        self._live = live

    def prepare(self, config: Config) -> None:
        """Check every camera, and load what is missing.

        Raises:
            ViapublicaError: a camera or the plate reader cannot be used.
        """
        check_sources(config)
        self._engine.hosts.declare(undeclared_pairs(config))
        DeclaredCameras(config.data_dir).declare(camera.declaration() for camera in config.cameras)
        if self._engine.analyzer.reader is None:
            self._engine.analyzer.reader = _reader(config)
        if not self._live and any(is_live(config, camera) for camera in config.cameras):
            self._stack.enter_context(retention_running(config, config.stores_among_sinks, live=True))
            self._engine.displays.append(_live_views(config, self._gate, self._stack))
            self._live = True


def check_sources(config: Config) -> None:
    """Check every camera's address, masks and sampling without connecting.

    Raises:
        ConfigError: naming the camera, or two cameras that have one source and different declarations; or recorded
            video that was declared more strictly than the configuration declares it.
        PolicyError: recorded video whose declaration cannot be read.
    """
    check_distinct_sources(config)
    for camera in config.cameras:
        build_source(config, camera)


def check_models(config: Config) -> None:
    """Check that the cards of all configured models exist; their weights are not opened.

    Raises:
        ModelCardError: there is none of that name, or it is malformed.
        PolicyError: it names a label outside the allow-list.
    """
    reading = (config.lpr.model, config.lpr.corners) if config.lpr else ()
    for name in (config.detect.model, config.detect.plate_model, *reading):
        if name is not None:
            load_card(name, config.models_dir)


def _reader(config: Config) -> PlateReader | None:
    """The plate reader, where any camera may have its plates read."""
    for settings in config.cameras:
        if suggested := settings.suggested_surroundings():
            _log.warning(
                "surroundings_assumed",
                camera=settings.id,
                words={word: place.value for word, place in suggested.items()},
                fix="State surroundings; [] if there is no such place",
            )
    cameras = [camera.camera() for camera in config.cameras]
    _log_cameras_without_plates(cameras)
    if config.lpr is None or not any(camera.reads_plates for camera in config.cameras):
        return None
    return open_reader(config.lpr, config.models_dir)


def _log_cameras_without_plates(cameras: Iterable[Camera]) -> None:
    for camera in cameras:
        if reason := why_no_plates(camera):
            _log.info("plates_not_read", camera=camera.camera_id, reason=reason)


def _serve_store(config: Config, gate: Gate, stack: ExitStack) -> None:
    """Let the query commands of other processes reach the embedded store while this process owns it."""
    for sink in config.sinks:
        if isinstance(sink, ChdbSettings):
            store = open_event_store(sink, config.data_dir, gate.without_plates, gate.sensitive)
            stack.callback(store.close)
            stack.callback(StoreServer(store, endpoint_path(config.data_dir), config.sensitive_texts.screen()).close)
            return


def _live_views(config: Config, gate: Gate, stack: ExitStack) -> LiveViews:
    """Let the console of this machine show the cameras; every live view is decided on and recorded there."""
    views = LiveViews(live_socket(config.data_dir), lambda camera_id: bool(gate.why_no_plates(camera_id)))
    stack.callback(views.close)
    return views


def _make_folder(data_dir: Path) -> None:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"data_dir {data_dir}", f"cannot be created: {error.strerror}", "Name a folder that this user may write to"
        ) from error


def _serve_metrics(config: Config, running: RunningEngine, metrics: PipelineMetrics, stack: ExitStack) -> None:
    wanted = config.observability.metrics
    metrics.watch_sources(running.sources)
    metrics.watch_advice(running.advice)
    metrics.watch_sinks(running.sinks)
    metrics.watch_queues(running.queues)
    metrics.watch_activities(running.activities)
    metrics.watch_stages(running.engine.stages)
    metrics.watch_networks(running.networks)
    if wanted is not None:
        running.metrics_address = stack.enter_context(MetricsServer(metrics, wanted.host, wanted.port)).url


def _note_paths(config: Config) -> None:
    """So that an erasure reaches images after the configuration names other folders."""
    written = WrittenPaths(config.data_dir)
    if config.record is not None:
        written.add(PathKind.VIDEO, config.record.dir)
    if config.observability.preview is not None:
        written.add(PathKind.PREVIEWS, config.observability.preview.dir)


def _recorder(config: Config, settings: RecordSettings) -> Recorder:
    days_of, report = config.retention.video_days(), DisposalReport.of_run(config)
    retain = partial(prune, settings.dir, settings.days, settings.max_bytes, days_of=days_of, disposing=report)
    return Recorder(settings, retain)


def _views(
    config: Config, new: NewViews, recorder: Recorder | None, permissions: CameraPermissions | None, stack: ExitStack
) -> ViewWatch:
    def on_blind(camera_id: str, reason: str) -> None:
        if recorder is not None:
            recorder.blind(camera_id, reason)
        if permissions is not None:
            permissions.note_view(camera_id, reason)

    worker = stack.enter_context(ThreadPoolExecutor(1, "views"))
    return ViewWatch(ConfirmedViews(config.data_dir), new.may_learn, on_blind, run=worker.submit)


def _preview(config: Config, gate: Gate) -> Preview | None:
    wanted = config.observability.preview
    if wanted is None:
        return None
    holds = partial(every_hold, hold_folders(config))
    return Preview(
        Path(wanted.dir),
        wanted,
        lambda camera_id: bool(gate.why_no_plates(camera_id)),
        holds=holds,
        disposing=DisposalReport.of_run(config),
    )
