"""GPUs of this machine, as NVIDIA's driver names them, and whether ONNX Runtime can use them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Final

_TIMEOUT_S: Final = 20.0
_QUERY: Final = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total,memory.used", "--format=csv,noheader")
_CUDA: Final = "CUDAExecutionProvider"


@dataclass(frozen=True, slots=True)
class Graphics:
    """GPUs of this machine.

    Attributes:
        cards: name, driver, memory and used memory of each, as the driver's tool writes them.
        problem: why the tool lists none; "" where it is not installed, or lists some.
        usable: ONNX Runtime here can run networks on them.
    """

    cards: tuple[str, ...]
    problem: str
    usable: bool


def find_graphics() -> Graphics:
    """The GPUs that NVIDIA's tool lists; nothing is raised."""
    import onnxruntime

    usable = _CUDA in onnxruntime.get_available_providers()
    try:
        said = subprocess.run(_QUERY, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S)
    except FileNotFoundError:
        return Graphics((), "", usable)
    except (OSError, subprocess.TimeoutExpired):
        return Graphics((), "nvidia-smi does not answer", usable)
    lines = tuple(line.strip() for line in said.stdout.splitlines() if line.strip())
    if said.returncode:
        return Graphics((), (lines or ("nvidia-smi failed",))[0], usable)
    return Graphics(lines, "", usable)
