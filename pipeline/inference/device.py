"""Backends that run networks, and the devices they run on."""

from __future__ import annotations

from enum import StrEnum


class Backend(StrEnum):
    """The library that runs a network."""

    AUTO = "auto"
    """The fastest installed one that passes the network's known-answer test on this machine."""
    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"
    ULTRALYTICS = "ultralytics"


class Device(StrEnum):
    """Where a network runs."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
