"""Spool of a sink: accepted events on disk, in order, until they are confirmed and for a retained window after."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import structlog

from pipeline.errors import Backpressure, SinkError
from pipeline.sink.data_folders import sink_folder
from pipeline.sink.spool.checkpoint import Checkpoint
from pipeline.sink.spool.record_format import LARGEST_PAYLOAD, RECORD_BYTES, Damage, Record
from pipeline.sink.spool.segment_files import read_segment
from pipeline.sink.spool.segment_log import SegmentLog
from pipeline.sink.spool.settings import FullSpoolPolicy, SpoolSettings, Sync
from pipeline.storage.locks import OwnerLock
from pipeline.storage.restore_note import check_not_restored

_log = structlog.get_logger(__name__)

_RETRY_S: Final = 0.2
_ARRIVAL_MS: Final = 1000
_ROLL_S: Final = 60.0
"""A segment is closed at least as often as this, so that it can expire."""


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """A snapshot.

    Attributes:
        first_offset: of the oldest event stored; acked: of the first not confirmed; next_offset: of the next accepted.
        size: bytes on disk; files: segments.
        lost: undelivered events lost to corruption or `drop-oldest` since the start of the program.
        damaged: corrupt parts of segments, since the start.
        oldest_ms: when the oldest unconfirmed event was accepted, ms since 1970, to a second or a segment; None when
            all is confirmed.
    """

    first_offset: int
    acked: int
    next_offset: int
    size: int
    files: int
    lost: int
    damaged: int
    oldest_ms: int | None

    @property
    def pending(self) -> int:
        """Events accepted and not confirmed."""
        return self.next_offset - self.acked


class Spool:
    """Any thread appends; one thread reads, delivers and acknowledges.

    Args:
        name: for messages.
        folder: its own; created when missing.
        settings: sizes, ages, syncs.
        memory_bytes: of the events appended last that stay in memory for a reader that keeps up.

    Raises:
        SinkError: the folder cannot be used, another process owns it, it is of a later version of this program, or it
            was restored and may not be used yet.
    """

    def __init__(self, name: str, folder: Path, settings: SpoolSettings, *, memory_bytes: int = 32 * 2**20) -> None:
        self._name = name
        self._folder = sink_folder(folder)
        check_not_restored([folder], SinkError)
        self._settings = settings
        self._memory_bytes = memory_bytes
        self._lock = OwnerLock(folder / "owner.lock")
        self._own()
        self._guard = threading.RLock()
        self._stop = threading.Event()
        self._dirty = False
        self._lost = self._damaged = 0
        self._checkpoint = Checkpoint(folder / "acked")
        try:
            self._segments = SegmentLog(folder, settings.segment_bytes)
            confirmed = self._checkpoint.load()
        except BaseException:
            self._lock.release()
            raise
        first = self._segments.first
        self._segments.next = max(self._segments.next, confirmed or 0)
        self._acked = min(max(first if confirmed is None else confirmed, first), self._segments.next)
        self._saved_offset = self._acked
        self._position = self._acked
        self._items: Iterator[Record | Damage] | None = None  # what is left of the segment that is being read
        self._reading, self._reading_first = folder, -1
        self._tail: deque[Record] = deque()
        self._tail_bytes = 0
        self._arrivals: deque[tuple[int, int]] = deque()  # (offset after them, ms since 1970), about one per second
        self._note_backlog()
        self._thread = threading.Thread(target=self._maintain, name=f"spool-{name}", daemon=True)
        self._thread.start()

    @property
    def acked(self) -> int:
        """Offset of the first event that is not confirmed."""
        return self._acked

    @property
    def position(self) -> int:
        """Offset of the next event that `read` gives."""
        return self._position

    def append(self, payloads: Sequence[bytes], *, over: bool = False) -> int:
        """Accept all of these events, or none; returns the offset of the first.

        Args:
            payloads: an event each.
            over: also when the spool exceeds its limit: the last events before a stop.

        Raises:
            Backpressure: the spool or the disk is full; nothing was accepted.
            SinkError: closed, or an empty event, or one larger than any segment may hold.
        """
        payloads = list(payloads)
        if max(map(len, payloads), default=0) > LARGEST_PAYLOAD:
            raise SinkError(self._name, f"an event of more than {LARGEST_PAYLOAD} bytes cannot be stored")
        if not all(payloads):
            raise SinkError(self._name, "an empty event cannot be stored: it would stand for an erased one")
        size = sum(map(len, payloads)) + RECORD_BYTES * len(payloads)
        with self._guard:
            if self._stop.is_set():
                raise SinkError(self._name, "its spool is closed and takes no more events")
            try:
                if not over:
                    self._make_space(size)
                now_ms, first = time.time_ns() // 1_000_000, self._segments.next
                self._write(now_ms, payloads)
            except OSError as error:
                what = error.strerror or str(error)
                named = f"{what} ({error.filename})" if error.filename else what
                raise Backpressure(self._name, f"the disk does not take it: {named}", _RETRY_S) from error
            self._remember(first, now_ms, payloads)
        return first

    def read(self, most: int) -> list[Record]:
        """The next events after those already read, in order, at most `most`; empty when there are no more.

        Corrupt parts are skipped, logged and counted; erased events are skipped.

        Raises:
            SinkError: a segment cannot be read.
        """
        with self._guard:
            found: list[Record] = []
            while len(found) < most and self._position < self._segments.next:
                if self._tail and self._tail[0].offset <= self._position:
                    skip = self._position - self._tail[0].offset
                    found += islice(self._tail, skip, skip + most - len(found))
                    # What was open is not where the files go on when the memory ends.
                    self._position, self._items = found[-1].offset + 1, None
                else:
                    self._read_file(found, most)
            return found

    def acknowledge(self, offset: int) -> None:
        """All events before `offset` are confirmed."""
        with self._guard:
            self._acked = max(self._acked, min(offset, self._segments.next))
            if self._position < self._acked:
                self._position, self._items = self._acked, None
            while self._tail and self._tail[0].offset < self._acked:
                self._tail_bytes -= len(self._tail.popleft().payload)
            while self._arrivals and self._arrivals[0][0] <= self._acked:
                self._arrivals.popleft()

    def rewind(self, offset: int | None = None) -> None:
        """Read again from the first unconfirmed event, or from an earlier one, unconfirmed from then on."""
        with self._guard:
            if offset is not None:
                self._acked = max(min(offset, self._acked), self._segments.first)
                self._save_checkpoint(sync=True)  # at once: a kill must not bring back what was confirmed before
                self._tail.clear()
                self._tail_bytes = 0
                self._note_backlog()
            self._position, self._items = self._acked, None

    def trim(self) -> None:
        """Delete all events that are confirmed, whatever their retained window."""
        with self._guard:
            self._segments.roll()
            while self._segments.closed and self._segments.end_of(0) <= self._acked:
                self._segments.drop_first()

    def status(self) -> SpoolStatus:
        """A snapshot; safe from any thread."""
        with self._guard:
            log, oldest_ms = self._segments, self._arrivals[0][1] if self._arrivals else None
            counts = (log.first, self._acked, log.next, log.size, log.files, self._lost, self._damaged)
            return SpoolStatus(*counts, oldest_ms)

    def close(self) -> None:
        """Store the checkpoint and release the folder.

        Raises:
            SinkError: the disk did not take the last of it.
        """
        if self._stop.is_set():
            return
        self._stop.set()
        self._thread.join()
        try:
            with self._guard:
                self._segments.close()
                self._save_checkpoint(sync=self._settings.sync is not Sync.NEVER)
        except OSError as error:
            raise SinkError(self._name, f"its spool {self._folder} could not be closed: {error.strerror}") from error
        finally:
            self._lock.release()

    def _own(self) -> None:
        try:
            owned = self._lock.acquire()
        except OSError as error:
            raise SinkError(self._name, f"its spool {self._folder} cannot be used: {error.strerror}") from error
        if not owned:
            raise SinkError(
                self._name,
                f"process {self._lock.owner_pid()} uses this data folder (spool {self._folder})",
                "Stop it, or use another data folder or another name.",
            )

    def _write(self, now_ms: int, payloads: list[bytes]) -> None:
        always = self._settings.sync is Sync.ALWAYS
        while True:
            try:
                self._segments.write(now_ms, payloads, sync=always)
            except OSError as error:
                if error.errno != errno.ENOSPC or not self._shrink():
                    raise
            else:
                self._dirty = True
                return

    def _remember(self, first: int, now_ms: int, payloads: list[bytes]) -> None:
        """Note when they were accepted, and hold them in memory while the reader keeps up."""
        end = first + len(payloads)
        if self._arrivals and now_ms - self._arrivals[-1][1] < _ARRIVAL_MS:
            self._arrivals[-1] = (end, self._arrivals[-1][1])
        else:
            self._arrivals.append((end, now_ms))
        if self._position < first and not self._tail:
            return  # the reader is behind and reads the files
        size = sum(map(len, payloads))
        if self._tail_bytes + size > self._memory_bytes:
            self._tail.clear()
            self._tail_bytes = 0
            return
        self._tail.extend(Record(offset, now_ms, payload) for offset, payload in enumerate(payloads, first))
        self._tail_bytes += size

    def _note_backlog(self) -> None:
        """When unconfirmed events were accepted, as precisely as the files show."""
        self._arrivals.clear()
        segments = self._segments
        for number, segment in enumerate(segments.closed):
            finished_ms = segments.finished_ms(segment)
            if segments.end_of(number) > self._acked and finished_ms is not None:
                self._arrivals.append((segments.end_of(number), finished_ms))
        if segments.writer is not None and segments.next > self._acked:
            self._arrivals.append((segments.next, segments.writer.made_ms))

    def _read_file(self, found: list[Record], most: int) -> None:
        """Go on in the files."""
        if self._items is None:
            try:
                segment = self._segments.at(self._position)
            except OSError as error:
                raise SinkError(self._name, f"its spool cannot be read: {error.strerror}") from error
            if segment is not None:
                self._reading, self._reading_first = segment.path, segment.first_offset
                self._items = read_segment(segment)
        for item in self._items or ():
            if isinstance(item, Damage):
                self._damaged += 1
                self._segments.damaged.add(self._reading)
                _log.error("spool_damaged", segment=str(self._reading), start=item.start, end=item.end, why=item.reason)
            elif item.offset >= self._position:
                self._lose(item.offset - self._position, "damage")
                self._position = item.offset + 1
                if not item.erased:
                    found.append(item)
                if len(found) >= most:
                    return
        self._items = None
        # Beyond the segment that was read, also where all of it was corrupt.
        after = self._segments.start_after(max(self._position, self._reading_first + 1))
        after = self._segments.next if after is None else after
        self._lose(after - self._position, "damage")
        self._position = after

    def _lose(self, count: int, why: str) -> None:
        if count > 0:
            self._lost += count
            _log.error("spool_events_lost", sink=self._name, events=count, why=why)

    def _make_space(self, size: int) -> None:
        """Delete delivered segments, and undelivered ones where the policy allows it.

        Raises:
            Backpressure: there is no space.
        """
        while self._segments.size and self._segments.size + size > self._settings.max_bytes:
            if not self._shrink():
                wait_s = max(_RETRY_S, self._settings.sync_interval_s)
                raise Backpressure(self._name, "its spool is full of events that are not confirmed", wait_s)

    def _shrink(self) -> bool:
        """Delete the oldest segment if it is delivered, or may be dropped. False when it has to stay."""
        if not self._segments.closed:
            if self._segments.next == self._segments.first:
                return False
            self._segments.roll()
        end = self._segments.end_of(0)
        if end > self._acked:
            if self._settings.when_full is FullSpoolPolicy.REFUSE:
                return False
            self._lose(end - self._acked, "the spool is full and drops its oldest events")
            self.acknowledge(end)
        self._segments.drop_first()
        return True

    def _maintain(self) -> None:
        """Syncs, stores the checkpoint and deletes old segments, in a thread of its own."""
        while not self._stop.wait(self._settings.sync_interval_s):
            try:
                self._sync_written()
                with self._guard:
                    self._save_checkpoint(sync=False)
                    self._expire()
            except OSError as error:
                self._dirty = True
                _log.error("spool_not_synced", sink=self._name, error=str(error))

    def _sync_written(self) -> None:
        """Force what was appended onto the disk, without delaying further appends."""
        with self._guard:
            if self._settings.sync is not Sync.INTERVAL or not self._dirty:
                return
            self._dirty = False
            descriptor = self._segments.descriptor()
        if descriptor is not None:
            try:
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)

    def _save_checkpoint(self, *, sync: bool) -> None:
        if self._acked != self._saved_offset:
            self._checkpoint.save(self._acked, sync=sync)
            self._saved_offset = self._acked

    def _expire(self) -> None:
        """Delete delivered segments after their retained window, and undelivered ones that are too old."""
        segments = self._segments
        if segments.writer is not None and time.time() - segments.writer.made_ms / 1000 > _ROLL_S:
            segments.roll()
        while segments.closed:
            delivered = segments.end_of(0) <= self._acked
            limit = self._settings.retain_s if delivered else self._settings.max_age_s
            droppable = delivered or self._settings.when_full is FullSpoolPolicy.DROP_OLDEST
            if limit is None or segments.age_s() <= limit or not droppable:
                return
            self._shrink()
