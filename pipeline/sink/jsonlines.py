"""Writers of JSON lines: a file, on the disk before a batch counts as delivered, and standard output."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from pipeline.domain.event_writer import EventRecord
from pipeline.errors import SinkError
from pipeline.storage.folders import private_folder, sync_folder
from pipeline.storage.json_lines import append_bytes, complete_bytes
from pipeline.storage.locks import OwnerLock

_log = structlog.get_logger(__name__)


class JsonLinesWriter:
    """An `EventWriter` that appends to a file.

    An incomplete last line, left by a crash or a full disk, is removed when the file is opened: it was never confirmed.

    Args:
        path: the file; created when missing, for this user only.
        rotate_bytes: at this size the file is renamed to ``<stem>-<UTC time><suffix>``; None for never.
    """

    def __init__(self, path: Path, rotate_bytes: int | None) -> None:
        self._path = path
        self._rotate_bytes = rotate_bytes
        self._descriptor: int | None = None
        self._lock = OwnerLock(path.with_name(f".{path.name}.lock"))

    @property
    def target(self) -> str:
        """The file."""
        return str(self._path)

    def open(self) -> None:
        """Open the file, and remove an incomplete last line."""
        with self._errors("cannot be opened"):
            private_folder(self._path.parent)
            if not self._lock.acquire():
                raise SinkError(
                    str(self._path), f"process {self._lock.owner_pid()} writes to this file", "Give each its own file."
                )
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _remove_incomplete_line(self._descriptor, self._path)
            sync_folder(self._path.parent)

    def write(self, records: Sequence[EventRecord]) -> None:
        """Append the records and wait for the disk."""
        block = _lines(records)
        with self._errors("cannot be written"):
            descriptor = self._descriptor
            if descriptor is None:
                raise SinkError(self.target, "it is not open")
            size = os.lseek(descriptor, 0, os.SEEK_END)
            if self._rotate_bytes is not None and size and size + len(block) > self._rotate_bytes:
                descriptor = self._rotate(descriptor)
                size = 0
            append_bytes(descriptor, block, size)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        self._lock.release()

    def _rotate(self, descriptor: int) -> int:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S_%f")
        self._path.rename(self._path.with_name(f"{self._path.stem}-{stamp}{self._path.suffix}"))
        os.close(descriptor)
        self._descriptor = None
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        sync_folder(self._path.parent)
        return self._descriptor

    @contextlib.contextmanager
    def _errors(self, problem: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SinkError(self.target, f"it {problem}: {error.strerror}") from error


class StandardOutputWriter:
    """An `EventWriter` to standard output, for pipes."""

    target = "standard output"

    def open(self) -> None:
        """Nothing to do."""

    def write(self, records: Sequence[EventRecord]) -> None:
        """Write and flush."""
        try:
            sys.stdout.buffer.write(_lines(records))
            sys.stdout.buffer.flush()
        except OSError as error:
            raise SinkError(self.target, f"it cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Nothing to do: it belongs to the process."""


def _lines(records: Sequence[EventRecord]) -> bytes:
    return b"".join(record.payload + b"\n" for record in records)


def _remove_incomplete_line(descriptor: int, path: Path) -> None:
    """Truncate after the last line end; zero bytes that a power cut may leave at the end go too."""
    size, end = os.fstat(descriptor).st_size, complete_bytes(descriptor)
    if end < size:
        os.ftruncate(descriptor, end)
        os.fsync(descriptor)
        _log.warning("incomplete_line_removed", path=str(path), bytes=size - end)
