"""The main loop. One frame's way through the program can be read here from top to bottom.

decode (thread per camera, `feed`) → bounded `slot` → fair `batcher` → one network pass → the camera's tracker and plate
crops (`stream`) → one OCR batch → votes → events → policy gate and sinks (`outlet`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

import structlog

from pipeline.domain.camera import Camera
from pipeline.domain.events import Event
from pipeline.domain.frame import Frame
from pipeline.domain.ports import Detector, PlateReader
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_health import HealthWatch
from pipeline.engine.camera_stream import Stream
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_queue import FrameQueue, WhenFull
from pipeline.engine.preview import Preview
from pipeline.engine.run_statistics import RunStatistics
from pipeline.engine.source_alerts import SourceAlertWatch
from pipeline.lpr.plate_aggregator import OcrRequest
from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.stage_timing import Stage, StageClock

_log = structlog.get_logger(__name__)
_IDLE_S = 0.2
"""How long the loop waits for a frame before it looks after everything else."""
_JOIN_S = 10.0
"""How long all feeds together have to leave their source at the end."""

StreamFactory = Callable[[Camera, Frame], Stream]


class Engine:
    """Runs all cameras of one machine until they end or `stop` is called.

    Args:
        cameras: declarations by id.
        feeds: one per camera, not started.
        batcher: the one that the feeds' slots belong to.
        detector, reader: the networks; no reader, no plate reading.
        new_stream: makes the state of a new take of a camera.
        outlet: where events leave.
        metrics, stages: what is measured.
        preview: annotated images, or None.
        idle_close_s: a live camera silent for so long has its tracks closed.
    """

    def __init__(
        self,
        *,
        cameras: Mapping[str, Camera],
        feeds: Sequence[CameraFeed],
        batcher: FairBatcher,
        detector: Detector,
        reader: PlateReader | None,
        new_stream: StreamFactory,
        outlet: EventDispatcher,
        metrics: PipelineMetrics,
        stages: StageClock,
        preview: Preview | None = None,
        idle_close_s: float = 10.0,
    ) -> None:
        self.feeds = feeds
        self.outlet = outlet
        self.stages = stages
        self._tally = RunStatistics([feed.source.camera_id for feed in feeds], metrics)
        self._cameras = cameras
        self._batcher = batcher
        self._detector = detector
        self._reader = reader
        self._new_stream = new_stream
        self._preview = preview
        self._idle_close_s = idle_close_s
        self._health = HealthWatch(feeds)
        self._alerts = SourceAlertWatch()
        self._streams: dict[str, Stream] = {}
        self._stopping = threading.Event()

    @property
    def tally(self) -> RunStatistics:
        """Numbers of this run so far."""
        return self._tally

    def stop(self) -> None:
        """End soon and in good order; safe from any thread and from a signal handler."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """`stop` was called."""
        return self._stopping.is_set()

    def run(self, on_tick: Callable[[], None] = lambda: None) -> None:
        """Work until every source has ended or `stop` is called, then close all tracks. Sinks stay open.

        Args:
            on_tick: called after every batch and at least every 0.2 s.
        """
        for feed in self.feeds:
            feed.start()
        try:
            while not self.stopping and not all(feed.finished for feed in self.feeds):
                if batch := self._batcher.next_batch(self._may_take, _IDLE_S):
                    self._analyze(batch)
                self._look_after()
                on_tick()
        finally:
            for feed in self.feeds:
                feed.stop()
            deadline = time.monotonic() + _JOIN_S
            for feed in self.feeds:
                feed.join(max(0.0, deadline - time.monotonic()))
            for camera_id in list(self._streams):
                self._send(self._streams.pop(camera_id).close())
            self._tell_troubles()

    def _may_take(self, slot: FrameQueue) -> bool:
        """Files wait while a sink pushes back; live cameras go on."""
        return slot.when_full is not WhenFull.WAIT or not self.outlet.congested

    def _analyze(self, batch: Sequence[Frame]) -> None:
        with self.stages.stage(Stage.DETECT, items=len(batch)):
            found = self._detector.detect([frame.image for frame in batch])

        wanted: list[tuple[Stream, OcrRequest]] = []
        over: list[Stream] = []
        touched: dict[int, Stream] = {}
        with self.stages.stage(Stage.TRACK, items=len(batch)):
            for frame, detections in zip(batch, found, strict=True):
                stream = self._stream_of(frame, over)
                touched[id(stream)] = stream
                wanted += [(stream, request) for request in stream.follow(frame, detections)]
        self._read(wanted)
        with self.stages.stage(Stage.TRACK, items=len(batch)):
            events = [event for stream in touched.values() for event in stream.settle()]
            events += [event for stream in over for event in stream.close()]
        self._tally.analyzed(batch)
        self._send(events)
        if self._preview is not None:
            for stream in touched.values():
                self._preview.show(stream)

    def _stream_of(self, frame: Frame, over: list[Stream]) -> Stream:
        """The frame's stream. A new take of a camera ends the old one, which is put into `over`."""
        stream = self._streams.get(frame.camera_id)
        if stream is None or stream.stream_id != frame.stream_id:
            if stream is not None:
                over.append(stream)
            stream = self._new_stream(self._cameras[frame.camera_id], frame)
            self._streams[frame.camera_id] = stream
        return stream

    def _read(self, wanted: Sequence[tuple[Stream, OcrRequest]]) -> None:
        """Read the crops of all cameras in one batch and hand the results to their votes."""
        if not wanted or self._reader is None:
            return
        with self.stages.stage(Stage.READ, items=len(wanted)):
            probabilities = self._reader.read([request.crop for _, request in wanted])
            for (stream, request), seen in zip(wanted, probabilities, strict=True):
                stream.vote(request, seen)

    def _send(self, events: Sequence[Event]) -> None:
        if events:
            with self.stages.stage(Stage.SINK, items=len(events)):
                sent = self.outlet.send(events)
            self._tally.count(sent)
        else:
            self.outlet.pump()

    def _look_after(self) -> None:
        """Everything that is not a frame: health, streams that fell silent, sinks that pushed back."""
        self._tell_troubles()
        for feed in self.feeds:
            stream = self._streams.get(feed.source.camera_id)
            if stream is None or stream.last_frame is None:
                continue
            silent_s = time.monotonic() - stream.last_frame.arrived_s
            if feed.finished or (feed.source.live and silent_s > self._idle_close_s):
                self._send(self._streams.pop(feed.source.camera_id).close())

    def _tell_troubles(self) -> None:
        """Changes of the cameras' states, and what operators should look at."""
        changes = self._health.changes(self._last_ts_ms)
        alerts = self._alerts.about_cameras(changes)
        alerts += self._alerts.about_sinks(self.outlet.statuses(), self.outlet.lost)
        self._send([*changes, *alerts])

    def _last_ts_ms(self, camera_id: str) -> int | None:
        """Time of the newest analyzed frame of a camera."""
        stream = self._streams.get(camera_id)
        return stream.last_frame.ts_ms if stream is not None and stream.last_frame is not None else None
