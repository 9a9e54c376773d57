"""Fingerprint of the environment of a measurement: processor, instruction sets, GPU, memory, versions, commit, day."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

from pipeline import __version__
from pipeline.inference.machine_fingerprint import cpu_information, usable_cores

_LIBRARIES: Final = ("onnxruntime", "openvino", "av", "numpy")
_INSTRUCTION_SETS: Final = (
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_int8",
    "asimddp",
    "i8mm",
)
"""Instruction sets that decide how fast a network runs, and by which kernels."""
_SOURCES: Final = Path(__file__).resolve().parents[2]


class Environment(msgspec.Struct, frozen=True):
    """Where and with what something was measured.

    Attributes:
        machine: cores, processor and GPU; machines of the same name share a section of a results page.
        memory_gb: of the machine, 0 if the system does not say.
        load: runnable processes in the last minute, when the measurement began.
        versions: of Python and of the libraries that decode and run networks.
        commit: of the checkout that the package runs from, ending in ``+`` if it has uncommitted changes to the
            package; "" for an installed package.
        day: UTC, ISO 8601.
    """

    machine: str
    memory_gb: float
    load: float
    viapublica: str
    versions: dict[str, str]
    commit: str
    day: str

    def line(self) -> str:
        """One sentence for a results page."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        commit = f", commit {self.commit}" if self.commit else ""
        return f"{self.machine}, {versions}{commit}, {self.day}."


def environment() -> Environment:
    """The environment of this process."""
    libraries = {name: number for name in _LIBRARIES if (number := _installed(name))}
    return Environment(
        machine=machine_name(),
        memory_gb=_memory_gb(),
        load=round(os.getloadavg()[0], 2),
        viapublica=__version__,
        versions={"Python": platform.python_version()} | libraries,
        commit=_commit(),
        day=f"{datetime.now(UTC):%Y-%m-%d}",
    )


def machine_name() -> str:
    """Cores, processor with its instruction sets, and GPU."""
    return f"{usable_cores()} cores {platform.machine()} ({processor()}), {graphics()}"


@cache
def graphics() -> str:
    """The GPUs with their driver, as NVIDIA's tool lists them; ``no GPU`` where it finds none or is not installed."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return NO_GPU
    lines = [line.strip() for line in listed.stdout.splitlines() if line.strip()]
    return "; ".join(lines) if listed.returncode == 0 and lines else NO_GPU


NO_GPU: Final = "no GPU"


def processor() -> str:
    """The processor's name and what it multiplies 8-bit and 16-bit numbers with, as far as the system says."""
    found = cpu_information()
    flags = set(found.get("flags", found.get("Features", "")).split())
    name = found.get("model name", platform.processor() or "unnamed processor")
    if "cpu family" in found:  # some machines hide all but the maker's name
        name += f", family {found['cpu family']} model {found.get('model', '?')},"
    return " ".join([name, *(flag for flag in _INSTRUCTION_SETS if flag in flags)])


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _memory_gb() -> float:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (OSError, ValueError):
        return 0.0


def _commit() -> str:
    if not (_SOURCES / ".git").exists():
        return ""
    git = ["git", "-C", str(_SOURCES)]
    try:
        head = subprocess.run([*git, "rev-parse", "--short=7", "HEAD"], capture_output=True, text=True, check=False)
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--untracked-files=no", "--", "pipeline"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")
