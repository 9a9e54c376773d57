from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import structlog

from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import CharacterProbabilities
from pipeline.engine.device_fallback import FallbackDetector, FallbackReader
from pipeline.errors import ModelRuntimeError
from pipeline.observe.run_health import run_health
from tests.engine.networks import AlwaysA, PersonWithFace

_IMAGE = ArrayImage(np.zeros((120, 120, 3), np.uint8))
_GPU = NetworkIdentity("net", "0" * 64, "1" * 64, "onnxruntime", "cuda")
_CPU = replace(_GPU, device="cpu")


class OnGpu(PersonWithFace):
    """A detector whose GPU disappears at the n-th call."""

    networks = (_GPU,)

    def __init__(self, fails_at: int) -> None:
        self.calls, self._fails_at = 0, fails_at

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        self.calls += 1
        if self.calls >= self._fails_at:
            raise ModelRuntimeError("model net", "the GPU does not answer any more", "Check nvidia-smi")
        return super().detect(images)


class OnProcessor(PersonWithFace):
    networks = (_CPU,)


class Never(PersonWithFace):
    def detect(self, images: Sequence[Image]) -> list[Detections]:
        raise ModelRuntimeError("model net", "this image cannot be analyzed")


def _gone() -> OnGpu:
    raise ModelRuntimeError("model net", "the NVIDIA driver is too old for these CUDA libraries", "Update the driver")


def test_a_gpu_that_disappears_loses_no_frame_and_the_run_says_so() -> None:
    gpu = OnGpu(fails_at=3)
    detector = FallbackDetector(lambda: gpu, OnProcessor)
    found = []
    for _ in range(6):
        assert not any(network.fallback for network in detector.networks) or gpu.calls == 3
        found += detector.detect([_IMAGE, _IMAGE])
    assert [len(one) for one in found] == [3] * 12
    assert gpu.calls == 3, "not asked again"
    (network,) = detector.networks
    assert network.device == "cpu"
    assert network.fallback == (
        "model net runs on the processor: the GPU does not answer any more. Check nvidia-smi. "
        "Restart to use the GPU again"
    )
    assert run_health({}, [], network.fallback, now_s=0, began_s=0)["status"] == "degraded"


def test_the_failure_is_logged_once_as_an_error() -> None:
    detector = FallbackDetector(lambda: OnGpu(fails_at=1), OnProcessor)
    with structlog.testing.capture_logs() as logs:
        detector.detect([_IMAGE])
        detector.detect([_IMAGE])
    assert [(line["event"], line["log_level"]) for line in logs] == [("gpu_failed", "error")]


def test_a_gpu_that_cannot_be_opened_starts_on_the_processor() -> None:
    detector = FallbackDetector(_gone, OnProcessor)
    assert len(detector.detect([_IMAGE])[0]) == 3
    assert "driver is too old" in detector.networks[0].fallback


def test_an_image_that_no_device_can_analyze_is_not_blamed_on_the_gpu() -> None:
    gpu, opened = OnGpu(fails_at=1), []

    def on_processor() -> Never:
        opened.append(1)
        return Never()

    detector = FallbackDetector(lambda: gpu, on_processor)
    for _ in range(2):
        with pytest.raises(ModelRuntimeError, match="cannot be analyzed"):
            detector.detect([_IMAGE])
    assert detector.networks == (_GPU,)
    assert opened == [1], "the processor's network is opened once"


def test_a_plate_reader_falls_back_like_a_detector() -> None:
    class Failing(AlwaysA):
        networks = (_GPU,)

        def read(self, crops: Sequence[BgrImage]) -> list[CharacterProbabilities]:
            raise ModelRuntimeError("model plates", "the GPU is out of memory")

    reader = FallbackReader(Failing, AlwaysA)
    assert len(reader.read([np.zeros((10, 20, 3), np.uint8)] * 2)) == 2
