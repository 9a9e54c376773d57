"""The file that a release is written to: there when it is complete, or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ReleaseError

_PART = ".part"


@contextmanager
def part_of(path: Path, *, keep: bool = True) -> Iterator[Path]:
    """A file beside `path` that only this user may read; renamed to `path` when this ends well, else removed.

    What a killed run left under that name is overwritten: covered images that nobody has checked yet.

    Args:
        path: the file that is to be; one that exists is replaced.
        keep: False only tries whether it could be written, and leaves nothing.

    Raises:
        ReleaseError: it cannot be written there, or another run writes it now.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ReleaseError(str(path), "is a folder, not a file", "Name a file, such as release.mp4")
    part = target.with_name(f".{target.name}{_PART}")
    try:
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be written ({error.strerror})", "Choose another place") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(path) from None
        if not _is_still(part, handle):  # the other process ended just now, and this is its finished file
            raise _busy(path)
        try:
            os.truncate(handle, 0)
            yield part
            if keep:
                _settle(part, target)
            else:
                part.unlink()
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    finally:
        os.close(handle)


def _busy(path: Path) -> ReleaseError:
    return ReleaseError(str(path), "is being written by another process", "Wait for it, or stop it")


def _is_still(part: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), part.lstat())
    except FileNotFoundError:
        return False


def _settle(part: Path, target: Path) -> None:
    """On the disk, with the rights that a new file has here, under its name."""
    mask = os.umask(0)
    os.umask(mask)
    try:
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o666 & ~mask)
        part.replace(target)
    except OSError as error:
        raise ReleaseError(str(target), f"cannot be written ({error.strerror})", "Choose another place") from error
