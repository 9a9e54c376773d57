"""Segment files of a spool: named by their first offset, written by one process, read by any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import SinkError
from pipeline.sink.spool.record_format import (
    HEADER_BYTES,
    Damage,
    Record,
    SegmentHeader,
    header_bytes,
    read_header,
    record_bytes,
    scan,
)
from pipeline.storage.folders import sync_folder

SUFFIX: Final = ".seg"


@dataclass(frozen=True, slots=True)
class SpoolSegment:
    """A segment file and its size in bytes when it was listed."""

    path: Path
    first_offset: int
    size: int


def segments(folder: Path) -> list[SpoolSegment]:
    """All segments of a folder in order of their offsets; other files are skipped."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        if path.stem.isdecimal() and path.stem.isascii():
            try:
                found.append(SpoolSegment(path, int(path.stem), path.stat().st_size))
            except FileNotFoundError:  # deleted meanwhile
                continue
    return sorted(found, key=lambda segment: segment.first_offset)


def read_segment(segment: SpoolSegment, *, whole: bool = True) -> Iterator[Record | Damage]:
    """Records and corrupt parts of a segment, in order. See `record_format.scan`.

    Raises:
        SinkError: it is there and cannot be read.
    """
    try:
        data = segment.path.read_bytes()
    except FileNotFoundError:
        yield Damage(0, segment.size, "the file is gone")
        return
    except OSError as error:
        raise SinkError(str(segment.path), f"a spool segment cannot be read: {error.strerror}") from error
    header = read_header(data)
    if isinstance(header, str):
        # Records carry their own offsets: a corrupt header loses nothing, and one of another version everything.
        yield Damage(0, min(HEADER_BYTES, len(data)), header)
        if "version" in header:
            return
    for item in scan(data, whole=whole):
        yield item if isinstance(item, Damage) else item[1]


class SpoolSegmentWriter:
    """The one segment that is being written.

    Raises:
        OSError: the file cannot be created.
    """

    def __init__(self, folder: Path, first_offset: int, made_ms: int) -> None:
        self.path = folder / f"{first_offset:020}{SUFFIX}"
        self.first_offset = first_offset
        self.made_ms = made_ms
        self.size = 0
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            self._write(header_bytes(SegmentHeader(first_offset, made_ms)))
            sync_folder(folder)
        except OSError:
            os.close(self._descriptor)
            self.path.unlink(missing_ok=True)
            raise

    def append(self, first_offset: int, written_ms: int, payloads: list[bytes]) -> None:
        """Write all of these records, or none.

        Raises:
            OSError: the disk does not take them; the file is as it was.
        """
        self._write(b"".join(record_bytes(first_offset, written_ms, payloads)))

    def _write(self, data: bytes) -> None:
        view, before = memoryview(data), self.size
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            os.ftruncate(self._descriptor, before)
            os.lseek(self._descriptor, before, os.SEEK_SET)
            raise
        self.size = before + len(data)

    def sync(self) -> None:
        """Force what was written onto the disk.

        Raises:
            OSError: the disk does not take it.
        """
        os.fdatasync(self._descriptor)

    def another_descriptor(self) -> int:
        """For a sync while the file is written or closed; to be closed by the caller."""
        return os.dup(self._descriptor)

    def close(self) -> None:
        """Sync and close.

        Raises:
            OSError: the disk did not take the last of it.
        """
        try:
            self.sync()
        finally:
            os.close(self._descriptor)
