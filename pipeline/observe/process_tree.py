"""This process and the processes below it, such as decoders, from Linux' ``/proc``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


def process_tree(pid: int | None = None) -> Iterator[Path]:
    """Folders in ``/proc`` of a process (None for this one) and of all that run below it."""
    process = _PROC / str(os.getpid() if pid is None else pid)
    yield process
    for task in (process / "task").iterdir():
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            if (_PROC / child).is_dir():
                yield from process_tree(int(child))


def processor_seconds(process: Path) -> float:
    """User and system time of a process so far, and of those below it that have ended; 0 if it has ended itself."""
    try:
        fields = (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS_PER_SECOND
