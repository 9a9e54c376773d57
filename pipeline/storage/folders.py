"""Private folders, and folder entries that survive a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def private_folder(path: Path) -> Path:
    """`path`, created with its parents where missing; a new folder is accessible to this user only.

    Raises:
        OSError: it cannot be created.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def sync_folder(path: Path) -> None:
    """Make created, renamed and deleted names inside `path` survive a power cut.

    Raises:
        OSError: it cannot be opened, or the disk reports an error.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
