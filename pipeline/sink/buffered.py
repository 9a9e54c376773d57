"""`BufferedSink`: a bounded line, a thread and patience around any `Writer`."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from pipeline.domain.events import Event
from pipeline.domain.ports import SinkStatus
from pipeline.domain.redact import redact
from pipeline.errors import Backpressure, SinkError, ViapublicaError
from pipeline.sink.locks import OwnerLock
from pipeline.sink.pending import Pending
from pipeline.sink.records import RefusedFile, UndeliveredFile, private_folder
from pipeline.sink.settings import DeliverySettings
from pipeline.sink.writer import Refused, Writer

_log = structlog.get_logger(__name__)

# A writer stuck in a call gets this long to come back after the patience at the end is over.
_STUCK_S = 2.0


class BufferedSink:
    """An `EventSink`: accepts quickly, delivers in order from its own thread, forgets nothing on a clean stop.

    Events that cannot be delivered before `close` gives up lie in ``<data_dir>/undelivered/<name>.jsonl`` and are sent
    first on the next start. Events that the other side refuses for good lie in ``<data_dir>/refused/<name>.jsonl``.

    Args:
        writer: delivers batches.
        settings: batches, limits, patience.
        data_dir: folder of this program's data.

    Raises:
        SinkError: the folders cannot be made, another process runs this sink, or what was left over cannot be read.
    """

    def __init__(self, writer: Writer, settings: DeliverySettings, data_dir: Path) -> None:
        self._writer = writer
        self._settings = settings
        self._log = _log.bind(sink=settings.name, target=writer.target)
        folder = private_folder(data_dir / "undelivered")
        self._undelivered = UndeliveredFile(folder / f"{settings.name}.jsonl")
        self._refused_file = RefusedFile(private_folder(data_dir / "refused") / f"{settings.name}.jsonl")
        self._lock = OwnerLock(folder / f"{settings.name}.lock")
        self._own()
        self._pending = Pending(settings.max_pending_events, settings.batch_interval_s)
        self._delivered = 0
        self._refused = 0
        self._retries = 0
        self._error = ""
        self._open = False
        self._closing = threading.Lock()
        self._finished = False
        self._keeping = threading.Lock()
        self._abandoned = False  # a thread that hung until after `close` must not remove what `close` wrote
        try:
            self._leftover = self._load_leftover()
        except SinkError:
            self._lock.release()
            raise
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
            Backpressure: full; nothing was accepted. An empty line takes any number at once.
            SinkError: closed.
        """
        if self._pending.add(events):
            return
        if self._pending.closed:
            raise SinkError(self.name, "it is closed and takes no more events")
        wait_s = max(0.05, min(self._settings.batch_interval_s, self._settings.retry_max_s))
        raise Backpressure(self.name, self._error or "more events come than are confirmed", wait_s)

    def flush(self, timeout_s: float) -> None:
        """Return when everything accepted so far is confirmed by the other side, or refused and put aside.

        Raises:
            SinkError: not within `timeout_s`; what is still pending is kept.
        """
        left = self._pending.hurry(timeout_s)
        if left:
            reason = self._error or "the other side has not confirmed them yet"
            raise SinkError(self.name, f"{left} events are not delivered after {timeout_s:g} s: {reason}")

    def status(self) -> SinkStatus:
        """A snapshot; safe from any thread."""
        accepted, pending, oldest_s = self._pending.counts()
        return SinkStatus(
            name=self.name,
            accepted=accepted,
            delivered=self._delivered,
            pending=pending,
            oldest_pending_s=oldest_s,
            retries=self._retries,
            error=self._error,
            refused=self._refused,
        )

    def give_up(self) -> None:
        """See `EventSink.give_up`."""
        self._pending.close(0)

    def close(self, timeout_s: float | None = None, last: Sequence[Event] = ()) -> None:
        """See `EventSink.close`; its own patience is `close_timeout_s` of the settings."""
        with self._closing:
            if self._finished:
                return
            self._finished = True
            self._pending.add_last(last)
            self._pending.close(self._settings.close_timeout_s if timeout_s is None else timeout_s)
            self._await_thread()
            with self._keeping:
                self._abandoned = True
                rest = self._pending.rest()
            try:
                if rest:
                    self._undelivered.save(rest)
                    self._log.warning("events_kept_for_next_start", events=len(rest), path=str(self._undelivered.path))
            finally:
                self._lock.release()

    def _await_thread(self) -> None:
        """Until it ends, or is stuck in a call after the last try may have started (`give_up` can move that)."""
        stuck_at: float | None = None
        while self._thread.is_alive() and (stuck_at is None or time.monotonic() < stuck_at):
            self._thread.join(0.05)
            if stuck_at is None and self._pending.expired:
                stuck_at = time.monotonic() + _STUCK_S

    def _own(self) -> None:
        try:
            owned = self._lock.acquire()
        except OSError as error:
            raise SinkError(self.name, f"its folder cannot be used: {error.strerror}") from error
        if not owned:
            raise SinkError(
                self.name,
                f"process {self._lock.owner_pid()} already runs this sink on this data folder",
                "Stop it, or use another data folder or another name.",
            )

    def _load_leftover(self) -> int:
        """Put what the last run left over first in line; how many are still to be delivered of it."""
        events, damaged = self._undelivered.load()
        for line, reason in damaged:
            self._refused_file.append_line(line, reason)
            self._refused += 1
            self._log.error("undelivered_line_damaged", reason=reason)
        if events:
            self._log.info("resending_events_of_last_run", events=len(events))
            self._pending.add_last(events)
        elif damaged:
            self._undelivered.clear()
        return len(events)

    def _run(self) -> None:
        most = self._settings.batch_events
        backoff_s = self._settings.retry_initial_s
        try:
            while True:
                try:
                    if not self._open:
                        self._writer.open()
                        self._open = True
                        if not self._pending.counts()[1]:
                            self._error = ""
                    batch = self._pending.take(most)
                    if not batch:
                        return
                    most = self._deliver(batch)
                    backoff_s = self._settings.retry_initial_s
                except Exception as error:  # noqa: BLE001 - whatever a driver throws, the events must stay in line
                    if self._give_up(error, backoff_s):
                        return
                    backoff_s = min(backoff_s * 2, self._settings.retry_max_s)
        finally:
            self._writer.close()

    def _deliver(self, batch: list[Event]) -> int:
        """Write a batch; the size to try next. A refused batch is halved until the culprit stands alone."""
        try:
            self._writer.write(batch)
        except Refused as refusal:
            if len(batch) > 1:
                return len(batch) // 2
            self._refused_file.append(batch[0], str(refusal))
            self._refused += 1
            self._log.error("event_refused", event_id=str(batch[0].event_id), reason=redact(str(refusal)))
        else:
            self._delivered += len(batch)
            self._error = ""
        self._settle(len(batch))
        return min(self._settings.batch_events, len(batch) * 2)

    def _settle(self, count: int) -> None:
        with self._keeping:
            if self._abandoned:
                return
            if self._leftover:
                self._leftover = max(0, self._leftover - count)
                if not self._leftover:
                    self._undelivered.clear()
            self._pending.done(count)

    def _give_up(self, error: Exception, backoff_s: float) -> bool:
        """Note the trouble and wait for the next try; True when there will be none."""
        if not isinstance(error, ViapublicaError):
            self._log.exception("sink_bug", error_type=type(error).__name__)
        self._error = redact(str(error)) or type(error).__name__
        self._retries += 1
        self._writer.close()
        self._open = False
        accepted, waiting, oldest_s = self._pending.counts()
        self._log.warning(
            "sink_retry", error=self._error, waiting=waiting, oldest_s=round(oldest_s, 1), accepted=accepted
        )
        if self._pending.closed and not waiting:
            return True
        # Full jitter on the upper half: many sinks that lost one broker must not come back in step.
        self._pending.pause(backoff_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret depends on it
        return self._pending.expired
