"""Files of lines that only grow: each line is on the disk when it was appended, an incomplete last one is removed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_CHUNK_BYTES: Final = 65_536


def append_line(path: Path, line: bytes) -> None:
    """Put a line at the end of a file, on the disk before this returns; a line that a crash left incomplete goes first.

    The caller holds the file's lock, or is its only writer.

    Args:
        path: the file; created where missing, for this user only.
        line: without its end; a JSON object.

    Raises:
        OSError: the disk does not take it; the file is as it was.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size, end = os.fstat(descriptor).st_size, complete_bytes(descriptor)
        if size > end and os.pread(descriptor, 1, size - 1) == b"}":  # complete, but an editor removed the line end
            end, line = size, b"\n" + line
        os.ftruncate(descriptor, end)
        append_bytes(descriptor, line + b"\n", end)
    finally:
        os.close(descriptor)


def append_bytes(descriptor: int, data: bytes, end: int, *, sync: bool = True) -> None:
    """Write complete lines at the end of an open file.

    Args:
        descriptor: of the file, open for reading and writing.
        data: the lines.
        end: size of the file.
        sync: have them on the disk when this returns.

    Raises:
        OSError: the disk does not take all of it; the file is as it was.
    """
    view, at = memoryview(data), end
    try:
        while view:
            done = os.pwrite(descriptor, view, at)  # a disk with space for a part takes that, and fails the next time
            view, at = view[done:], at + done
        if sync:
            os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, end)
        raise


def complete_bytes(descriptor: int) -> int:
    """Bytes of an open file up to the end of its last complete line."""
    end = os.fstat(descriptor).st_size
    while end:
        start = max(0, end - _CHUNK_BYTES)
        at = os.pread(descriptor, end - start, start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0
