"""Output files that appear when they are complete: one writer at a time, readable by this user only until then."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import ReleaseError
from pipeline.storage.atomic import PARTIAL
from pipeline.storage.folders import sync_folder
from pipeline.storage.locks import try_lock


@contextmanager
def partial_file(path: Path, *, publish: bool = True) -> Iterator[Path]:
    """A file beside `path` that only this user may read; renamed to `path` when this ends well, else removed.

    What a killed run left under that name is overwritten: masked images that were not verified.

    Args:
        path: the file that is to be; one that exists is replaced.
        publish: False only checks whether it could be written, and leaves nothing.

    Raises:
        ReleaseError: it cannot be written there, or another process writes it now.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ReleaseError(str(path), "is a folder, not a file", "Name a file, such as release.mp4")
    partial = target.with_name(f".{target.name}{PARTIAL}")
    try:
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be written ({error.strerror})", "Choose another place") from error
    try:
        # A process that ended just now has renamed the file we opened: it is that process's complete output.
        if not try_lock(handle) or not _is_still(partial, handle):
            raise ReleaseError(str(path), "is being written by another process", "Wait for it, or stop it")
        try:
            os.truncate(handle, 0)
            yield partial
            if publish:
                _publish(partial, target)
            else:
                partial.unlink()
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    finally:
        os.close(handle)


def _is_still(partial: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), partial.lstat())
    except FileNotFoundError:
        return False


def _publish(partial: Path, target: Path) -> None:
    """Sync the file, give it the permissions that a new file has here, and rename it."""
    mask = os.umask(0)
    os.umask(mask)
    try:
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.chmod(0o666 & ~mask)
        partial.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise ReleaseError(str(target), f"cannot be written ({error.strerror})", "Choose another place") from error
