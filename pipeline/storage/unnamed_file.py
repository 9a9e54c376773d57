"""Files without a name: no other user or program can open, exchange or link one before it is published."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from pathlib import Path
from typing import Final, Self

from pipeline.storage.file_hash import file_sha256

_FLAGS: Final = os.O_RDWR | os.O_CLOEXEC
_NO_TMPFILE: Final = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOSYS, errno.ENOENT})
"""What file systems without `O_TMPFILE` answer."""
_CHUNK_BYTES: Final = 1 << 20
STAGED: Final = ".viapublica-staged-"
"""Begin of the name that a complete file has until it gets its own."""
_NAME: Final = "unfinished"


class UnnamedFile:
    """An open file in a folder that has no name yet; it vanishes when it is closed, or with its process.

    On file systems without `O_TMPFILE` it has one for an instant, in a folder that only this user may enter.

    A context manager. Programs of this process open it again by `path`.

    Args:
        folder: descriptor of the folder in whose file system it is created.

    Raises:
        OSError: it cannot be created.
    """

    def __init__(self, folder: int) -> None:
        self._folder = folder
        self._linkable = True
        try:
            self.descriptor = os.open(".", _FLAGS | os.O_TMPFILE, 0o600, dir_fd=folder)
        except OSError as error:
            if error.errno not in _NO_TMPFILE:
                raise
            self._linkable = False
            self.descriptor = _opened_in_private_folder(folder)

    @property
    def path(self) -> Path:
        """A path that only this process can open."""
        return Path(f"/proc/self/fd/{self.descriptor}")

    @property
    def size(self) -> int:
        """In bytes."""
        return os.fstat(self.descriptor).st_size

    def sha256(self) -> str:
        """SHA-256 of the content, 64 hexadecimal digits."""
        return file_sha256(self.path)

    def copy_from(self, source: int) -> str:
        """Append the whole content of an open file; returns the SHA-256 of the copied bytes.

        Args:
            source: descriptor, whose position does not change.

        Raises:
            OSError: it cannot be read, or the disk is full.
        """
        return _copy(source, self.descriptor)

    def link(self, name: str, folder: int) -> None:
        """Give the complete file a new name, with its content on the disk.

        Args:
            name: must not exist.
            folder: descriptor of a folder in the same file system.

        Raises:
            OSError: the name exists, or the disk is full.
        """
        if self._linkable:
            os.fsync(self.descriptor)
            os.link(self.path, name, dst_dir_fd=folder)
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        target = os.open(name, flags, 0o600, dir_fd=folder)
        try:
            _copy(self.descriptor, target)
            os.fchmod(target, os.fstat(self.descriptor).st_mode & 0o777)
            os.fsync(target)
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise
        finally:
            os.close(target)

    def close(self) -> None:
        """Release the descriptor; without a name the content is gone."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _opened_in_private_folder(folder: int) -> int:
    """The descriptor of a file whose name was there for an instant, in a folder that no other user could enter.

    Raises:
        OSError: it cannot be created, or another user exchanged the folder.
    """
    private = f"{STAGED}{uuid.uuid4().hex}"
    os.mkdir(private, 0o700, dir_fd=folder)
    try:
        inside = os.open(private, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            status = os.fstat(inside)
            if status.st_uid != os.geteuid() or status.st_mode & 0o077:
                raise PermissionError(errno.EPERM, "its file system lets other users into a private folder")
            descriptor = os.open(_NAME, _FLAGS | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=inside)
            os.unlink(_NAME, dir_fd=inside)
            return descriptor
        finally:
            os.close(inside)
    finally:
        os.rmdir(private, dir_fd=folder)


def _copy(source: int, target: int) -> str:
    digest, at = hashlib.sha256(), 0
    while chunk := os.pread(source, _CHUNK_BYTES, at):
        at += len(chunk)
        digest.update(chunk)
        view = memoryview(chunk)
        while view:
            view = view[os.write(target, view) :]
    return digest.hexdigest()
