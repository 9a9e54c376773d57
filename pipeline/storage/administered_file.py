"""Files that only the machine's administrators can have written."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

ADMINISTRATOR: Final = 0
"""User id of the owner that is required: root."""


class NotAdministered(OSError):
    """A file, or a folder above it, that another user than an administrator could change.

    Attributes:
        path: file or folder.
        problem: one clause.
    """

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem


def read_administered(path: Path) -> bytes:
    """The content of a file that only administrators can change or replace.

    Links are followed; every folder above both names is checked. In a folder with the sticky bit others may add files,
    but not replace those of an administrator.

    Raises:
        FileNotFoundError: it does not exist.
        NotAdministered: others could have written it.
        OSError: it cannot be read.
    """
    target = path.resolve(strict=True)
    for folder in {*path.absolute().parents, *target.parents}:
        _check(folder, folder.stat(), sticky_is_safe=True)
    descriptor = os.open(target, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotAdministered(target, "is not a regular file")
        _check(target, status, sticky_is_safe=False)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read()
    finally:
        os.close(descriptor)


def _check(path: Path, status: os.stat_result, *, sticky_is_safe: bool) -> None:
    if status.st_uid not in {0, ADMINISTRATOR}:
        raise NotAdministered(path, f"is owned by user {status.st_uid}, not by an administrator")
    writable = bool(status.st_mode & (stat.S_IWGRP | stat.S_IWOTH))
    if writable and not (sticky_is_safe and status.st_mode & stat.S_ISVTX):
        raise NotAdministered(path, f"is writable by others (mode {stat.S_IMODE(status.st_mode):04o})")
