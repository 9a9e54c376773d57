"""Memory of a process, closed to core dumps and to other processes: it holds frames, plates and credentials."""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def close_process_memory() -> None:
    """Let no memory of this process be dumped or read by others; inherited by forked processes.

    A core dump has plates and frames in it, and systemd-coredump would store it. Where a kernel forbids a step, the
    other is done.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
