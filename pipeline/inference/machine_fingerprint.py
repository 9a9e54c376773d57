"""Fingerprint of the machine for known-answer verdicts: processor, driver, library versions and their settings."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pipeline.inference.device import Backend, Device

_SWITCHES: Final = ("ONEDNN_", "DNNL_", "OPENVINO_", "OV_", "ORT_", "MLAS_", "CUDA_", "NVIDIA_", "TORCH_")
"""Prefixes of environment variables that change which kernels a library selects."""
_DISTRIBUTIONS: Final[Mapping[Backend, tuple[str, ...]]] = {
    Backend.ONNXRUNTIME: ("onnxruntime", "onnxruntime-gpu"),
    Backend.OPENVINO: ("openvino",),
    Backend.ULTRALYTICS: ("ultralytics", "torch"),
}
_DRIVER: Final = Path("/proc/driver/nvidia/version")
_DEVICES: Final = Path("/proc/driver/nvidia/gpus")


def fingerprint(backend: Backend, device: Device) -> dict[str, str]:
    """Properties of this machine on which the answers of a backend on a device depend."""
    found = {"processor": processor(), "instructions": _instructions(), "version": backend_version(backend)}
    found |= {name: value for name, value in os.environ.items() if name.startswith(_SWITCHES)}
    if device is not Device.CPU:
        found["driver"] = _DRIVER.read_text().splitlines()[0] if _DRIVER.is_file() else ""
        found["devices"] = "\n".join(path.read_text() for path in sorted(_DEVICES.glob("*/information")))
        found["libraries"] = ", ".join(sorted(_device_libraries()))
    return found


def backend_version(backend: Backend) -> str:
    """Installed versions of a backend's packages, empty if none is installed."""
    versions = []
    for name in _DISTRIBUTIONS[backend]:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(versions)


def _device_libraries() -> set[str]:
    """Installed packages of the device's maker, with versions."""
    installed = ((one.metadata["Name"] or "", one.version) for one in importlib.metadata.distributions())
    return {f"{name} {version}" for name, version in installed if name.lower().startswith(("nvidia-", "tensorrt"))}


@functools.cache
def processor() -> str:
    """Name of the processor, from the kernel."""
    return cpu_information().get("model name") or platform.processor() or platform.machine()


@functools.cache
def _instructions() -> str:
    information = cpu_information()
    flags = information.get("flags") or information.get("Features") or ""
    return " ".join(sorted(flags.split()))


def usable_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


def cpu_information() -> dict[str, str]:
    """What the kernel says about the first processor, by field; empty where there is no ``/proc/cpuinfo``."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    first = text.split("\n\n", 1)[0]
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
