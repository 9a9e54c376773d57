"""Standard streams that are closed, and errors of the operating system, in words."""

from __future__ import annotations

import errno
import os
import resource
import sys
from contextlib import suppress
from typing import Final

from pipeline.errors import ViapublicaError

_CAUSES: Final = {
    errno.ENOSPC: ("there is no space left on its disk", "Make space on it, and repeat the command"),
    errno.EDQUOT: ("the quota of its disk is used up", "Make space on it, and repeat the command"),
    errno.EROFS: ("its disk is read-only", "Name a folder that this user may write to"),
    errno.EACCES: ("permission denied", "Give this user permission, or name another place"),
    errno.EPERM: ("not permitted", "Give this user permission, or name another place"),
    errno.ENOENT: ("it does not exist, or its folder was deleted", "Check the path, and the working directory"),
    errno.EMFILE: ("this process may open no more files", "Raise the limit, such as ulimit -n 4096"),
    errno.ENFILE: ("the machine may open no more files", "Raise fs.file-max, or end other programs"),
    errno.EBADF: ("it is closed", "Start the command with its output connected, or redirected to a file"),
    errno.EIO: ("its disk or terminal fails", "Check it"),
    errno.EAGAIN: ("the machine has no resources left for it", "End other programs, or raise the limits of this user"),
}
_NO_MEMORY: Final = "Raise ulimit -v or LimitAS= where one is set; else give the machine more memory or fewer cameras"


def open_standard_streams() -> None:
    """Put something in the place of closed standard streams.

    The next file that is opened would get the number of a closed one, and what libraries print would go into it.
    Writing to a standard output that was closed fails; messages for a closed standard error are dropped.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, mode)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - the stream of the process
    if sys.stdout is None:
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115


def raise_open_files() -> None:
    """Use the whole number of open files that this process may have: shells and systemd start it with fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def drop_output() -> None:
    """Let Python's last flush of standard output go nowhere, after writing to it failed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def in_words(error: BaseException) -> ViapublicaError | None:
    """An error of the operating system as one of the program; None for any other, which is a bug."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return ViapublicaError("memory", _not_enough(), _NO_MEMORY)
    if isinstance(error, ImportError):
        # A library that cannot be mapped is reported as one that is not there.
        return ViapublicaError("memory", f"{_not_enough()} ({error})", _NO_MEMORY) if _memory_limit() else None
    if isinstance(error, OSError) and error.errno is not None:
        problem, fix = _CAUSES.get(error.errno, (error.strerror or "it cannot be used", ""))
        subject = error.filename if error.filename is not None else "a file or standard output"
        return ViapublicaError(os.fsdecode(subject) if isinstance(subject, bytes) else str(subject), problem, fix)
    return None


def _not_enough() -> str:
    limit = _memory_limit()
    may = "the machine has no more" if limit is None else f"this process may take {limit / 1e9:.1f} GB"
    return f"there is not enough for this command: {may}"


def _memory_limit() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft
