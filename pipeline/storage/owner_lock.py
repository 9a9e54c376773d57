"""One owner per folder or file, by a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class OwnerLock:
    """An advisory lock on a small file that also names the owner's process.

    Args:
        path: the lock file; made when missing, never removed (removing it would let two owners in).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Whether this process owns it now; False when another lock object does.

        Raises:
            OSError: the file cannot be made.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        except OSError:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor
        return True

    def owner_pid(self) -> int | None:
        """Process id that the file names, None when it names none."""
        try:
            return int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def release(self) -> None:
        """Give it up; harmless when not owned."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
