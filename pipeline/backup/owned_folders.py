"""Exclusive hold of a folder during a backup: every lock file below it is acquired, or the backup is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pipeline.errors import RecordError
from pipeline.storage.locks import locked

__all__ = ["owned_folder"]


@contextmanager
def owned_folder(folder: Path) -> Iterator[None]:
    """While this lasts, no run, ingester or erasure of viapublica changes files below `folder`.

    Every owner of data holds the lock of a file whose name ends in ``.lock``; all of them are acquired, whatever they
    protect, so a new kind of data is included by its lock.

    Raises:
        RecordError: another process holds a lock; it is named.
    """
    with ExitStack() as stack:
        for path in sorted(folder.rglob("*.lock")):
            if not path.is_file() or path.is_symlink():
                continue
            owner = _owner(path)
            if not stack.enter_context(locked(path, wait=False)):
                raise RecordError(
                    str(folder),
                    f"is in use by {owner}",
                    "Stop it, back up, and start it again: systemctl stop viapublica; viapublica backup "
                    "create FILE; systemctl start viapublica. What can be backed up while it runs: "
                    "--part configuration --part recording-index --part register",
                )
        yield


def _owner(path: Path) -> str:
    try:
        number = int(path.read_text(encoding="ascii"))
        os.kill(number, 0)
    except PermissionError:
        return f"process {number}"
    except (OSError, ValueError):
        return f"another process (lock {path.name})"
    return f"process {number}"
