"""Processor time, memory, threads and handles of this process and its children, from Linux' ``/proc``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from pipeline.observe.process_tree import process_tree, processor_seconds

_SENDER: Final = b"pipeline.benchmark.camera_sender"


class Usage(msgspec.Struct, frozen=True):
    """Resources at one moment; the benchmark's own cameras are left out.

    Attributes:
        cpu_s: user and system time so far, of processes that have ended too.
        memory_mb: proportional set size: pages that processes share are counted once.
        threads, handles: number of threads and of open file descriptors; processes: number of processes.
        shared_memory: files in ``/dev/shm`` that these processes have open.
    """

    cpu_s: float
    memory_mb: float
    threads: int
    handles: int
    processes: int
    shared_memory: int


def usage() -> Usage:
    """Resources of this process and its descendants now."""
    processes = [process for process in process_tree() if not _is_sender(process)]
    handles = [target for process in processes for target in _handles(process)]
    return Usage(
        cpu_s=sum(processor_seconds(process) for process in processes),
        memory_mb=round(sum(_memory_kb(process) for process in processes) / 1024, 1),
        threads=sum(len(list((process / "task").iterdir())) for process in processes if process.is_dir()),
        handles=len(handles),
        processes=len(processes),
        shared_memory=sum(target.startswith("/dev/shm/") for target in handles),  # noqa: S108
    )


def _is_sender(process: Path) -> bool:
    try:
        return _SENDER in (process / "cmdline").read_bytes()
    except OSError:
        return True  # it has ended


def _memory_kb(process: Path) -> int:
    try:
        lines = (process / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _handles(process: Path) -> list[str]:
    found = []
    try:
        links = list((process / "fd").iterdir())
    except OSError:
        return []
    for link in links:
        try:
            found.append(os.readlink(link))  # noqa: PTH115 (targets need not be paths)
        except OSError:
            continue
    return found
