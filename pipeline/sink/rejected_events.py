"""Files beside a sink: what was refused for good."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from pipeline.domain.events import Event, encode
from pipeline.errors import SinkError


class _RefusedRecord(msgspec.Struct, frozen=True):
    at_ms: int
    reason: str
    event: msgspec.Raw


_json = msgspec.json.Encoder()


def private_folder(path: Path) -> Path:
    """`path`, made with its parents, for this user only.

    Raises:
        SinkError: it cannot be made.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(str(path), f"the folder cannot be made: {error.strerror}") from error
    return path


def sync_folder(path: Path) -> None:
    """Make renames and new names inside `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _raw(event: Event) -> bytes:
    """The event as JSON; as a quoted description if it cannot be JSON (a lone surrogate in a text)."""
    try:
        return encode(event)
    except (ValueError, TypeError, msgspec.MsgspecError):
        return _json.encode(ascii(event))


class RejectedEventsFile:
    """Events that the other side will never take, each with the reason; people look at them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file; absent while nothing was refused."""
        return self._path

    def append(self, event: Event, reason: str) -> None:
        """Keep one event, on disk when this returns.

        Raises:
            SinkError: it could not be written.
        """
        self._append(_raw(event), reason)

    def append_line(self, line: bytes, reason: str) -> None:
        """Keep a damaged line, as text.

        Raises:
            SinkError: it could not be written.
        """
        self._append(_json.encode(line.decode("utf-8", "backslashreplace")), reason)

    def _append(self, raw: bytes, reason: str) -> None:
        record = _RefusedRecord(time.time_ns() // 1_000_000, reason, msgspec.Raw(raw))
        try:
            with _open_private(self._path, os.O_APPEND) as file:
                file.write(_json.encode(record) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise SinkError(str(self._path), f"a refused event could not be written: {error.strerror}") from error


def _open_private(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o600), "wb")
