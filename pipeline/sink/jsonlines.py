"""Events as lines of a file, each batch on disk before it counts as delivered."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import structlog

from pipeline.domain.events import Event
from pipeline.errors import SinkError
from pipeline.sink.event_json import to_json
from pipeline.sink.rejected_events import private_folder, sync_folder
from pipeline.storage.owner_lock import OwnerLock

_log = structlog.get_logger(__name__)


class JsonLinesWriter:
    """A `Writer` that appends to a file.

    A line without its end, left by a crash or a full disk, is cut off when the file is opened: it was never confirmed.

    Args:
        path: the file; made when missing, for this user only.
        rotate_bytes: at this size the file is put aside as ``<stem>-<UTC time><suffix>``; None for never.
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
        """Open, and mend the end of the file."""
        private_folder(self._path.parent)
        with self._errors("cannot be opened"):
            if not self._lock.acquire():
                raise SinkError(
                    str(self._path), f"process {self._lock.owner_pid()} writes to this file", "Give each its own file."
                )
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            _cut_torn_line(self._descriptor, self._path)
            sync_folder(self._path.parent)

    def write(self, events: Sequence[Event]) -> None:
        """Append the events and wait for the disk."""
        block = b"".join(to_json(event) + b"\n" for event in events)
        with self._errors("cannot be written"):
            descriptor = self._descriptor
            if descriptor is None:
                raise SinkError(self.target, "it is not open")
            size = os.lseek(descriptor, 0, os.SEEK_END)
            if self._rotate_bytes is not None and size and size + len(block) > self._rotate_bytes:
                descriptor = self._rotate(descriptor)
                size = 0
            try:
                _write_all(descriptor, block)
                os.fsync(descriptor)
            except OSError:
                # What is half written must not stand when the batch is written again.
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, size)
                raise

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
    """A `Writer` to standard output, for pipes."""

    target = "standard output"

    def open(self) -> None:
        """Nothing to do."""

    def write(self, events: Sequence[Event]) -> None:
        """Write and flush."""
        block = b"".join(to_json(event) + b"\n" for event in events)
        try:
            sys.stdout.buffer.write(block)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise SinkError(self.target, f"it cannot be written: {error.strerror}") from error

    def close(self) -> None:
        """Nothing to do: it belongs to the process."""


def _write_all(descriptor: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]


def _cut_torn_line(descriptor: int, path: Path) -> None:
    """Truncate after the last newline, and drop zero bytes that a power cut may leave at the end."""
    size = end = os.lseek(descriptor, 0, os.SEEK_END)
    chunk_bytes = 65_536
    while end > 0:
        start = max(0, end - chunk_bytes)
        newline = os.pread(descriptor, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        os.ftruncate(descriptor, end)
        os.fsync(descriptor)
        _log.warning("torn_line_cut", path=str(path), bytes=size - end)
    os.lseek(descriptor, 0, os.SEEK_END)
