"""Dispatch of events: policy gate, then every sink, with backpressure for files."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from itertools import islice

import structlog

from pipeline.domain.events import Event, kind_of
from pipeline.domain.ports import EventSink, SinkStatus
from pipeline.errors import Backpressure, SinkError, ViapublicaError
from pipeline.observe.metrics import PipelineMetrics
from pipeline.policy.gate import Admission, Gate, Refusal, RefusalRule

_log = structlog.get_logger(__name__)
_STUCK_S = 10.0
_STEP_S = 0.1
_CHUNK = 1000
"""Events per `add`: small enough that a nearly full sink still takes some."""
_ERASED_EVERY_S = 3600.0
"""Of counts of events that were erased on request: a line or a counter for each would trace the vehicle."""


class EventDispatcher:
    """Sends events to all sinks; used by one thread.

    Args:
        gate: decides which events may leave.
        sinks: all of them get every event.
        backlog_limit: events held in memory for a sink that pushes back. Files pause long before
            (`congested`); only live cameras can fill it, and then the oldest events are lost, counted and logged.
        metrics: counts the events that the gate refuses.
    """

    def __init__(self, gate: Gate, sinks: Sequence[EventSink], backlog_limit: int, metrics: PipelineMetrics) -> None:
        self.gate = gate
        self._metrics = metrics
        self._sinks = sinks
        self._limit = backlog_limit
        self._backlogs: list[deque[Event]] = [deque() for _ in sinks]
        self._retry_at = [0.0 for _ in sinks]
        self.sent: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.closing = False
        self._given_up = False
        self.in_future: Counter[str] = Counter()
        """Events of each camera that were refused for a time in the future."""
        self.refused_by_rule: Counter[tuple[str, str]] = Counter()
        """Events refused by policy, of each camera and rule; of cameras that are not registered together as "".
        Without those in the future, and those that were erased, which have to be refused."""
        self._condition_error = ""
        self._erased: Counter[str] = Counter()
        self._erased_since_s = time.monotonic()

    @property
    def congested(self) -> bool:
        """Whether a sink pushes back; files must pause."""
        return any(self._backlogs)

    def send(self, events: Iterable[Event], *, of_past: bool = False) -> list[Event]:
        """Pass events through the gate to the sinks; returns those that the gate let pass.

        Args:
            events: of cameras that run.
            of_past: they may be of cameras that do not run any more.
        """
        passed = []
        for event in events:
            admitted = self._admitted(event, self.gate.admit_stored if of_past else self.gate.admit)
            if isinstance(admitted, Refusal) and admitted.rule is RefusalRule.ERASED:
                self._erased[admitted.reason] += 1
                continue
            if isinstance(admitted, Refusal):
                reason = admitted.reason
                self.refused[reason] += 1
                self._metrics.refused(reason)
                self._log_refusal(event, admitted)
                continue
            passed.append(admitted)
            self.sent[kind_of(admitted).value] += 1
            for backlog in self._backlogs:
                backlog.append(admitted)
        self.pump()
        return passed

    def _admitted(self, event: Event, admit: Admission) -> Event | Refusal:
        """The gate's decision; where a condition cannot be asked now, the sinks ask it again before they deliver."""
        try:
            return admit(event)
        except ViapublicaError as error:
            if str(error) != self._condition_error:
                self._condition_error = str(error)
                _log.error("gate_condition_failed", error=str(error))
            return event

    def _log_refusal(self, event: Event, refusal: Refusal) -> None:
        """One line per camera and rule where every event of a camera may be refused."""
        if refusal.rule is RefusalRule.CLOCK:
            self.in_future[event.camera_id] += 1
            if self.in_future[event.camera_id] > 1:
                return
        else:
            registered = refusal.rule not in {RefusalRule.CAMERA, RefusalRule.KIND}
            self.refused_by_rule[event.camera_id if registered else "", refusal.rule.value] += 1
        _log.warning("event_refused", camera=event.camera_id, kind=kind_of(event).value, reason=refusal.reason)

    def _count_erased(self) -> None:
        """Count the events that were refused because of an erasure, by the hour, without camera and time."""
        self._erased_since_s = time.monotonic()
        for reason, events in self._erased.items():
            self.refused[reason] += events
            self._metrics.refused(reason, events)
            _log.info("erased_events_refused", events=events, reason=reason)
        self._erased.clear()

    def pump(self) -> None:
        """Try again to pass waiting events to the sinks."""
        if time.monotonic() - self._erased_since_s >= _ERASED_EVERY_S:
            self._count_erased()
        for number, (sink, backlog) in enumerate(zip(self._sinks, self._backlogs, strict=True)):
            while backlog and time.monotonic() >= self._retry_at[number]:
                chunk = list(islice(backlog, _CHUNK))
                try:
                    sink.add(chunk)
                except Backpressure as pressure:
                    self._retry_at[number] = time.monotonic() + pressure.retry_after_s
                    break
                for _ in chunk:
                    backlog.popleft()
            excess = len(backlog) - self._limit
            if excess > 0:
                for _ in range(excess):
                    backlog.popleft()
                self._lose(sink, excess, "backlog full")

    def give_up(self) -> None:
        """Start no further delivery; `close` writes waiting events to disk. Safe in a signal handler."""
        self._given_up = True
        for sink in self._sinks:
            sink.give_up()

    def close(self, timeout_s: float) -> None:
        """Close all sinks at the same time; a failing one does not delay the others.

        Args:
            timeout_s: how long a working sink may go on delivering; a failing one has only its own timeout.
                Undelivered events stay on disk for the next start.
        """
        self.closing = True
        self._count_erased()
        # Daemons: a sink that is stuck in its database must not prevent the program from ending.
        closers = [
            threading.Thread(
                target=self._close, args=(sink, backlog, timeout_s), name=f"close-{sink.name}", daemon=True
            )
            for sink, backlog in zip(self._sinks, self._backlogs, strict=True)
        ]
        for closer in closers:
            closer.start()
        for closer in closers:
            self._await(closer)

    def _await(self, closer: threading.Thread) -> None:
        """Until it ends; after `give_up`, not much longer: its sink may be stuck in a database that does not answer."""
        stuck_s = 0.0
        while closer.is_alive() and stuck_s < _STUCK_S:
            closer.join(_STEP_S)
            stuck_s += _STEP_S if self._given_up else 0.0
        if closer.is_alive():
            _log.error("sink_does_not_close", thread=closer.name, fix="What it has not delivered is sent next time")

    def _close(self, sink: EventSink, backlog: deque[Event], timeout_s: float) -> None:
        try:
            sink.close(None if sink.status().error else timeout_s, list(backlog))
        except SinkError as error:
            self._lose(sink, sink.status().pending, str(error))
        backlog.clear()

    def _lose(self, sink: EventSink, count: int, why: str) -> None:
        self.lost[sink.name] += count
        _log.error("events_lost", sink=sink.name, events=count, why=why, error=sink.status().error)

    def statuses(self) -> list[SinkStatus]:
        """A snapshot of every sink."""
        return [sink.status() for sink in self._sinks]
