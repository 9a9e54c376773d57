"""Segment log of a spool: closed segments, oldest first, and the one that is being written."""

from __future__ import annotations

import contextlib
import math
import time
from pathlib import Path

from pipeline.errors import SinkError
from pipeline.sink.spool.record_format import HEADER_BYTES, Record, read_header
from pipeline.sink.spool.segment_files import SpoolSegment, SpoolSegmentWriter, read_segment, segments
from pipeline.storage.atomic import remove_partial_files


class SegmentLog:
    """The segments of a spool's folder. Not thread-safe.

    Args:
        folder: of the files.
        segment_bytes: size at which a segment is closed.

    Raises:
        SinkError: a segment is of a later version of this program, or cannot be read.
    """

    def __init__(self, folder: Path, segment_bytes: int) -> None:
        remove_partial_files(folder)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self.closed = _checked(segments(folder))
        self.writer: SpoolSegmentWriter | None = None
        self.damaged: set[Path] = set()
        """Segments with corrupt parts."""
        self.next = self._end_of_last()
        """Offset after the last event."""

    @property
    def first(self) -> int:
        """Offset of the oldest event stored."""
        if self.closed:
            return self.closed[0].first_offset
        return self.writer.first_offset if self.writer else self.next

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(segment.size for segment in self.closed) + (self.writer.size if self.writer else 0)

    @property
    def files(self) -> int:
        """Segments on disk."""
        return len(self.closed) + (self.writer is not None)

    def write(self, now_ms: int, payloads: list[bytes], *, sync: bool) -> None:
        """Append all of these events, or none.

        Raises:
            OSError: the disk does not take them.
        """
        if self.writer is None:
            self.writer = SpoolSegmentWriter(self._folder, self.next, now_ms)
        self.writer.append(self.next, now_ms, payloads)
        self.next += len(payloads)
        if sync:
            self.writer.sync()
        if self.writer.size >= self._segment_bytes:
            self.roll()

    def roll(self) -> None:
        """The present segment is finished.

        Raises:
            OSError: the disk did not take the last of it; the next event still begins a new segment.
        """
        writer, self.writer = self.writer, None
        if writer is not None:
            self.closed.append(SpoolSegment(writer.path, writer.first_offset, writer.size))
            writer.close()

    def end_of(self, number: int) -> int:
        """Offset after the last event of a closed segment."""
        if number + 1 < len(self.closed):
            return self.closed[number + 1].first_offset
        return self.writer.first_offset if self.writer else self.next

    def drop_first(self) -> None:
        """Delete the oldest closed segment; one with corrupt parts is renamed, for inspection."""
        path = self.closed.pop(0).path
        with contextlib.suppress(FileNotFoundError):
            if path in self.damaged:
                path.rename(path.with_suffix(".damaged"))
            else:
                path.unlink()

    def at(self, offset: int) -> SpoolSegment | None:
        """The closed segment with an offset, or else the next one; the one being written is closed first."""
        if self.writer is not None and self.writer.first_offset <= offset:
            self.roll()
        before = [segment for segment in self.closed if segment.first_offset <= offset]
        later = [segment for segment in self.closed if segment.first_offset > offset]
        return before[-1] if before else (later[0] if later else None)

    def start_after(self, offset: int) -> int | None:
        """First offset of the first segment that begins at or after `offset`."""
        starts = [segment.first_offset for segment in self.closed if segment.first_offset >= offset]
        if self.writer is not None and self.writer.first_offset >= offset:
            starts.append(self.writer.first_offset)
        return starts[0] if starts else None

    def age_s(self) -> float:
        """Seconds since the oldest closed segment was finished; infinite when it was deleted."""
        finished_ms = self.finished_ms(self.closed[0])
        return math.inf if finished_ms is None else time.time() - finished_ms / 1000

    def finished_ms(self, segment: SpoolSegment) -> int | None:
        """When a closed segment was finished, milliseconds since 1970; None when it was deleted."""
        try:
            return int(segment.path.stat().st_mtime * 1000)
        except FileNotFoundError:
            return None

    def descriptor(self) -> int | None:
        """Of the segment being written, for a sync; to be closed by the caller."""
        return None if self.writer is None else self.writer.another_descriptor()

    def close(self) -> None:
        """Close what is being written.

        Raises:
            OSError: the disk did not take the last of it.
        """
        writer, self.writer = self.writer, None
        if writer is not None:
            writer.close()

    def _end_of_last(self) -> int:
        while self.closed:
            last = self.closed[-1]
            offsets = [item.offset for item in read_segment(last) if isinstance(item, Record)]
            if offsets:
                return max(offsets[-1], last.first_offset) + 1
            if last.size > HEADER_BYTES:
                return last.first_offset + 1  # nothing in it can be read; its number is not used again
            last.path.unlink(missing_ok=True)
            self.closed.pop()
        return 0


def _checked(found: list[SpoolSegment]) -> list[SpoolSegment]:
    """The segments, none of a later version: it would be taken for corrupt, and deleted in time."""
    for segment in found:
        try:
            with segment.path.open("rb") as file:
                header = read_header(file.read(HEADER_BYTES))
        except OSError as error:
            raise SinkError(str(segment.path), f"a spool segment cannot be read: {error.strerror}") from error
        if isinstance(header, str) and "version" in header:
            raise SinkError(
                str(segment.path), header, "Use the program that wrote it, or let that one deliver it all first."
            )
    return found
