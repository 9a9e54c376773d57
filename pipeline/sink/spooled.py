"""`SpooledSink`: a spool on disk, a thread and patience around any `Writer`."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from pipeline.domain.credentials import redact
from pipeline.domain.events import Event, decode
from pipeline.domain.ports import SinkStatus
from pipeline.errors import Backpressure, SinkError, ViapublicaError
from pipeline.sink.event_json import to_json
from pipeline.sink.flush_schedule import FlushSchedule
from pipeline.sink.rejected_events import RejectedEventsFile, private_folder
from pipeline.sink.settings import DeliverySettings
from pipeline.sink.spool.record_format import Record
from pipeline.sink.spool.spool import Spool
from pipeline.sink.writer import AcknowledgedDataLost, Refused, Writer

_log = structlog.get_logger(__name__)

# A writer stuck in a call gets this long to come back after the patience at the end is over.
_STUCK_S = 2.0


class SpooledSink:
    """An `EventSink`: accepts to disk, delivers in order from its own thread, forgets nothing that was accepted.

    Accepted events lie in ``<data_dir>/spool/<name>/`` until the other side has confirmed them, and some time after.
    What a stop or a kill left undelivered is sent first on the next start. Events that the other side refuses for good
    lie in ``<data_dir>/refused/<name>.jsonl``.

    Args:
        writer: delivers batches.
        settings: batches, spool, patience.
        data_dir: folder of this program's data.

    Raises:
        SinkError: the folders cannot be made, another process runs this sink, or the spool cannot be read.
    """

    def __init__(self, writer: Writer, settings: DeliverySettings, data_dir: Path) -> None:
        self._writer = writer
        self._settings = settings
        self._log = _log.bind(sink=settings.name, target=writer.target)
        self._refused_file = RejectedEventsFile(private_folder(data_dir / "refused") / f"{settings.name}.jsonl")
        self._spool = Spool(settings.name, private_folder(data_dir / "spool") / settings.name, settings.spool)
        kept = self._spool.status()
        if kept.pending:
            self._log.info("resending_events_of_last_run", events=kept.pending)
        self._first = kept.acked
        self._pace = FlushSchedule(kept.acked, kept.next_offset, settings.batch_interval_s)
        self._adding = threading.Lock()
        self._delivered = 0
        self._refused = 0
        self._turned_away = 0  # of the refused ones, those that never came into the spool
        self._retries = 0
        self._error = ""
        self._open = False
        self._forgotten: AcknowledgedDataLost | None = None
        self._closing = threading.Lock()
        self._finished = False
        # A daemon: a writer that hangs for ever must not keep the program from ending.
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
        if self._pace.closed:
            raise SinkError(self.name, "it is closed and takes no more events")
        self._accept(events, over=False)

    def _accept(self, events: Sequence[Event], *, over: bool) -> None:
        payloads: list[bytes] = []
        strange: list[tuple[Event, str]] = []
        for event in events:
            try:
                payloads.append(to_json(event))
            except Refused as refusal:
                strange.append((event, str(refusal)))
        with self._adding:
            if payloads:
                first = self._spool.append(payloads, over=over)
                self._pace.added(first + len(payloads))
                self._pace.reached(self._spool.acked)  # a full spool may have given up its oldest
            for event, reason in strange:
                self._refuse(event, reason)
                self._turned_away += 1

    def flush(self, timeout_s: float) -> None:
        """Return when everything accepted so far is confirmed by the other side, or refused and put aside.

        Raises:
            SinkError: not within `timeout_s`; what is still pending is kept.
        """
        left = self._pace.hurry(timeout_s)
        if left:
            reason = self._error or "the other side has not confirmed them yet"
            raise SinkError(self.name, f"{left} events are not delivered after {timeout_s:g} s: {reason}")

    def status(self) -> SinkStatus:
        """A snapshot; safe from any thread."""
        kept = self._spool.status()
        waited_s = 0.0 if kept.oldest_ms is None else max(0.001, time.time() - kept.oldest_ms / 1000)
        return SinkStatus(
            name=self.name,
            accepted=kept.next_offset - self._first + self._turned_away,
            delivered=self._delivered,
            pending=kept.pending,
            oldest_pending_s=waited_s,
            retries=self._retries,
            error=self._error,
            refused=self._refused,
            lost=kept.lost,
            spool_bytes=kept.size,
        )

    def give_up(self) -> None:
        """See `EventSink.give_up`."""
        self._pace.close(0)

    def close(self, timeout_s: float | None = None, last: Sequence[Event] = ()) -> None:
        """See `EventSink.close`; its own patience is `close_timeout_s` of the settings."""
        with self._closing:
            if self._finished:
                return
            self._finished = True
            try:
                self._accept(last, over=True)
            except Backpressure as error:
                raise SinkError(self.name, f"its last {len(last)} events could not be kept: {error}") from error
            finally:
                self._pace.close(self._settings.close_timeout_s if timeout_s is None else timeout_s)
                self._await_thread()
                self._spool.close()
            if left := self._spool.status().pending:
                self._log.warning("events_kept_for_next_start", events=left)

    def _await_thread(self) -> None:
        """Until it ends, or is stuck in a call after the last try may have started (`give_up` can move that)."""
        stuck_at: float | None = None
        while self._thread.is_alive() and (stuck_at is None or time.monotonic() < stuck_at):
            self._thread.join(0.05)
            if stuck_at is None and self._pace.expired:
                stuck_at = time.monotonic() + _STUCK_S

    def _run(self) -> None:
        most = self._settings.batch_events
        backoff_s = self._settings.retry_initial_s
        try:
            while True:
                try:
                    if self._forgotten is not None:
                        self._resend(self._forgotten)
                        self._forgotten = None
                    if not self._open:
                        self._writer.open()
                        self._open = True
                        if not self._pace.waiting:
                            self._error = ""
                    if not self._pace.wait(most):
                        if self._pace.closed:
                            return
                        continue
                    most = self._deliver(self._spool.read(most))
                    backoff_s = self._settings.retry_initial_s
                except AcknowledgedDataLost as loss:
                    self._open, self._forgotten = True, loss
                except Exception as error:  # noqa: BLE001 - whatever a driver throws, the events must stay in line
                    self._spool.rewind()
                    if self._give_up(error, backoff_s):
                        return
                    backoff_s = min(backoff_s * 2, self._settings.retry_max_s)
        finally:
            self._writer.close()

    def _deliver(self, records: Sequence[Record]) -> int:
        """Write a batch; the size to try next. A refused batch is halved until the culprit stands alone."""
        events = [event for record in records if (event := self._decoded(record)) is not None]
        try:
            if events:
                self._writer.write(events)
        except Refused as refusal:
            if len(events) > 1:
                self._spool.rewind()
                return len(events) // 2
            self._refuse(events[0], str(refusal))
        else:
            self._delivered += len(events)
            self._error = ""
        self._spool.acknowledge(self._spool.position)
        self._pace.reached(self._spool.acked)
        return min(self._settings.batch_events, max(1, len(records)) * 2)

    def _resend(self, loss: AcknowledgedDataLost) -> None:
        """Deliver everything again that the spool still keeps: the other side has lost what it had confirmed."""
        before = self._spool.acked
        self._spool.rewind(0)
        self._pace.back_to(self._spool.acked)
        self._log.error("sink_lost_confirmed_events", resending=before - self._spool.acked, reason=redact(str(loss)))

    def _decoded(self, record: Record) -> Event | None:
        try:
            return decode(record.payload)
        except (ValueError, msgspec.MsgspecError) as error:
            self._refused_file.append_line(record.payload, f"event {record.offset} of the spool: {error}")
            self._refused += 1
            self._log.error("spooled_event_unreadable", offset=record.offset, reason=str(error))
            return None

    def _refuse(self, event: Event, reason: str) -> None:
        self._refused_file.append(event, reason)
        self._refused += 1
        self._log.error("event_refused", event_id=str(event.event_id), reason=redact(reason))

    def _give_up(self, error: Exception, backoff_s: float) -> bool:
        """Note the trouble and wait for the next try; True when there will be none."""
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
        if self._pace.closed and not self._pace.waiting:
            return True
        # Full jitter on the upper half: many sinks that lost one broker must not come back in step.
        self._pace.pause(backoff_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret depends on it
        return self._pace.expired
