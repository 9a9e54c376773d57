"""Results files of benchmarks: a table with machine and commit."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_RUNTIMES = ("onnxruntime", "openvino")
_SETS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm")
"""Instruction sets that decide how fast a network runs, and by which kernels."""


def machine() -> str:
    """Words for the machine, the libraries that run networks, and the commit that was measured."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    cores = len(os.sched_getaffinity(0))
    python = platform.python_version()
    versions = "".join(f", {name} {found}" for name in _RUNTIMES if (found := _version(name)))
    return (
        f"{cores} cores {platform.machine()} ({processor()}), no GPU, Python {python}{versions}, "
        f"commit {commit.stdout.strip()}."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def processor() -> str:
    """The processor's name and what it multiplies 8-bit and 16-bit numbers with, as far as the system says."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unnamed processor"
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    flags = set(said.get("flags", said.get("Features", "")).split())
    name = said.get("model name", platform.processor() or "unnamed processor")
    return " ".join([name, *(flag for flag in _SETS if flag in flags)])


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)])


def write_table(
    path: Path, title: str, how: str, *, columns: Sequence[str], rows: Sequence[Sequence[Any]], after: str = ""
) -> None:
    """A Markdown page with one table."""
    lines = [f"# {title}", "", how, "", markdown(columns, rows), "", after]
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
