"""A file replaced as a whole: whoever looks, also after a kill or a power cut, finds the old one or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pipeline.sink.rejected_events import sync_folder

LEFTOVER: Final = ".rewriting"
"""End of the name of a file that is not finished."""


def replace_file(path: Path, content: Iterable[bytes]) -> None:
    """Put `content` in the place of a file; its mode and times stay, since its age is told by them.

    Args:
        path: the file. Another one beside it is written first.
        content: in pieces; may be made out of the old file while it is read.

    Raises:
        OSError: the disk does not take it; the old file stands.
    """
    status = path.stat()
    fresh = path.with_name(path.name + LEFTOVER)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(content)
            file.flush()
            os.fchmod(file.fileno(), status.st_mode & 0o777)
            os.utime(file.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def clear_leftovers(folder: Path) -> None:
    """Delete what a kill left unfinished; only for the owner of the folder.

    Raises:
        OSError: it cannot be deleted.
    """
    for leftover in folder.glob(f"*{LEFTOVER}"):
        leftover.unlink(missing_ok=True)
