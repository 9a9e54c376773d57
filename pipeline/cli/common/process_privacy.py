"""Privacy of a process: no core dumps, memory closed to other processes, no plates in the list of processes."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from pipeline.domain.credentials import redact_address

_PR_SET_DUMPABLE: Final = 4
_ARGUMENTS_BEGIN: Final = 45
"""Index of arg_start (field 48 of /proc/PID/stat) behind the name of the program; arg_end follows."""
_PLATE: Final = re.compile(rb"(?<![A-Za-z0-9])[A-Za-z]{3}[ -]?[0-9][A-Za-z0-9][0-9]{2}(?![A-Za-z0-9])")


def protect_process() -> None:
    """Hide plates and credentials among the arguments, and let no memory of this process be dumped or read by others.

    A core dump has plates and frames in it, and systemd-coredump would store it. Where a kernel forbids a step, the
    others are done.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, ValueError):
        _hide_arguments()
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def hidden(argument: bytes) -> bytes:
    """An argument of the same length, its plates and the login of an address replaced by stars."""
    text = argument.decode("utf-8", "surrogateescape")
    if b"://" in argument and redact_address(text) != text:
        return b"*" * len(argument)
    return _PLATE.sub(lambda match: b"*" * len(match[0]), argument)


def _hide_arguments() -> None:
    fields = Path("/proc/self/stat").read_bytes().rpartition(b") ")[2].split()
    begin, end = int(fields[_ARGUMENTS_BEGIN]), int(fields[_ARGUMENTS_BEGIN + 1])
    memory = os.open("/proc/self/mem", os.O_RDWR | os.O_CLOEXEC)
    try:
        arguments = os.pread(memory, end - begin, begin)
        shown = b"\0".join(map(hidden, arguments.split(b"\0")))
        if shown != arguments and len(shown) == len(arguments):
            os.pwrite(memory, shown, begin)
    finally:
        os.close(memory)
