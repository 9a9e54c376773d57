"""Files written as a whole: a reader finds the old or the new content, also after a kill or a power cut."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from pipeline.storage.folders import sync_folder

PARTIAL: Final = ".partial"
"""End of the name of a file that is not complete."""


def unique_partial(path: Path) -> Path:
    """A name for the incomplete file where several processes may write `path` at the same time."""
    return path.with_name(f".viapublica-{uuid.uuid4().hex}{PARTIAL}")


@contextmanager
def atomic_file(
    path: Path,
    mode: str = "wb",
    *,
    permissions: int = 0o600,
    sync: bool = True,
    partial: Path | None = None,
    **how: Any,
) -> Iterator[IO[Any]]:
    """The stream to write `path` to; the file appears, or replaces the old one, when this ends well.

    Args:
        path: the file; its folder exists.
        mode: ``wb`` or ``w``; how: what else `open` takes.
        permissions: of the new file, before the umask.
        sync: have content and name on the disk when this ends.
        partial: the incomplete file beside `path`; by default the path with `PARTIAL`, for files with one writer.

    Raises:
        OSError: the disk does not take it; the old file stands.
    """
    partial = path.with_name(path.name + PARTIAL) if partial is None else partial
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, permissions)
    try:
        with os.fdopen(descriptor, mode, **how) as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if sync:
        sync_folder(path.parent)


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Put `content` into `path`, for this user only.

    Raises:
        OSError: the disk does not take it; the old file stands.
    """
    with atomic_file(path, sync=sync) as file:
        file.write(content)


def rewrite_file(path: Path, content: Iterable[bytes]) -> None:
    """Replace the content of an existing file; its permissions and times stay, since retention goes by its age.

    Args:
        path: the file.
        content: in pieces; may be derived from the old file while that is read.

    Raises:
        OSError: the disk does not take it; the old file stands.
    """
    status = path.stat()
    with atomic_file(path) as file:
        file.writelines(content)
        file.flush()
        os.fchmod(file.fileno(), status.st_mode & 0o777)
        os.utime(file.fileno(), ns=(status.st_atime_ns, status.st_mtime_ns))


def create_file(path: Path, content: bytes) -> None:
    """Write a new file for this user only; content and name are on the disk when this returns.

    Raises:
        OSError: it exists, or the disk does not take it; then nothing is left of it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def remove_partial_files(folder: Path) -> None:
    """Delete what a kill left incomplete; only for the owner of the folder.

    Raises:
        OSError: it cannot be deleted.
    """
    for partial in folder.glob(f"*{PARTIAL}"):
        partial.unlink(missing_ok=True)
