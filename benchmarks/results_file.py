"""Results files of benchmarks: a section per machine, with its processor, GPU, versions and commit.

A benchmark replaces the section of the machine it runs on and leaves the others. What was written before there were
sections is dropped: its processor is not known.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_RUNTIMES = ("onnxruntime", "openvino")
_SETS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "asimddp", "i8mm")
"""Instruction sets that decide how fast a network runs, and by which kernels."""


_SECTION = re.compile(r"^<!-- machine: (?P<name>.+?) -->$", re.MULTILINE)


def machine() -> str:
    """Words for the machine, the libraries that run networks, the commit that was measured, and the day."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    versions = "".join(f", {name} {found}" for name in _RUNTIMES if (found := _version(name)))
    return (
        f"{machine_name()}, Python {platform.python_version()}{versions}, commit {commit.stdout.strip()}, "
        f"{datetime.now(UTC):%Y-%m-%d}."
    )


def machine_name() -> str:
    """Cores, processor and GPU: machines of the same name share a section."""
    return f"{len(os.sched_getaffinity(0))} cores {platform.machine()} ({processor()}), {graphics()}"


@cache
def graphics() -> str:
    """The GPUs with their driver, as NVIDIA's tool says; ``no GPU`` where it finds none or is not installed."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return "no GPU"
    lines = [line.strip() for line in said.stdout.splitlines() if line.strip()]
    return "; ".join(lines) if said.returncode == 0 and lines else "no GPU"


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
    if "cpu family" in said:  # some machines hide all but the maker's name
        name += f", family {said['cpu family']} model {said.get('model', '?')},"
    return " ".join([name, *(flag for flag in _SETS if flag in flags)])


def markdown(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([*lines, *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)])


def write_table(
    path: Path, title: str, how: str, *, columns: Sequence[str], rows: Sequence[Sequence[Any]], after: str = ""
) -> None:
    """A Markdown page with one table per machine; plots beside it are of the machine that was measured last."""
    write_section(path, title, "\n".join([how, "", markdown(columns, rows), "", after]).strip())


def write_section(path: Path, title: str, text: str) -> None:
    """A Markdown page with this section for this machine, before those of other machines."""
    others = {name: body for name, body in sections(path).items() if name != machine_name()}
    parts = [f"<!-- machine: {name} -->\n\n{body}" for name, body in {machine_name(): text, **others}.items()]
    path.write_text("\n\n".join([f"# {title}", *parts]) + "\n", encoding="utf-8")


def sections(path: Path) -> dict[str, str]:
    """The sections of a page by machine; none where there is no page, or one without sections."""
    if not path.is_file():
        return {}
    page = path.read_text(encoding="utf-8")
    found = list(_SECTION.finditer(page))
    ends = [*(each.start() for each in found), len(page)][1:]
    return {each["name"]: page[each.end() : end].strip() for each, end in zip(found, ends, strict=True)}
