"""Output files that appear when they are complete; until then they have no name that a program could open."""

from __future__ import annotations

import os
import stat
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from pipeline.errors import ReleaseError, ViapublicaError
from pipeline.storage.locks import try_lock
from pipeline.storage.unnamed_file import STAGED, UnnamedFile

_LOCK_TIMEOUT_S: Final = 30.0
_LOCK_POLL_S: Final = 0.05


@contextmanager
def partial_file(path: Path, *, publish: bool = True) -> Iterator[Path]:
    """A file without a name that becomes `path` when this ends well, and vanishes otherwise, also after a kill.

    Yields the path by which this process, and no other user, opens it. Two processes that write the same file do not
    mix; the later one replaces the file of the earlier one.

    Args:
        path: the file that is to be; one that exists is replaced.
        publish: False only checks whether it could be written, and leaves nothing.

    Raises:
        ReleaseError: it cannot be written there.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise ReleaseError(str(path), "is a folder, not a file", "Name a file, such as release.mp4")
    with ExitStack() as stack:
        with reported(path):
            folder = stack.enter_context(opened_folder(target.parent))
            file = stack.enter_context(UnnamedFile(folder))
        yield file.path
        if publish:
            with reported(path), locked_folder(folder):
                publish_file(file, target.name, folder)


@contextmanager
def opened_folder(path: Path) -> Iterator[int]:
    """The descriptor of a folder: what is done by it happens in that folder, also when its name is exchanged.

    Raises:
        OSError: it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def check_release_folder(path: Path, folder: int) -> None:
    """Check that only this user and the superuser, or a group that owns the folder, can exchange files in it.

    Args:
        path: for the message.
        folder: its descriptor.

    Raises:
        ReleaseError: another user owns it, or every user may replace files in it.
    """
    status = os.fstat(folder)
    if status.st_uid not in {0, os.geteuid()}:
        raise ReleaseError(
            str(path),
            f"belongs to user {status.st_uid}, who could exchange the files in it",
            "Choose a folder of your own with --out, and hand the files over from there",
        )
    if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
        raise ReleaseError(
            str(path),
            f"is writable by every user (mode {stat.S_IMODE(status.st_mode):04o}), who could exchange the files in it",
            f"Run chmod o-w {path}, or choose another folder with --out",
        )


@contextmanager
def locked_folder(folder: int) -> Iterator[None]:
    """Hold the lock of a folder while files get their names; what an earlier process left staged in it is removed.

    Raises:
        OSError: the file system has no locks.
        TimeoutError: another process holds the lock for long.
    """
    # A descriptor of its own: the lock belongs to it, and threads exclude one another too.
    own = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        last_s = time.monotonic() + _LOCK_TIMEOUT_S
        while not try_lock(own):
            if time.monotonic() > last_s:
                raise TimeoutError(0, "another process has locked the folder")
            time.sleep(_LOCK_POLL_S)
        for name in _names(own):
            if name.startswith(STAGED) and _is_own_file(name, own):
                os.unlink(name, dir_fd=own)
        yield
    finally:
        os.close(own)


def publish_file(file: UnnamedFile, name: str, folder: int) -> None:
    """Give a complete file its name, in place of an older file; with the permissions that a new file has here.

    Args:
        file: complete.
        name: in the folder, whose lock is held; folder: its descriptor.

    Raises:
        OSError: it cannot be written.
    """
    staged = f"{STAGED}{uuid.uuid4().hex}"
    set_permissions(file)
    file.link(staged, folder)
    try:
        os.rename(staged, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(staged, dir_fd=folder)
        raise
    os.fsync(folder)


def set_permissions(file: UnnamedFile) -> None:
    """Those that a new file has here."""
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(file.descriptor, 0o666 & ~mask)


def _names(folder: int) -> list[str]:
    return [entry.name for entry in os.scandir(folder)]


def _is_own_file(name: str, folder: int) -> bool:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


@contextmanager
def reported(path: Path) -> Iterator[None]:
    """Report errors of the operating system as those of an output file.

    Raises:
        ReleaseError: in place of an OSError.
    """
    try:
        yield
    except ViapublicaError:
        raise  # Some of them are OSErrors too.
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be written ({error.strerror})", "Choose another place") from error
