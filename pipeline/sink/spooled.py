"""Spooled sink: a spool on disk, a delivery thread and retries around any `EventWriter`."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from pipeline.domain.backoff import Backoff
from pipeline.domain.credentials import redact
from pipeline.domain.event_compatibility import read_event, why_unreadable
from pipeline.domain.event_identity import is_own_id
from pipeline.domain.event_writer import AcknowledgedDataLost, EventRecord, EventRefused, EventWriter, Postponed
from pipeline.domain.events import Event, encode
from pipeline.domain.ports import SinkStatus
from pipeline.errors import Backpressure, SinkError, ViapublicaError
from pipeline.policy.gate import WRONG_ID, Admission, Refusal, RefusalRule
from pipeline.sink.data_folders import sink_folder
from pipeline.sink.event_json import to_json
from pipeline.sink.flush_schedule import FlushSchedule
from pipeline.sink.rejected_events import RejectedEventsFile
from pipeline.sink.settings import DeliverySettings
from pipeline.sink.spool.record_format import Record
from pipeline.sink.spool.spool import Spool

_log = structlog.get_logger(__name__)

# A writer stuck in a call gets this long to return after the close timeout.
_STUCK_S = 2.0


class SpooledSink:
    """An `EventSink`: accepts to disk, delivers in order from its own thread, loses nothing that was accepted.

    Accepted events are in ``<data_dir>/spool/<name>/`` until the destination has confirmed them, and some time after.
    What a stop or a kill left undelivered is sent first on the next start. Events that the destination refuses are in
    ``<data_dir>/refused/<name>.jsonl``.

    Args:
        writer: delivers batches.
        settings: batches, spool, retries, timeouts.
        data_dir: folder of this program's data.
        admit: decides about each event again just before it is delivered: a spool may hold what was accepted under
            another declaration of its camera, or was written by another program.

    Raises:
        SinkError: the folders cannot be created, another process runs this sink, or the spool cannot be read.
    """

    def __init__(self, writer: EventWriter, settings: DeliverySettings, data_dir: Path, admit: Admission) -> None:
        self._writer = writer
        self._admit = admit
        self._settings = settings
        self._log = _log.bind(sink=settings.name, target=writer.target)
        self._refused_file = RejectedEventsFile(sink_folder(data_dir / "refused") / f"{settings.name}.jsonl")
        self._spool = Spool(settings.name, sink_folder(data_dir / "spool") / settings.name, settings.spool)
        found = self._spool.status()
        if found.pending:
            self._log.info("resending_events_of_last_run", events=found.pending)
        self._first = found.acked
        self._schedule = FlushSchedule(found.acked, found.next_offset, settings.batch_interval_s)
        self._adding = threading.Lock()
        self._delivered = 0
        self._refused = 0
        self._never_spooled = 0  # of the refused events
        self._newer = 0
        self._retries = 0
        self._error = ""
        self._open = False
        self._data_loss: AcknowledgedDataLost | None = None
        self._closing = threading.Lock()
        self._finished = False
        # A daemon: a writer that hangs must not prevent the program from ending.
        self._thread = threading.Thread(target=self._run, name=f"sink-{settings.name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """Its name in the configuration."""
        return self._settings.name

    def add(self, events: Sequence[Event]) -> None:
        """Accept all of these events, or none.

        Raises:
            Backpressure: the spool or the disk is full; nothing was accepted.
            SinkError: closed.
        """
        if self._schedule.closed:
            raise SinkError(self.name, "it is closed and takes no more events")
        self._accept(events, over=False)

    def _accept(self, events: Sequence[Event], *, over: bool) -> None:
        payloads: list[bytes] = []
        refused: list[tuple[Event, str]] = []
        for event in events:
            try:
                payloads.append(to_json(event))
            except EventRefused as refusal:
                refused.append((event, str(refusal)))
        with self._adding:
            if payloads:
                first = self._spool.append(payloads, over=over)
                self._schedule.added(first + len(payloads))
                self._schedule.reached(self._spool.acked)  # a full spool may have dropped its oldest
            for event, reason in refused:
                self._refused_file.append_withheld(event, reason)
                self._count_refused(event, reason)
                self._never_spooled += 1

    def flush(self, timeout_s: float) -> None:
        """Return when everything accepted so far is confirmed by the destination, or refused.

        Raises:
            SinkError: not within `timeout_s`; what is still pending stays in the spool.
        """
        left = self._schedule.flush(timeout_s)
        if left:
            reason = self._error or "the destination has not confirmed them yet"
            raise SinkError(self.name, f"{left} events are not delivered after {timeout_s:g} s: {reason}")

    def status(self) -> SinkStatus:
        """A snapshot; safe from any thread."""
        spool = self._spool.status()
        waited_s = 0.0 if spool.oldest_ms is None else max(0.001, time.time() - spool.oldest_ms / 1000)
        return SinkStatus(
            name=self.name,
            accepted=spool.next_offset - self._first + self._never_spooled,
            delivered=self._delivered,
            pending=spool.pending,
            oldest_pending_s=waited_s,
            retries=self._retries,
            error=self._error,
            refused=self._refused,
            lost=spool.lost,
            spool_bytes=spool.size,
            newer=self._newer,
            damaged_parts=getattr(self._writer, "damaged_parts", 0),  # of writers of an event store
        )

    def give_up(self) -> None:
        """See `EventSink.give_up`."""
        self._schedule.close(0)

    def close(self, timeout_s: float | None = None, last: Sequence[Event] = ()) -> None:
        """See `EventSink.close`; its own timeout is `close_timeout_s` of the settings."""
        with self._closing:
            if self._finished:
                return
            self._finished = True
            try:
                self._accept(last, over=True)
            except Backpressure as error:
                raise SinkError(self.name, f"its last {len(last)} events could not be stored: {error}") from error
            finally:
                self._schedule.close(self._settings.close_timeout_s if timeout_s is None else timeout_s)
                self._await_thread()
                self._spool.close()
            if left := self._spool.status().pending:
                self._log.warning("events_left_for_next_start", events=left)

    def _await_thread(self) -> None:
        """Until it ends, or is stuck in a call after the last try may have started (`give_up` can move that)."""
        stuck_at: float | None = None
        while self._thread.is_alive() and (stuck_at is None or time.monotonic() < stuck_at):
            self._thread.join(0.05)
            if stuck_at is None and self._schedule.expired:
                stuck_at = time.monotonic() + _STUCK_S

    def _run(self) -> None:
        most = self._settings.batch_events
        backoff = Backoff(self._settings.retry_initial_s, self._settings.retry_max_s)
        try:
            while True:
                try:
                    if self._data_loss is not None:
                        self._resend(self._data_loss)
                        self._data_loss = None
                    if not self._open:
                        self._writer.open()
                        self._open = True
                        if not self._schedule.waiting:
                            self._error = ""
                    if not self._schedule.wait(most):
                        if self._schedule.closed:
                            return
                        continue
                    most = self._deliver(self._spool.read(most))
                    backoff.reset()
                except AcknowledgedDataLost as loss:
                    self._open, self._data_loss = True, loss
                except Postponed as later:
                    self._spool.rewind()
                    if self._schedule.closed:
                        return
                    self._schedule.pause(later.seconds)
                except Exception as error:  # noqa: BLE001 - whatever a driver raises, the events must stay in order
                    self._spool.rewind()
                    if self._pause(error, backoff):
                        return
        finally:
            self._writer.close()

    def _deliver(self, records: Sequence[Record]) -> int:
        """Write a batch; the size to try next. A refused batch is halved until the culprit stands alone."""
        batch = [found for record in records if (found := self._decoded(record)) is not None]
        try:
            if batch:
                self._writer.write(batch)
        except EventRefused as refusal:
            if len(batch) > 1:
                self._spool.rewind()
                return len(batch) // 2
            self._refuse(batch[0].event, str(refusal))  # admitted by the gate: `_decoded`
        else:
            self._delivered += len(batch)
            self._error = ""
        self._spool.acknowledge(self._spool.position)
        self._schedule.reached(self._spool.acked)
        return min(self._settings.batch_events, max(1, len(records)) * 2)

    def _resend(self, loss: AcknowledgedDataLost) -> None:
        """Deliver everything again that the spool still retains: the destination has lost what it had confirmed."""
        before = self._spool.acked
        self._spool.rewind(0)
        self._schedule.back_to(self._spool.acked)
        self._log.error("sink_lost_confirmed_events", resending=before - self._spool.acked, reason=redact(str(loss)))

    def _decoded(self, record: Record) -> EventRecord | None:
        """The event in a record of the spool, which a newer version of the program may have written."""
        try:
            event, ignored = read_event(record.payload)
        except (ValueError, msgspec.MsgspecError) as error:
            reason = why_unreadable(error)
            self._refused_file.append_digest(record.payload, f"event {record.offset} of the spool: {reason}")
            self._refused += 1
            self._log.error("spooled_event_unreadable", offset=record.offset, reason=reason)
            return None
        admitted = self._admit(event)
        if isinstance(admitted, Refusal):
            self._withhold(event, admitted)
            return None
        if not is_own_id(event.event_id, record.payload if ignored else encode(event)):
            self._withhold(event, WRONG_ID)
            return None
        self._newer += bool(ignored)
        return EventRecord(admitted, encode(admitted) if ignored or admitted is not event else record.payload)

    def _withhold(self, event: Event, refusal: Refusal) -> None:
        """Count and note an event that the gate refuses: without its content, unless only its time is wrong."""
        if refusal.event is not None:
            self._refused_file.append(refusal.event, refusal.reason)
        elif refusal.rule is not RefusalRule.ERASED:
            self._refused_file.append_withheld(event, refusal.reason)
        self._refused += 1
        if refusal.rule is not RefusalRule.ERASED:  # a line for each would trace an erased vehicle
            self._log.error("spooled_event_refused", rule=refusal.rule.value, reason=refusal.reason)

    def _refuse(self, event: Event, reason: str) -> None:
        self._refused_file.append(event, reason)
        self._count_refused(event, reason)

    def _count_refused(self, event: Event, reason: str) -> None:
        self._refused += 1
        self._log.error("event_refused", event_id=str(event.event_id), reason=redact(reason))

    def _pause(self, error: Exception, backoff: Backoff) -> bool:
        """Report a failure and wait for the next attempt; True when there will be none."""
        if not isinstance(error, ViapublicaError):
            self._log.exception("sink_bug", error_type=type(error).__name__)
        self._error = redact(str(error)) or type(error).__name__
        self._retries += 1
        self._writer.close()
        self._open = False
        status = self.status()
        self._log.warning(
            "sink_retry",
            error=self._error,
            waiting=status.pending,
            oldest_s=round(status.oldest_pending_s, 1),
            accepted=status.accepted,
        )
        if self._schedule.closed and not self._schedule.waiting:
            return True
        self._schedule.pause(backoff.pause_s())
        return self._schedule.expired
