"""The main loop of `viapublica run`. A frame's way through the program, one file per step:

1. `decode/capture_session.py`: decoded, placed in time, sampled, masked (a thread per camera)
2. `engine/camera_feed.py`: put into the camera's bounded queue (`engine/frame_queue.py`)
3. `engine/fair_batcher.py`: batched with frames of other cameras
4. `engine/frame_analyzer.py`: one detector pass, and one OCR pass over all plate crops
5. `engine/camera_stream.py`: tracked, and shown to the track observers
6. `lpr/plate_observer.py`, `analytics/track_summarizer.py`: events
7. `engine/event_dispatcher.py`: policy gate, then every sink
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog

from pipeline.domain.events import Event
from pipeline.domain.frame import Frame
from pipeline.domain.ports import Detector, PlateReader, SourceState
from pipeline.engine.alert_delivery import AlertDelivery
from pipeline.engine.alert_rules import AlertRules
from pipeline.engine.camera_health import HealthWatch
from pipeline.engine.camera_permissions import CameraPermissions
from pipeline.engine.camera_set import CameraSet
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.clock_drift import ClockDriftWatch
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_analyzer import FrameAnalyzer
from pipeline.engine.frame_queue import FrameQueue, WhenFull
from pipeline.engine.host_conflicts import HostConflicts
from pipeline.engine.hot_lists import HotLists
from pipeline.engine.image_watch import ImageWatch
from pipeline.engine.incident_watch import IncidentWatch
from pipeline.engine.live_views import LiveViews
from pipeline.engine.low_rate_watch import LowRateWatch
from pipeline.engine.open_incidents import OpenIncidents
from pipeline.engine.overload_watch import CameraLoad, OverloadWatch
from pipeline.engine.preview import Preview
from pipeline.engine.rate_sharing import RateControl
from pipeline.engine.recorded_extent import video_begins, video_ends
from pipeline.engine.run_report import CameraReport
from pipeline.engine.run_statistics import RunStatistics
from pipeline.engine.running_camera import RunningCamera
from pipeline.engine.scene_watch import SceneWatch
from pipeline.engine.source_alerts import SourceAlertWatch
from pipeline.engine.view_watch import ViewWatch
from pipeline.errors import SourceError
from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.stage_timing import Stage, StageClock

_log = structlog.get_logger(__name__)

_IDLE_S = 0.2
"""Maximum wait for a frame before everything else gets its turn."""
_JOIN_S = 10.0
"""Time that all feeds together have to leave their source at the end, and one feed when its camera is removed."""

_NOT_IN_VIEW: Final = "What was in view then, and counts of unfinished minutes, are not stored: run it again to its end"
_NOT_STORED: Final = "Nothing of this analysis is stored beside what an earlier one has stored: run it again to its end"

_REMEMBERED_REPORTS = 1000
"""Removed cameras whose part of the report is stored."""


class Engine:
    """Runs all cameras of one machine until they end or `stop` is called.

    Attributes:
        cameras: those that run; `add_camera` and `remove_camera` change them at any time.
        overload: frames that live cameras lose because the machine does not keep up; rates: lowers their rates then.
        low_rates: live cameras that deliver less than is configured; images: those whose images show nothing.
        clocks: those whose clock drifts; hosts: cameras at one host that may show one scene.
        permissions: cameras that the registry lets run; views: compares views with those that masks were confirmed for.
        rules: alert rules, and the incidents of live cameras.
        hot_lists: with which read plates are compared; None for no lists.
        removed: reports of cameras that were removed, oldest first.

    Args:
        batcher: the one that the feeds' queues belong to.
        detector, reader: the networks; no reader, no plate reading.
        dispatcher: where events leave.
        metrics, stages: what is measured.
        preview: annotated images, or None; live_views: for viewers in other processes, or None.
        idle_close_s: a live camera without frames for this long has its tracks closed.
        overload: compares analyzed and dropped frames.
        permissions: of the registry of cameras; None where every camera may run.
        rules: alert rules of the cameras' sessions; None where they have none.
        views: of the confirmed views; None where none are stored.
        hot_lists: see the attribute; opened, people: see `AlertDelivery`.
    """

    def __init__(
        self,
        *,
        batcher: FairBatcher,
        detector: Detector,
        reader: PlateReader | None,
        dispatcher: EventDispatcher,
        metrics: PipelineMetrics,
        stages: StageClock,
        preview: Preview | None = None,
        live_views: LiveViews | None = None,
        idle_close_s: float = 10.0,
        overload: OverloadWatch | None = None,
        permissions: CameraPermissions | None = None,
        rules: AlertRules | None = None,
        views: ViewWatch | None = None,
        hot_lists: HotLists | None = None,
        opened: OpenIncidents | None = None,
        people: IncidentWatch | None = None,
    ) -> None:
        self.cameras = CameraSet()
        self.dispatcher = dispatcher
        self.stages = stages
        self.statistics = RunStatistics(metrics)
        self.removed: deque[CameraReport] = deque(maxlen=_REMEMBERED_REPORTS)
        self.analyzer = FrameAnalyzer(
            detector, reader, self._new_stream, stages, on_fault=self._on_fault, on_decision=self.statistics.decided
        )
        self._batcher = batcher
        self._preview = preview
        self.displays = [one for one in (preview, live_views) if one is not None]
        self._idle_close_s = idle_close_s
        self._health = HealthWatch()
        self._alerts = SourceAlertWatch()
        self._scenes = SceneWatch(dispatcher.gate)
        self.hosts = HostConflicts(dispatcher.gate)
        self.overload = OverloadWatch() if overload is None else overload
        self.rates = RateControl()
        self.low_rates = LowRateWatch()
        self.images = ImageWatch()
        self.clocks = ClockDriftWatch()
        self.permissions = CameraPermissions() if permissions is None else permissions
        self.rules = AlertRules() if rules is None else rules
        self.views = ViewWatch() if views is None else views
        self.hot_lists = hot_lists
        self._delivery = AlertDelivery(
            dispatcher, self.rules, opened=opened, people=people, is_live=self.cameras.is_live
        )
        self._stopping = threading.Event()

    def add_camera(self, camera: RunningCamera) -> None:
        """Run one more camera, from now or from the start of `run`; safe from any thread.

        Raises:
            ConfigError: a camera of that id is running, or the run is ending.
        """

        def before_start() -> None:
            self.dispatcher.gate.declare(camera.camera)
            for shown in self.displays:
                shown.declare(camera.declaration)
            self.views.declare(camera.declaration, live=camera.feed.source.live)

        self.cameras.add(camera, before_start)

    def remove_camera(self, camera_id: str, timeout_s: float = _JOIN_S) -> None:
        """Stop a camera; when this returns, its tracks are closed and their events sent. Other cameras go on.

        Safe from any thread but the one that runs the engine.

        Raises:
            ValueError: no such camera.
            SourceError: it has not ended within `timeout_s`; it leaves when it does.
        """
        self.await_left(self.dismiss_camera(camera_id), timeout_s)

    def dismiss_camera(self, camera_id: str) -> RunningCamera:
        """Ask a camera to stop, and return at once; `await_left` waits for its end.

        Raises:
            ValueError: no such camera.
        """
        camera = self.cameras.get(camera_id)
        if camera is None:
            raise ValueError(f"no camera {camera_id} is running")
        camera.leaving.set()
        camera.feed.stop()
        return camera

    def await_left(self, camera: RunningCamera, timeout_s: float = _JOIN_S) -> None:
        """Wait for the end of a dismissed camera, see `remove_camera`.

        Raises:
            SourceError: it has not ended within `timeout_s`.
        """
        if not self.cameras.started:
            self._forget(camera)
        elif not camera.left.wait(timeout_s):
            problem = f"has not ended within {timeout_s:g} s"
            raise SourceError(camera.camera_id, problem, "It is removed when its source returns; try again")

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
        self.cameras.start()
        self._delivery.begin()
        try:
            while not self.stopping and (self.permissions.holds_run_open or not self.cameras.close_when_over()):
                if batch := self._batcher.next_batch(self._may_take, _IDLE_S):
                    self._analyze(batch)
                self._share_rates()
                self._check_cameras()
                on_tick()
        finally:
            self._finish()

    def _analyze(self, batch: Sequence[Frame]) -> None:
        live = {camera.camera_id for camera in self.cameras if camera.feed.source.live}
        views = self.views.check(batch, live)
        for camera_id in views.stopped:
            self._send(self.analyzer.close(camera_id))
        for camera_id, error in views.failed:
            self._on_fault(camera_id, error)
        alerts = [
            *self.hosts.check(),
            *self._scenes.check(views.frames),
            *self.images.check(batch, live, self._limits()),
            *self.clocks.check(batch, live),
        ]
        events = self.analyzer.analyze(views.frames)
        self.statistics.finished(batch)
        self._send([*views.events, *alerts, *events])
        for camera_id in dict.fromkeys(frame.camera_id for frame in views.frames):
            if (stream := self.analyzer.stream(camera_id)) is not None:
                self._show(stream)

    def _show(self, stream: CameraStream) -> None:
        try:
            for shown in self.displays:
                shown.show(stream)
        except Exception as error:  # noqa: BLE001 - a frame that cannot be drawn must not end the run
            if stream.last_frame is not None:
                self._on_fault(stream.last_frame.camera_id, error)

    def _on_fault(self, camera_id: str, error: Exception) -> None:
        """The analysis of a camera's frame failed: an outage of that camera."""
        camera = self.cameras.get(camera_id)
        if camera is not None:
            camera.feed.fail(error)

    def _new_stream(self, first: Frame) -> CameraStream:
        camera = self.cameras.get(first.camera_id)
        if camera is None:
            raise RuntimeError(f"a frame of camera {first.camera_id}, which is not running")
        stream = camera.new_stream(first)
        if stream.repeatable:
            self._send([video_begins(first)])
        return stream

    def _may_take(self, queue: FrameQueue) -> bool:
        """Files wait while a sink pushes back; live cameras go on."""
        return queue.when_full is not WhenFull.WAIT or not self.dispatcher.congested

    def _send(self, events: Sequence[Event]) -> None:
        if events:
            with self.stages.stage(Stage.SINK, items=len(events)):
                sent = self._delivery.send(events)
            self.statistics.count(sent)
        else:
            self.dispatcher.pump()

    def _share_rates(self) -> None:
        """Lower the rates of live cameras while they offer more than the machine analyzes, and restore them."""
        if not self.rates.due:
            return
        offers = [camera.offer() for camera in self.cameras if not camera.feed.finished]
        self._batcher.most = self.rates.batch_size(self._batcher.batch_size)
        limits = self.rates.update(offers, self._batcher.taken, self._batcher.waited_s)
        for camera in self.cameras:
            camera.feed.source.limit_fps(limits.get(camera.camera_id))

    def _check_cameras(self) -> None:
        """Everything but frames: health, streams without frames, cameras that leave, sinks that pushed back."""
        lists = [] if self.hot_lists is None else self.hot_lists.events()
        if news := [*self.permissions.events(self.dispatcher.gate), *lists]:
            self._send(news)
        self._report_health(self.cameras)
        if alerts := self.rules.due():
            self._send(alerts)
        self._delivery.send_steps()
        for camera in self.cameras:
            stream = self.analyzer.stream(camera.camera_id)
            if stream is not None and (camera.feed.finished or self._is_silent(camera, stream)):
                self._close_stream(camera)
            if camera.leaving.is_set() and camera.feed.finished:
                self._report_health([camera])
                self._send(self.rules.leave(camera.camera_id))
                self._forget(camera)

    def _close_stream(self, camera: RunningCamera) -> None:
        """End a camera's stream and send what is due; of a file that was stopped, only what is complete."""
        stream = self.analyzer.stream(camera.camera_id)
        if stream is None:
            return
        if not camera.feed.interrupted and not (stream.repeated and camera.feed.error):
            events = self.analyzer.close(camera.camera_id)
            if stream.repeatable and stream.last_frame is not None and not camera.feed.error:
                events.append(video_ends(stream.last_frame))
            self._send(events)
            return
        if stream.repeatable:
            _log.warning(
                "video_not_finished",
                camera=camera.camera_id,
                analyzed_until_ms=None if stream.last_frame is None else stream.last_frame.ts_ms,
                fix=_NOT_STORED if stream.repeated else _NOT_IN_VIEW,
            )
        self._send(self.analyzer.interrupt(camera.camera_id))

    def _is_silent(self, camera: RunningCamera, stream: CameraStream) -> bool:
        if stream.last_frame is None or not camera.feed.source.live:
            return False
        return time.monotonic() - stream.last_frame.arrived_s > self._idle_close_s

    def _forget(self, camera: RunningCamera) -> None:
        """Drop everything about a camera whose last events were sent; its part of the report stays."""
        self.removed.append(camera.report(self.statistics.remove_camera(camera.camera_id).decisions))
        self._health.forget(camera.camera_id)
        self._alerts.forget(camera.camera_id)
        self._scenes.forget(camera.camera_id)
        self.overload.forget(camera.camera_id)
        self.low_rates.forget(camera.camera_id)
        self.images.forget(camera.camera_id)
        self.clocks.forget(camera.camera_id)
        self.views.forget(camera.camera_id)
        self._batcher.close_queue(camera.feed.queue)
        self.dispatcher.gate.withdraw(camera.camera_id)
        self.cameras.drop(camera)

    def _report_health(self, cameras: Iterable[RunningCamera]) -> None:
        """Send changes of the cameras' states, and alerts about cameras and sinks."""
        feeds = [camera.feed for camera in cameras]
        limited = {camera_id: state for camera_id, (state, _) in self._limits().items()}
        states = limited | self.images.states() | self.views.states()
        changes = self._health.changes(feeds, self._last_ts_ms, states)
        changes += self.views.repeated(changes)
        self.images.restart(changes)
        alerts = self._alerts.about_cameras(changes)
        alerts += self._alerts.about_clocks(self.dispatcher.in_future)
        alerts += self._alerts.about_refusals(self.dispatcher.refused_by_rule)
        alerts += self._alerts.about_sinks(self.dispatcher.statuses(), self.dispatcher.lost)
        loads = self._loads() if self.overload.due else []
        overloads = self.overload.check(loads)
        rates = [camera.rate() for camera in self.cameras if camera.feed.source.live] if self.low_rates.due else []
        limits = [*overloads, *self.low_rates.check(rates, self.overload.overloaded)]
        self._send([*changes, *alerts, *self.images.without_states(limits)])

    def _limits(self) -> dict[str, tuple[SourceState, str]]:
        """State and detail of cameras that stream and of which frames are missing."""
        low = {camera_id: (SourceState.LOW_RATE, detail) for camera_id, detail in self.low_rates.details.items()}
        overloaded = self.overload.overloaded
        return low | {one: (SourceState.OVERLOADED, self.overload.detail(one)) for one in overloaded}

    def _loads(self) -> list[CameraLoad]:
        """Frames of the live cameras so far."""
        finished = self.statistics.finished_frames()
        live = [camera for camera in self.cameras if camera.feed.source.live]
        return [camera.load(finished.get(camera.camera_id, 0)) for camera in live]

    def _last_ts_ms(self, camera_id: str) -> int | None:
        """Time of the newest analyzed frame of a camera."""
        stream = self.analyzer.stream(camera_id)
        return stream.last_frame.ts_ms if stream is not None and stream.last_frame is not None else None

    def _finish(self) -> None:
        """End all feeds, close all streams."""
        if self._preview is not None:
            self._preview.report_replaced()
        self.cameras.close()
        for camera in self.cameras:
            camera.feed.stop()
        deadline = time.monotonic() + _JOIN_S
        for camera in self.cameras:
            camera.feed.join(max(0.0, deadline - time.monotonic()))
        self._report_health(self.cameras)
        self._send(self.permissions.events(self.dispatcher.gate))
        for camera in self.cameras:
            self._close_stream(camera)
        self._send([*self.rules.close(), *([] if self.hot_lists is None else self.hot_lists.close())])
        for camera in self.cameras:
            camera.left.set()
