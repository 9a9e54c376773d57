"""Inference backends and devices."""

from __future__ import annotations

from enum import StrEnum


class Backend(StrEnum):
    """Library that runs a network."""

    AUTO = "auto"
    """The fastest installed one that passes the network's known-answer test on this machine."""
    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"
    ULTRALYTICS = "ultralytics"


class Device(StrEnum):
    """Hardware that a network runs on."""

    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
