"""Limits of this process on memory and open files, checked before work that would fail amid it."""

from __future__ import annotations

import resource
from typing import Final

from pipeline.errors import LimitTooLow

GIGABYTE: Final = 1_000_000_000


def check_limits(work: str, *, memory: int, open_files: int) -> None:
    """Refuse work that cannot be done within the limits of this process.

    Args:
        work: for the message, such as "the embedded store".
        memory: bytes of address space that it needs; libraries reserve more of it than they use.
        open_files: that it needs.

    Raises:
        LimitTooLow: a limit is lower.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < memory:
        raise LimitTooLow(
            work,
            f"needs about {memory / GIGABYTE:.1f} GB of memory, and this process may take {limit / GIGABYTE:.1f} GB",
            "Raise the limit: ulimit -v unlimited in a shell, LimitAS=infinity in a unit of systemd",
        )
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < open_files:
        raise LimitTooLow(
            work,
            f"needs about {open_files} open files, and this process may open {files}",
            "Raise the limit: ulimit -n 4096 in a shell, LimitNOFILE=4096 in a unit of systemd",
        )
