"""Where recorded video lies: ``CAMERA/2026-11-22/20261122T143000.123Z.mp4``. Only UTC, so no clock change can harm."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

INDEX: Final = "index.jsonl"
"""In a camera's folder."""
HOLDS: Final = "holds.jsonl"
"""In the folder of all."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NAME = re.compile(r"(\d{8}T\d{6})\.(\d{3})Z\.(?:mp4|mkv)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CAMERA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def file_name(begin_ms: int, suffix: str) -> str:
    """A segment's path inside its camera's folder, by the wall-clock time of its first image."""
    moment = _EPOCH + timedelta(milliseconds=begin_ms)
    return f"{moment:%Y-%m-%d}/{moment:%Y%m%dT%H%M%S}.{begin_ms % 1000:03d}Z.{suffix}"


def begin_of(name: str) -> int | None:
    """The time in a file's name, milliseconds since 1970 UTC; None when it is no segment's."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (moment - _EPOCH) // timedelta(milliseconds=1) + int(match[2])


def camera_folders(folder: Path) -> list[Path]:
    """Folders of cameras, by name; none when there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if one.is_dir() and _CAMERA.fullmatch(one.name))


def segment_files(camera: Path) -> list[tuple[int, Path]]:
    """A camera's files with the time each begins at, in order of time."""
    found: list[tuple[int, Path]] = []
    if not camera.is_dir():
        return found
    for day in camera.iterdir():
        if _DAY.fullmatch(day.name) and day.is_dir():
            found += [(begin, path) for path in day.iterdir() if (begin := begin_of(path.name)) is not None]
    return sorted(found)


def private_folder(path: Path) -> Path:
    """The folder, made when missing, for this user only.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def sync_folder(path: Path) -> None:
    """Make names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """A lock between processes on a small file, which dies with its owner; gives whether it was got.

    Raises:
        OSError: the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def append_line(path: Path, line: bytes) -> None:
    """Put a line at the end of a file, on the disk before this returns; what a crash left of a line goes first.

    The caller has the file's lock.

    Raises:
        OSError: the disk did not take it; the file is as it was.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        end = _whole_lines(descriptor)
        if size > end and os.pread(descriptor, 1, size - 1) == b"}":  # whole, but an editor took its end
            end, line = size, b"\n" + line
        os.ftruncate(descriptor, end)
        try:
            _write_all(descriptor, line + b"\n", end)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, end)
            raise
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes, at: int) -> None:
    while data:
        done = os.pwrite(descriptor, data, at)  # a disk with room for a part takes it, and says no the next time
        data, at = data[done:], at + done


def _whole_lines(descriptor: int) -> int:
    """How many bytes of a file are whole lines."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - 4096)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0
