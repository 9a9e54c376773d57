"""Cameras of the configuration to cameras that the engine can run."""

from __future__ import annotations

import math

import structlog

from pipeline.adaptive.controller import AdaptiveController
from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.analytics.traffic_observer import TrafficObserver
from pipeline.analytics.unused_areas import UnusedAreas, fits
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.decode.frame_memory import FrameMemory
from pipeline.decode.isolation.decoder_processes import DecoderProcesses
from pipeline.decode.settings import Protocol
from pipeline.decode.source_address import parse_address
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_tracker
from pipeline.domain.frame import Frame
from pipeline.domain.ports import FrameSource, TrackObserver
from pipeline.domain.recording import PacketTap
from pipeline.domain.traffic_areas import TrafficAreas
from pipeline.engine.alert_rules import AlertRules
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_analyzer import StreamFactory
from pipeline.engine.frame_queue import WhenFull
from pipeline.engine.hot_lists import HotLists
from pipeline.engine.recorded_source import masks_with_recorded
from pipeline.engine.repeated_analyses import RepeatedAnalyses
from pipeline.engine.running_camera import RunningCamera
from pipeline.errors import ConfigError
from pipeline.lpr.plate_observer import PlateObserver
from pipeline.observe.stage_timing import Stage, StageClock
from pipeline.policy.scope import why_no_tracks
from pipeline.record.recorder import Recorder
from pipeline.storage.stored_analyses import Analysis, StoredAnalyses

_log = structlog.get_logger(__name__)


def is_live(config: Config, camera: CameraSettings) -> bool:
    """Whether a camera is a network stream.

    Raises:
        ConfigError: its address is malformed or forbidden.
    """
    return parse_address(camera.id, camera.source, config.decode.protocols).live


def build_source(
    config: Config,
    camera: CameraSettings,
    *,
    stages: StageClock | None = None,
    tap: PacketTap | None = None,
    memory: FrameMemory | None = None,
    processes: DecoderProcesses | None = None,
) -> FrameSource:
    """The source of a camera, not connected.

    Raises:
        ConfigError: its address, masks or sampling cannot be used; or it is recorded video of a stricter declaration.
        PolicyError: it is recorded video whose declaration cannot be read.
    """
    address = parse_address(camera.id, camera.source, config.decode.protocols)
    if camera.ends and address.protocol not in {Protocol.HTTP, Protocol.HTTPS}:
        raise ConfigError(camera.id, "ends is only for http:// and https:// addresses", "Leave it out")
    masks = masks_with_recorded(config, camera, address)

    def on_decoded(seconds: float, cpu_seconds: float) -> None:
        if stages is not None:
            stages.add(Stage.DECODE, seconds, cpu_seconds=cpu_seconds)

    return open_source(
        camera.id,
        camera.source,
        settings=config.decode,
        analyze_fps=camera.analyze_fps,
        masks=masks,
        start_ms=camera.start_ms,
        tap=tap,
        on_decoded=on_decoded,
        options=camera.input_options,
        memory=memory,
        processes=processes,
    )


class CameraFactory:
    """Builds cameras around what all of them share.

    Args:
        batcher: gets their frames.
        stages: where decoding is measured.
        recorder: records live cameras, or None.
        memory: for the frames of all cameras.
        processes: decode them.
        analyses: those of files by earlier runs.
        repeated: gets the videos that are analyzed again.
        rules: alert rules.
        hot_lists: with which read plates are compared; None for no lists.
    """

    def __init__(
        self,
        batcher: FairBatcher,
        stages: StageClock,
        recorder: Recorder | None,
        memory: FrameMemory,
        processes: DecoderProcesses,
        *,
        analyses: StoredAnalyses,
        repeated: RepeatedAnalyses,
        rules: AlertRules,
        hot_lists: HotLists | None = None,
    ) -> None:
        self._batcher = batcher
        self._stages = stages
        self._recorder = recorder
        self._memory = memory
        self._processes = processes
        self._analyses = analyses
        self._repeated = repeated
        self._rules = rules
        self._hot_lists = hot_lists

    def build(self, config: Config, camera: CameraSettings) -> RunningCamera:
        """A camera that is ready to be added to the engine; a recorded one gets its tap.

        Raises:
            ConfigError: its address, masks or sampling cannot be used.
        """
        live = is_live(config, camera)
        recorder = self._recorder if live and camera.record else None
        tap = None if recorder is None else recorder.tap(camera.declaration())
        if camera.input_options.network.insecure:
            _log.warning("certificate_not_verified", camera=camera.id, fix="Give tls_ca instead of tls: insecure")
        source = build_source(
            config, camera, stages=self._stages, tap=tap, memory=self._memory, processes=self._processes
        )
        drop = WhenFull.DROP_OLDEST if config.engine.live_drop == "oldest" else WhenFull.DROP_NEWEST
        when_full = drop if live else WhenFull.WAIT
        queue = self._batcher.open_queue(camera.id, config.engine.queue_frames, when_full, camera.priority)
        return RunningCamera(
            camera.declaration(), CameraFeed(source, queue), self._stream_factory(config, camera, live=live)
        )

    def _stream_factory(self, config: Config, camera: CameraSettings, *, live: bool) -> StreamFactory:
        lpr = config.lpr if camera.reads_plates else None
        analysis = Analysis(
            config.detect.model,
            config.detect.plate_model or "",
            lpr.model if lpr else "",
            config.detect.input_size,
            camera.analyze_fps,
            config.analyze.adaptive,
        )

        areas = camera.traffic_areas()

        def new_stream(first: Frame) -> CameraStream:
            log = None
            if not live and self._analyses.begin(camera.id, first.stream_id, analysis):
                log = self._repeated.open(camera.id, first.stream_id)
            observers: list[TrackObserver] = []
            if lpr is not None:
                lists = self._hot_lists
                watch = None if lists is None else lists.watch(camera.id, first.stream_id, live=live)
                observers.append(PlateObserver(camera.id, first.stream_id, lpr, camera.ignore, watch))
            observers.append(
                TrackSummarizer(
                    camera.id,
                    first.stream_id,
                    config.analytics,
                    camera.calibration,
                    summaries=not why_no_tracks(camera.camera()),
                )
            )
            if areas:
                observers.append(_traffic_observer(config, camera, areas, first))
            observers.append(self._rules.observer(config, camera, first, live=live))
            tracker = build_tracker(config.detect.track)
            adaptive = None
            if config.analyze.adaptive:
                plate_px = lpr.min_height_px if lpr else math.inf
                adaptive = AdaptiveController(config.analyze.max_interval_s, config.detect.track.lost_s, plate_px)
            return CameraStream(first.stream_id, tracker, observers, adaptive=adaptive, repeatable=not live, log=log)

        return new_stream

    def dismantle(self, camera_id: str) -> None:
        """Close the recording of a camera that has left the engine."""
        if self._recorder is not None:
            self._recorder.remove_tap(camera_id)


def _traffic_observer(config: Config, camera: CameraSettings, areas: TrafficAreas, first: Frame) -> TrackObserver:
    """Counts traffic by the camera's areas, unless they were drawn for an image of another shape."""
    drawn, size = camera.areas.drawn_size, (first.image.width, first.image.height)
    if drawn is not None and not fits(drawn, *size):
        return UnusedAreas(camera.id, first.stream_id, drawn, size)
    return TrafficObserver(camera.id, first.stream_id, areas, config.analytics, camera.calibration)
