"""Overload of the machine is reported at once, with advice, and so is its end."""

from __future__ import annotations

import itertools
import math
import re
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from pipeline.domain.camera import LEAST_FPS, Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.detections import Detections
from pipeline.domain.events import ENGINE_ID, AlertEvent, Event, HealthEvent
from pipeline.domain.frame import Frame, Image
from pipeline.domain.ports import EventSink, SinkStatus, SourceState, SourceStatus
from pipeline.engine.camera_feed import CameraFeed
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.capacity import Capacity
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.engine.fair_batcher import FairBatcher
from pipeline.engine.frame_queue import WhenFull
from pipeline.engine.live_loop import Engine
from pipeline.engine.overload_watch import CameraLoad, OverloadWatch
from pipeline.engine.rate_sharing import RateControl
from pipeline.engine.reconfigure import Reconfigurator
from pipeline.engine.running_camera import RunningCamera
from pipeline.engine.running_engine import RunningEngine
from pipeline.observe.metrics import PipelineMetrics
from pipeline.observe.stage_timing import StageClock
from pipeline.policy.event_texts import bounded_detail
from pipeline.policy.gate import Gate
from pipeline.record.camera_tap import DISK_TOO_SLOW, MASKS_TOO_SLOW
from tests.engine.frames import frame
from tests.engine.networks import PersonWithFace, SpyTracker


class Machine:
    """Cameras whose frames are counted by hand, and a clock."""

    def __init__(self, cameras: int) -> None:
        self.now_s = 0.0
        self.watch = OverloadWatch(lambda: self.now_s, lambda: 1_790_000_000_000 + int(self.now_s * 1000))
        self.counts = {f"cam-{n:02}": [0, 0] for n in range(cameras)}
        self.states = dict.fromkeys(self.counts, SourceState.STREAMING)

    def check(self, seconds: float, analyzed: int, dropped: int) -> list[Event]:
        """Some time goes by, in which each camera has these frames."""
        self.now_s += seconds
        for count in self.counts.values():
            count[0] += analyzed
            count[1] += dropped
        return self.watch.check(
            CameraLoad(camera, "session", self.states[camera], count[0], count[1])
            for camera, count in self.counts.items()
        )


def alerts(events: Sequence[Event]) -> list[AlertEvent]:
    return [event for event in events if isinstance(event, AlertEvent)]


def states(events: Sequence[Event]) -> dict[str, str]:
    return {event.camera_id: event.state for event in events if isinstance(event, HealthEvent)}


def overloaded(cameras: int = 12) -> Machine:
    machine = Machine(cameras)
    assert machine.check(10, 10, 40) == [], "the first window begins now"
    return machine


def test_an_overload_is_an_alert_a_log_line_and_a_state_of_each_camera() -> None:
    machine = overloaded()
    with capture_logs() as logs:
        events = machine.check(12, 20, 40)
    (alert,) = alerts(events)
    advice = "12 cameras x 5/s need 60 frames/s, this machine analyzes 20: remove 8, or add processor cores"
    assert (alert.camera_id, alert.rule, alert.detail) == (ENGINE_ID, "overloaded", advice)
    assert states(events) == dict.fromkeys(machine.counts, "overloaded")
    assert machine.watch.advice == advice
    assert machine.watch.detail("cam-03") == "33% of frames analyzed: 1.7 of 5.0 per second"
    assert [(line["event"], line["advice"]) for line in logs] == [("overloaded", advice)]
    assert machine.check(10, 17, 33) == [], "nothing new is nothing to report"


def test_the_end_of_an_overload_is_reported_and_an_hour_of_it_repeated() -> None:
    machine = overloaded(2)
    machine.check(10, 10, 40)
    for _ in range(360):
        events = machine.check(10, 10, 40)
    assert (len(alerts(events)), set(states(events).values())) == (1, {"overloaded"})
    ended = machine.check(10, 50, 0)
    assert [alert.rule for alert in alerts(ended)] == ["overload-ended"]
    assert set(states(ended).values()) == {"streaming"}
    assert (machine.watch.advice, machine.watch.detail("cam-00")) == ("", "")
    ids = [event.event_id for event in (*events, *ended)]
    assert len(set(ids)) == len(ids)


def test_the_end_of_an_overload_is_reported_within_ten_seconds() -> None:
    machine = overloaded(3)
    machine.check(10, 10, 40)
    assert machine.check(2, 10, 0) == []
    ended = machine.check(1, 5, 0)
    assert [alert.rule for alert in alerts(ended)] == ["overload-ended"]
    assert set(states(ended).values()) == {"streaming"}


def test_a_load_near_what_the_machine_carries_is_no_storm_of_alerts() -> None:
    machine = overloaded(3)
    sent = [alert.rule for n in range(1200) for alert in alerts(machine.check(1, 4, 2 if n // 14 % 2 else 0))]
    assert 2 <= len(sent) <= 16, sent


def test_the_last_lost_frame_of_a_slow_camera_is_still_an_overload() -> None:
    machine = overloaded(1)
    machine.check(10, 5, 5)
    assert machine.check(3, 2, 1) == []
    assert machine.watch.detail("cam-00") == "67% of frames analyzed: 0.7 of 1.0 per second"


@pytest.mark.parametrize(
    ("seconds", "analyzed", "dropped"),
    [(10, 50, 0), (10, 50, 5), (10, 2, 1), (3, 1, 14), (10, 0, 0)],
    ids=["none dropped", "a few", "too few to judge", "a burst", "no frames"],
)
def test_what_the_queues_absorb_is_no_overload(seconds: float, analyzed: int, dropped: int) -> None:
    machine = Machine(3)
    machine.check(10, 50, 0)
    assert machine.check(seconds, analyzed, dropped) == []


def test_a_camera_that_is_interrupted_during_an_overload_has_that_state_and_begins_anew() -> None:
    machine = overloaded(1)
    machine.check(10, 10, 40)
    machine.states["cam-00"] = SourceState.STALLED
    assert states(machine.check(10, 0, 0)) == {}, "its source reports that itself"
    machine.states["cam-00"] = SourceState.STREAMING
    assert states(machine.check(10, 10, 40)) == {"cam-00": "overloaded"}


@pytest.mark.parametrize(
    "state", [SourceState.STALLED, SourceState.BACKING_OFF, SourceState.CONNECTING, SourceState.FAILED]
)
@pytest.mark.parametrize("cameras", [1, 3])
def test_an_overload_does_not_end_because_a_camera_is_lost(cameras: int, state: SourceState) -> None:
    machine = overloaded(cameras)
    machine.check(10, 10, 40)
    machine.states["cam-00"] = state
    for _ in range(5):
        assert alerts(machine.check(10, 50, 0)) == []
    machine.states["cam-00"] = SourceState.STREAMING
    assert alerts(machine.check(10, 50, 0)) == [], "of this window it streamed a part"
    assert [alert.rule for alert in alerts(machine.check(10, 50, 0))] == ["overload-ended"]


def test_a_camera_that_is_lost_and_removed_holds_back_no_end() -> None:
    machine = overloaded(2)
    machine.check(10, 10, 40)
    machine.states["cam-00"] = SourceState.FAILED
    machine.check(10, 50, 0)
    del machine.counts["cam-00"]
    machine.watch.forget("cam-00")
    assert [alert.rule for alert in alerts(machine.check(10, 50, 0))] == ["overload-ended"]


def test_a_camera_that_was_lost_before_the_overload_holds_back_no_end() -> None:
    machine = Machine(2)
    machine.states["cam-01"] = SourceState.FAILED
    machine.check(10, 10, 40)
    machine.check(10, 10, 40)
    assert [alert.rule for alert in alerts(machine.check(10, 50, 0))] == ["overload-ended"]


@pytest.mark.parametrize("counts", [(0, 0), (3, 900), (900, 3)], ids=["from 0", "fewer analyzed", "fewer dropped"])
def test_counters_that_begin_again_are_no_load_and_end_no_overload(counts: tuple[int, int]) -> None:
    machine = overloaded(3)
    machine.check(10, 100, 400)
    advice = machine.watch.advice
    for camera in machine.counts:
        machine.counts[camera] = list(counts)
        machine.watch.forget(camera)
    assert machine.check(10, 0, 0) == []
    assert machine.watch.advice == advice, "what was measured last holds until the next window"
    events = machine.check(10, 50, 200)
    assert set(states(events).values()) == {"overloaded"}, "a restarted camera reports its state again"
    assert machine.watch.detail("cam-00") == "20% of frames analyzed: 5.0 of 25.0 per second"
    assert "3 cameras x 25/s need 75 frames/s, this machine analyzes 15" in machine.watch.advice
    assert [alert.rule for alert in alerts(machine.check(10, 250, 0))] == ["overload-ended"]


@pytest.mark.parametrize("advice", [MASKS_TOO_SLOW, DISK_TOO_SLOW])
def test_a_recording_that_loses_frames_is_an_alert_with_advice_once_an_hour(advice: str) -> None:
    now_s, slow = [0.0], {"bikes": advice}
    watch = OverloadWatch(lambda: now_s[0], lambda: int(now_s[0] * 1000), recordings=lambda: slow)
    details: list[tuple[str, str, str]] = []
    for _ in range(400):
        now_s[0] += 10
        details += [(alert.camera_id, alert.rule, alert.detail) for alert in alerts(watch.check([]))]
    assert details == [("bikes", "overloaded", advice)] * 2
    assert watch.advice == f"bikes: {advice}", "/health is degraded"
    assert bounded_detail(advice, "bikes") == advice
    slow.clear()
    assert watch.advice == ""


def test_the_gate_admits_both_alerts_of_an_overload() -> None:
    machine = overloaded(2)
    sent = [*alerts(machine.check(10, 10, 40)), *alerts(machine.check(10, 50, 0))]
    assert [alert.rule for alert in sent] == ["overloaded", "overload-ended"]
    assert [Gate({}).admit(alert) for alert in sent] == sent


def test_counters_that_fall_are_never_a_negative_load() -> None:
    machine = overloaded(3)
    machine.check(10, 100, 400)
    for camera in ("cam-00", "cam-01"):
        machine.counts[camera] = [0, 0]
    events = machine.check(10, 20, 80)
    assert not any("-" in event.detail for event in events if isinstance(event, HealthEvent | AlertEvent))
    assert machine.watch.advice.startswith("1 camera x 10/s needs 10 frames/s, this machine analyzes 2:")


def test_no_advice_sets_a_rate_at_which_passing_vehicles_are_missed() -> None:
    for cameras, rate, share in itertools.product((1, 2, 3, 12, 50), (1.0, 2.0, 5.0, 5.5, 10.0, 25.0), range(1, 20)):
        rates = (rate,) * cameras + (30.0,) * (cameras // 3)
        advice = Capacity(rates, sum(rates) * share / 20).advice()
        set_to = re.search(r"set analyze_fps to ([\d.]+)", advice)
        assert set_to is None or float(set_to[1]) >= LEAST_FPS, advice
        removed = re.search(r"remove (\d+)", advice)
        assert removed is None or 0 < int(removed[1]) < len(rates), advice
        assert set_to or removed or "use a faster machine" in advice, advice


@pytest.mark.parametrize(
    ("rates", "done", "advice"),
    [
        ((25.0,), 8.0, "1 camera x 25/s needs 25 frames/s, this machine analyzes 8: set analyze_fps to 7.2"),
        (
            (10.0, 20.0),
            18.0,
            "2 cameras need 30 frames/s, this machine analyzes 18: set analyze_fps to 8.1 or remove 1",
        ),
        (
            (2.0, 25.0),
            8.0,
            "2 cameras need 27 frames/s, this machine analyzes 8: set analyze_fps to 5.2 in 1 camera above it",
        ),
        (
            (5.0,) * 12,
            20.0,
            "12 cameras x 5/s need 60 frames/s, this machine analyzes 20: remove 8, or add processor cores",
        ),
        (
            (25.0,) * 12,
            40.0,
            "12 cameras x 25/s need 300 frames/s, this machine analyzes 40: "
            "set analyze_fps to 5 and remove 4, or add processor cores",
        ),
        ((5.0,), 3.0, "1 camera x 5/s needs 5 frames/s, this machine analyzes 3: use a faster machine"),
        ((5.0,) * 100, 3.0, "100 cameras x 5/s need 500 frames/s, this machine analyzes 3: use a faster machine"),
        ((2.0, 2.0), 30.0, "2 cameras x 2/s need 4 frames/s, this machine analyzes 30"),
    ],
)
def test_the_advice_names_need_capacity_and_remedy(rates: tuple[float, ...], done: float, advice: str) -> None:
    assert Capacity(rates, done).advice().startswith(advice)


def test_the_advice_leads_to_a_load_that_the_machine_carries() -> None:
    for cameras, fps, done in itertools.product((1, 2, 7, 12, 40), (1.0, 5.0, 25.0), (3.0, 18.6, 55.0)):
        advice = Capacity((fps,) * cameras, done).advice()
        lower = re.search(r"set analyze_fps to ([\d.]+)", advice)
        removed = re.search(r"remove (\d+)", advice)
        if lower and " or remove " in advice:
            assert float(lower[1]) * cameras <= done, advice
            lower = None
        if removed:
            assert (cameras - int(removed[1])) * (float(lower[1]) if lower else fps) <= done, advice


class EndlessCamera:
    """A live source that delivers a frame every millisecond."""

    live = True

    def __init__(self, camera_id: str) -> None:
        self.camera_id = camera_id
        self._stopped = threading.Event()
        self._limit_fps = math.inf
        self._delivered = 0
        self._dropped = 0

    def frames(self) -> Iterator[Frame]:
        due_s = 0.0
        for index in itertools.count():
            if self._stopped.wait(0.001):
                return
            if time.monotonic() < due_s:
                self._dropped += 1
                continue
            due_s = time.monotonic() + 1 / self._limit_fps
            self._delivered += 1
            yield frame(self.camera_id, index, arrived_s=time.monotonic())

    def status(self) -> SourceStatus:
        counts: dict[str, Any] = {"delivered": self._delivered, "drops": {"overload": self._dropped}}
        return SourceStatus(SourceState.STREAMING, stream_id="5e5510", **counts)

    def stop(self) -> None:
        self._stopped.set()

    def interrupt(self, problem: str) -> None:
        raise AssertionError(problem)

    def limit_fps(self, fps: float | None) -> None:
        self._limit_fps = math.inf if fps is None else fps


class SlowDetector(PersonWithFace):
    """A machine that does twenty frames a second, and finds nothing."""

    batch_size = 1

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        time.sleep(0.05)
        return [Detections.empty() for _ in images]


class Listener:
    """A sink that stops the engine at the first alert."""

    name = "listener"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.engine: Engine | None = None

    def add(self, events: Sequence[Event]) -> None:
        self.events += events
        if self.engine is not None and alerts(events):
            self.engine.stop()

    def status(self) -> SinkStatus:
        return SinkStatus(self.name)


def new_stream(first: Frame) -> CameraStream:
    return CameraStream(first.stream_id, SpyTracker(), [])


def test_a_running_engine_sends_the_alert_and_shows_the_state() -> None:
    metrics = PipelineMetrics()
    batcher = FairBatcher(1, 0)
    listener = Listener()
    engine = Engine(
        batcher=batcher,
        detector=SlowDetector(),
        reader=None,
        dispatcher=EventDispatcher(Gate({}), [cast(EventSink, listener)], 1000, metrics),
        metrics=metrics,
        stages=StageClock(metrics.stage),
        overload=OverloadWatch(window_s=0.5),
    )
    engine.rates = RateControl(window_s=0.2)
    listener.engine = engine
    for name in ("a", "b", "c"):
        feed = CameraFeed(EndlessCamera(name), batcher.open_queue(name, 4, WhenFull.DROP_OLDEST))
        engine.add_camera(RunningCamera(CameraDeclaration(Camera(name, Scope.PUBLIC_ROAD)), feed, new_stream))
    running = RunningEngine(engine, cast(Reconfigurator, None), None)
    metrics.watch_sources(running.sources)
    metrics.watch_advice(running.advice)
    limit = threading.Timer(60, engine.stop)
    limit.start()
    engine.run()
    limit.cancel()
    (alert,) = alerts(listener.events)
    assert alert.rule == "overloaded"
    assert alert.detail.startswith("3 cameras")
    assert {camera for camera, state in states(listener.events).items() if state == "overloaded"} == {"a", "b", "c"}
    assert {status.state for status in running.sources().values()} == {SourceState.OVERLOADED}
    limits = [status.limit_fps or 0.0 for status in running.sources().values()]
    assert 0 < sum(limits) <= 21, "what the machine analyzes"
    assert max(limits) / min(limits) <= 1.5
    assert b'viapublica_camera_limit_fps{camera="b"}' in generate_latest(metrics.registry)
    assert metrics.health()["overloaded_cameras"] == ["a", "b", "c"]
