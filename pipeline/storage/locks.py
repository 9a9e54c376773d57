"""Advisory locks between processes, on small files; a lock ends with its process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def try_lock(descriptor: int) -> bool:
    """Lock an open file; False when another descriptor holds the lock.

    Raises:
        OSError: the file system has no locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file, created where missing; yields whether it was acquired, which is certain with `wait`.

    Raises:
        OSError: the file cannot be created.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if wait:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield True
        else:
            yield try_lock(descriptor)
    finally:
        os.close(descriptor)


class OwnerLock:
    """The lock of a folder or file that has one owner; the lock file names the owner's process.

    Args:
        path: the lock file; created where missing, never removed (removing it would admit a second owner).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Whether this process is the owner now; False when another lock object is.

        Raises:
            OSError: the file cannot be created.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not try_lock(descriptor):
                os.close(descriptor)
                return False
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def owner_pid(self) -> int | None:
        """Process id in the lock file; None when there is none."""
        try:
            return int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        """Give up ownership; does nothing without it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
