"""The doctor finds what does not work, and goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app import doctor
from pipeline.app.doctor import ComponentCheck, ComponentState
from pipeline.config.settings import Config
from pipeline.decode import decoder_check
from pipeline.decode.decoder_check import DecoderVerdict
from pipeline.inference.autotuning import Autotuning, Measured, Speed, Variant
from pipeline.inference.device import Backend
from pipeline.inference.graphics import Graphics


def test_every_component_of_this_installation_works_or_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    variants = [Variant(Backend.OPENVINO, 2), Variant(Backend.ONNXRUNTIME, 2), Variant(Backend.OPENVINO, 4)]
    measured = [
        Measured(variants[0], Speed(20.5, 40.0)),
        Measured(variants[1], None, "reads nothing"),
        Measured(variants[2], Speed(12.0, 41.5)),
    ]
    monkeypatch.setattr(doctor, "autotune", lambda *_: Autotuning("key", measured, variants[2]))
    found = list(doctor.check_components(None, None))
    checks = {check.component: check for check in found}
    assert [check.detail for check in found if check.component == "speed of viapublica_traffic"] == [
        "openvino, 2 threads: 20.5 ms per frame (40 ms of processor time), default",
        "onnxruntime, 2 threads: cannot be used (reads nothing)",
        "openvino, 4 threads: 12 ms per frame (41.5 ms of processor time), used",
    ]
    assert {check.state for check in checks.values()} <= {ComponentState.WORKING, ComponentState.ABSENT}
    assert "H.264" in checks["decode (PyAV)"].detail
    assert "right answers with" in checks["model viapublica_plates"].detail


def test_a_decoder_with_wrong_pixels_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_check, "check_decoders", lambda: iter([DecoderVerdict("H.264", "gives other pixels")]))
    checks = {check.component: check for check in doctor.check_components(None, None)}
    decode = checks["decode (PyAV)"]
    assert (decode.state, "H.264 gives other pixels" in decode.detail) == (ComponentState.BROKEN, True)
    assert decode.fix
    assert checks["embedded event store (chDB)"].state is ComponentState.WORKING


def test_a_network_with_wrong_answers_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.lpr.build.wrong_readings", lambda *_: ["reads XYZ instead of ABC1234"])
    monkeypatch.setenv("VIAPUBLICA_CACHE", "/dev/null/none")
    checks = {check.component: check for check in doctor.check_components(None, None)}
    reader = checks["model viapublica_plates"]
    assert (reader.state, "reads XYZ" in reader.detail) == (ComponentState.BROKEN, True)


def _with_tool(monkeypatch: pytest.MonkeyPatch, folder: Path, program: str) -> ComponentCheck:
    """The line about GPUs where NVIDIA's tool is this program."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{program}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return doctor._graphics(None)


def test_a_gpu_that_this_onnx_runtime_cannot_use_is_named_with_the_fix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    line = _with_tool(monkeypatch, tmp_path, "echo 'NVIDIA H200, 580.82, 143771 MiB, 4 MiB'")
    assert line.state is ComponentState.ABSENT
    assert line.detail == "NVIDIA H200, 580.82, 143771 MiB, 4 MiB: not used, this ONNX Runtime has no CUDA"
    assert "onnxruntime-gpu" in line.fix


def test_a_driver_that_fails_is_broken_with_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    line = _with_tool(
        monkeypatch, tmp_path, "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18"
    )
    assert line.state is ComponentState.BROKEN
    assert "version mismatch" in line.detail


def test_no_gpu_is_broken_only_where_the_configuration_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_graphics", lambda: Graphics((), "", usable=False))
    assert doctor._graphics(None).state is ComponentState.ABSENT
    camera = {"id": "a", "source": "a.mp4", "scope": "public-road"}
    config = Config.model_validate({"cameras": [camera], "detect": {"device": "cuda", "backend": "onnxruntime"}})
    line = doctor._graphics(config)
    assert (line.state, bool(line.fix)) == (ComponentState.BROKEN, True)
