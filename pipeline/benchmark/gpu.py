"""Benchmark of GPUs: whether there is one that a network can run on, and the stages on it beside the processor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.benchmark.environment import NO_GPU, graphics
from pipeline.errors import MissingComponent

_PROVIDERS: Final[Mapping[str, str]] = {"CUDAExecutionProvider": "cuda", "TensorrtExecutionProvider": "tensorrt"}


def gpu_devices() -> list[str]:
    """Devices of ``detect.device`` that this machine's GPU and ONNX Runtime offer.

    Raises:
        MissingComponent: there is no GPU, or this ONNX Runtime cannot use it.
    """
    if graphics() == NO_GPU:
        raise MissingComponent(
            "GPU",
            "nvidia-smi finds none on this machine",
            "Run this on a machine with an NVIDIA GPU and its driver; `viapublica bench stages` measures the processor",
        )
    import onnxruntime

    available = onnxruntime.get_available_providers()
    devices = [device for provider, device in _PROVIDERS.items() if provider in available]
    if not devices:
        raise MissingComponent(
            "GPU",
            f"{graphics()} is present, but this ONNX Runtime has only {', '.join(available)}",
            "Install onnxruntime-gpu in place of onnxruntime",
        )
    return devices
