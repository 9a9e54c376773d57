"""Errors of GPUs in clear words: driver too old, out of memory, busy, gone."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class DeviceError(NamedTuple):
    """What is wrong with a GPU: `problem` in one clause, `fix` as a sentence."""

    problem: str
    fix: str


_KNOWN: Final = (
    (
        re.compile(r"driver version is insufficient|CUDA (?:failure|error) 35\b|forward compatibility", re.IGNORECASE),
        DeviceError("the NVIDIA driver is too old for these CUDA libraries", "Update the driver, then restart"),
    ),
    (
        re.compile(
            r"out of memory|CUDA (?:failure|error) 2\b|failed to allocate|ALLOC_FAILED|memory allocation", re.IGNORECASE
        ),
        DeviceError(
            "the GPU is out of memory", "End other programs on it (nvidia-smi lists them), or lower detect.batch_size"
        ),
    ),
    (
        re.compile(r"busy or unavailable|CUDA (?:failure|error) 46\b|exclusive", re.IGNORECASE),
        DeviceError("the GPU is in use by another program", "End that program (nvidia-smi lists it), then restart"),
    ),
    (
        re.compile(
            r"no CUDA-capable device|device is lost|fallen off the bus|unspecified launch failure|ECC error"
            r"|CUDA (?:failure|error) (?:100|101|214|719|999)\b",
            re.IGNORECASE,
        ),
        DeviceError(
            "the GPU does not answer any more", "Check nvidia-smi and the kernel's log (dmesg, Xid), then restart"
        ),
    ),
    (
        re.compile(r"lib(?:cu|nv)\w+\.so|cudnn\w*.*not found|cannot open shared object", re.IGNORECASE),
        DeviceError("a CUDA library is missing", "Install the CUDA libraries of this ONNX Runtime's version"),
    ),
)


def device_error(text: str) -> DeviceError | None:
    """What a runtime's message about a GPU means; None where it is not known."""
    return next((error for pattern, error in _KNOWN if pattern.search(text)), None)
