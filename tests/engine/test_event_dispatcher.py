"""The dispatcher refuses events that policy forbids, applies backpressure, and counts lost events."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.event_identity import UNIDENTIFIED
from pipeline.domain.events import CountEvent, Event, PlateReadEvent
from pipeline.domain.plate import Layout
from pipeline.domain.ports import SinkStatus
from pipeline.engine import event_dispatcher
from pipeline.engine.event_dispatcher import EventDispatcher
from pipeline.errors import Backpressure, SinkError
from pipeline.observe.metrics import PipelineMetrics
from pipeline.policy.gate import Gate, Refusal, RefusalRule

ROAD = Camera("road", Scope.PUBLIC_ROAD)
SQUARE = Camera("square", Scope.PUBLIC_SQUARE)


class SmallSink:
    """Takes `room` events at a time; `drain` makes room again."""

    name = "small"

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken: list[Event] = []
        self.since_drain = 0
        self.gave_up = False
        self.closed_with: float | None = None
        self.broken_at_close = False

    def add(self, events: Sequence[Event]) -> None:
        if self.since_drain + len(events) > self.room:
            raise Backpressure(self.name, "full", 0.0)
        self.since_drain += len(events)
        self.taken += events

    def drain(self) -> None:
        self.since_drain = 0

    def flush(self, timeout_s: float) -> None:
        raise SinkError(self.name, "not confirmed")

    def status(self) -> SinkStatus:
        return SinkStatus(self.name, accepted=len(self.taken), pending=3 if self.broken_at_close else 0)

    def give_up(self) -> None:
        self.gave_up = True

    def close(self, timeout_s: float | None = None, last: Sequence[Event] = ()) -> None:
        self.closed_with = timeout_s
        self.taken += last
        if self.broken_at_close:
            raise SinkError(self.name, "the disk is full")


def count(number: int, camera: str = "road") -> CountEvent:
    return CountEvent(
        event_id=UNIDENTIFIED,
        camera_id=camera,
        ts_ms=number,
        label="car",
        count=1,
        stream_id="5",
    )


def plate(camera: str) -> PlateReadEvent:
    return PlateReadEvent(
        event_id=UNIDENTIFIED,
        camera_id=camera,
        ts_ms=1,
        plate="ABC1234",
        plate_key="ABC1C34",
        layout=Layout.BR_OLD,
        confidence=0.9,
        votes=3,
        vehicle="car",
        stream_id="5",
        track_id=1,
        first_ts_ms=0,
        x1=0,
        y1=0,
        x2=1,
        y2=1,
        frame=0,
    )


def dispatcher_to(sink: SmallSink, limit: int = 100, metrics: PipelineMetrics | None = None) -> EventDispatcher:
    return EventDispatcher(Gate({"road": ROAD, "square": SQUARE}), [sink], limit, metrics or PipelineMetrics())


def test_plates_of_a_square_never_leave() -> None:
    sink = SmallSink(10)
    metrics = PipelineMetrics()
    dispatcher = dispatcher_to(sink, metrics=metrics)
    passed = dispatcher.send([plate("square"), plate("road"), plate("unknown")])
    assert [event.camera_id for event in passed] == ["road"]
    assert [event.camera_id for event in sink.taken] == ["road"]
    assert sum(dispatcher.refused.values()) == 2
    assert {
        reason: metrics.registry.get_sample_value("viapublica_events_refused_total", {"reason": reason})
        for reason in dispatcher.refused
    } == dispatcher.refused


def test_backpressure_pauses_files_and_loses_nothing() -> None:
    sink = SmallSink(2)
    dispatcher = dispatcher_to(sink)
    events = [count(number) for number in range(2)]
    dispatcher.send(events)
    congested = [dispatcher.congested]
    dispatcher.send([count(2)])
    congested.append(dispatcher.congested)
    sink.drain()
    dispatcher.pump()
    congested.append(dispatcher.congested)
    assert congested == [False, True, False]
    assert [event.ts_ms for event in sink.taken] == [0, 1, 2]
    assert not dispatcher.lost


def test_a_full_backlog_loses_the_oldest_and_counts_them() -> None:
    sink = SmallSink(0)
    dispatcher = dispatcher_to(sink, limit=3)
    dispatcher.send([count(number) for number in range(5)])
    assert dispatcher.lost == {"small": 2}
    sink.room = 3
    dispatcher.pump()
    assert [event.ts_ms for event in sink.taken] == [2, 3, 4]


def test_closing_passes_on_what_a_full_sink_did_not_accept() -> None:
    sink = SmallSink(0)
    dispatcher = dispatcher_to(sink)
    dispatcher.send([count(1)])
    dispatcher.close(7.0)
    assert [event.ts_ms for event in sink.taken] == [1]
    assert sink.closed_with == 7.0
    assert not dispatcher.lost


def test_a_sink_that_cannot_close_is_counted_and_does_not_affect_the_others() -> None:
    broken, sound = SmallSink(9), SmallSink(9)
    broken.broken_at_close = True
    dispatcher = EventDispatcher(Gate({"road": ROAD}), [broken, sound], 100, PipelineMetrics())
    dispatcher.close(1.0)
    assert dispatcher.lost == {"small": 3}
    assert sound.closed_with == 1.0


def test_giving_up_reaches_every_sink() -> None:
    sinks = [SmallSink(9), SmallSink(9)]
    EventDispatcher(Gate({"road": ROAD}), sinks, 100, PipelineMetrics()).give_up()
    assert all(sink.gave_up for sink in sinks)


def test_a_sink_that_is_stuck_does_not_keep_a_run_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_dispatcher, "_STUCK_S", 0.3)
    stuck = threading.Event()

    class StuckSink(SmallSink):
        def close(self, timeout_s: float | None = None, last: Sequence[Event] = ()) -> None:
            stuck.wait(60)

    dispatcher = dispatcher_to(StuckSink(10))
    dispatcher.give_up()
    closing = threading.Thread(target=dispatcher.close, args=(1.0,), daemon=True)
    closing.start()
    closing.join(60)
    assert not closing.is_alive()
    stuck.set()


def test_an_erased_vehicle_is_not_traced_by_the_log_or_the_counters(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("pipeline.engine.event_dispatcher.time.monotonic", lambda: now[0])
    gate = Gate({"road": ROAD}, conditions=[lambda _: Refusal(RefusalRule.ERASED, "its vehicle was erased on request")])
    dispatcher = EventDispatcher(gate, [SmallSink(9)], 9, PipelineMetrics())
    with capture_logs() as lines:
        for number in range(3):
            assert dispatcher.send([count(number)]) == []
        now[0] = 3599.0
        dispatcher.pump()
        assert (lines, sum(dispatcher.refused.values())) == ([], 0)
        now[0] = 3600.0
        dispatcher.pump()
        dispatcher.pump()
    (line,) = lines
    assert line["events"] == 3
    assert "camera" not in line
    assert sum(dispatcher.refused.values()) == 3
