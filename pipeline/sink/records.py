"""Files beside a sink: what could not be delivered yet, and what was refused for good."""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec
import structlog

from pipeline.domain.events import Event, decode, encode
from pipeline.errors import SinkError

_log = structlog.get_logger(__name__)


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of an undelivered file: the event as JSON, and the CRC-32 of exactly those bytes."""

    crc32: int
    event: msgspec.Raw


class _RefusedRecord(msgspec.Struct, frozen=True):
    at_ms: int
    reason: str
    event: msgspec.Raw


_json = msgspec.json.Encoder()
_kept_decoder = msgspec.json.Decoder(_Kept)


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


class UndeliveredFile:
    """Events that a sink had accepted and could not deliver before it stopped; sent first on the next start."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file; absent when nothing is left over."""
        return self._path

    def load(self) -> tuple[list[Event], list[tuple[bytes, str]]]:
        """The events in order, and the lines that are damaged with what is wrong with each.

        Raises:
            SinkError: the file is there and cannot be read.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return [], []
        except OSError as error:
            raise SinkError(str(self._path), f"undelivered events cannot be read: {error.strerror}") from error
        events: list[Event] = []
        damaged: list[tuple[bytes, str]] = []
        for line in content.splitlines():
            try:
                kept = _kept_decoder.decode(line)
                if zlib.crc32(kept.event) != kept.crc32:
                    raise ValueError("the checksum does not fit")  # noqa: TRY301 - joins the two kinds of damage
                events.append(decode(bytes(kept.event)))
            except (ValueError, msgspec.MsgspecError) as error:
                damaged.append((line, f"damaged line in {self._path.name}: {error}"))
        return events, damaged

    def save(self, events: Sequence[Event]) -> None:
        """Replace the file by these events, all or nothing, safe against a power cut.

        Raises:
            SinkError: it could not be written; the old file, if any, is untouched.
        """
        temporary = self._path.with_suffix(".tmp")
        try:
            with _open_private(temporary, os.O_TRUNC) as file:
                for event in events:
                    raw = _raw(event)
                    file.write(_json.encode(_Kept(zlib.crc32(raw), msgspec.Raw(raw))) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise SinkError(
                str(self._path),
                f"{len(events)} undelivered events could not be written: {error.strerror}",
                "Make room on the disk before the next stop.",
            ) from error

    def clear(self) -> None:
        """Everything in it was delivered."""
        try:
            self._path.unlink(missing_ok=True)
            sync_folder(self._path.parent)
        except OSError as error:  # harmless: the events are sent again, under the same ids
            _log.warning("undelivered_not_removed", path=str(self._path), error=str(error))


class RefusedFile:
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
