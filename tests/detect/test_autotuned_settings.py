"""What the configuration leaves open is measured at the first start on a machine; what it states is obeyed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.detect import autotuned_settings
from pipeline.detect.autotuned_settings import autotune, autotuned, numbers_of_threads
from pipeline.detect.settings import DetectSettings
from pipeline.errors import KnownAnswerFailed
from pipeline.inference.autotuning import ROUNDS, Speed
from pipeline.inference.device import Backend, Device

Times = dict[tuple[str, int], float | None]


class Machine:
    """Milliseconds per call by backend and threads; None fails the known-answer test."""

    def __init__(self, frame_ms: Times) -> None:
        self.frame_ms = frame_ms
        self.opened: list[tuple[str, int]] = []
        self.most_loaded = self.loaded = 0

    def build(self, settings: DetectSettings, _models: Path | None) -> LoadedDetector:
        key = (settings.backend.value, settings.threads)
        self.opened.append(key)
        frame_ms = self.frame_ms[key]
        if frame_ms is None:
            raise KnownAnswerFailed("model", "gives wrong answers on this machine", "")
        self.loaded += 1
        self.most_loaded = max(self.most_loaded, self.loaded)
        return LoadedDetector(self, frame_ms, settings.batch_size or 1)


class LoadedDetector:
    def __init__(self, machine: Machine, frame_ms: float, batch_size: int) -> None:
        self.machine = machine
        self.frame_ms = frame_ms
        self.batch_size = batch_size

    def detect(self, images: Sequence[Any]) -> float:
        assert len(images) == self.batch_size
        return self.frame_ms * len(images)

    def close(self) -> None:
        self.machine.loaded -= 1


def _speeds(calls: Sequence[Callable[[], Any]]) -> list[list[Speed]]:
    return [[Speed(call(), call())] * ROUNDS for call in calls]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[int, Times], Machine]:
    """A machine with a number of cores, whose cache is empty."""
    made: list[Machine] = []

    def make(cores: int, frame_ms: Times) -> Machine:
        made.append(Machine(frame_ms))
        monkeypatch.delenv("VIAPUBLICA_AUTOTUNE", raising=False)
        monkeypatch.setenv("VIAPUBLICA_CACHE", str(tmp_path / str(len(made))))
        monkeypatch.setattr(autotuned_settings, "build_detector", made[-1].build)
        monkeypatch.setattr(autotuned_settings, "backends_for", _backends)
        monkeypatch.setattr(autotuned_settings, "measure_in_turn", _speeds)
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
        return made[-1]

    return make


def _backends(_card: object, settings: DetectSettings) -> list[Backend]:
    auto = settings.backend is Backend.AUTO
    return [Backend.OPENVINO, Backend.ONNXRUNTIME] if auto else [settings.backend]


def test_more_threads_are_used_where_there_are_cores_and_they_help(machine: Callable[[int, Times], Machine]) -> None:
    times: Times = {("openvino", 2): 20.0, ("onnxruntime", 2): 30.0, ("openvino", 4): 12.0, ("openvino", 8): 11.5}
    made = machine(16, times)
    found = autotuned(DetectSettings())
    assert (found.backend, found.threads) == (Backend.AUTO, 4)
    assert made.opened == list(times), "16 threads are not measured where 8 do not help"
    assert (made.loaded, made.most_loaded) == (0, 2)
    assert autotuned(DetectSettings()) == found
    assert len(made.opened) == len(times), "the second start measures nothing"


def test_numbers_of_threads_double_up_to_the_cores() -> None:
    assert numbers_of_threads(2, 16) == [4, 8, 16]
    assert numbers_of_threads(2, 6) == [4]
    assert numbers_of_threads(2, 2) == []
    assert numbers_of_threads(2, 1) == [1]


def test_another_backend_is_chosen_where_it_is_clearly_faster(machine: Callable[[int, Times], Machine]) -> None:
    machine(2, {("openvino", 2): 30.0, ("onnxruntime", 2): 20.0})
    assert autotuned(DetectSettings()).backend is Backend.ONNXRUNTIME


def test_the_default_stays_in_doubt(machine: Callable[[int, Times], Machine]) -> None:
    machine(2, {("openvino", 2): 30.0, ("onnxruntime", 2): 26.0})
    settings = DetectSettings()
    assert autotuned(settings) is settings


def test_a_backend_that_fails_the_known_answer_test_is_not_chosen(machine: Callable[[int, Times], Machine]) -> None:
    machine(2, {("openvino", 2): None, ("onnxruntime", 2): 20.0})
    settings = DetectSettings()
    assert autotuned(settings) is settings, "auto passes it over, and the run reports it"
    result = autotune(settings)
    assert result is not None
    assert [one.per_frame for one in result.measured] == [None, Speed(20.0, 20.0)]
    assert "wrong answers" in result.measured[0].problem


def test_what_the_configuration_states_is_obeyed(machine: Callable[[int, Times], Machine]) -> None:
    made = machine(8, {("openvino", 3): 20.0, ("onnxruntime", 3): 10.0})
    found = autotuned(DetectSettings(threads=3, batch_size=2))
    assert (found.backend, found.threads, found.batch_size) == (Backend.ONNXRUNTIME, 3, 2)
    result = autotune(DetectSettings(threads=3, batch_size=2))
    assert result is not None
    assert [one.per_frame for one in result.measured] == [Speed(20.0, 20.0), Speed(10.0, 10.0)], "not per batch"
    assert made.opened == [("openvino", 3), ("onnxruntime", 3)]
    stated = DetectSettings(backend=Backend.ONNXRUNTIME, threads=3)
    assert autotuned(stated) is stated
    made = machine(8, {("onnxruntime", 2): 20.0, ("onnxruntime", 4): 12.0, ("onnxruntime", 8): 6.0})
    found = autotuned(DetectSettings(backend=Backend.ONNXRUNTIME))
    assert (found.backend, found.threads) == (Backend.ONNXRUNTIME, 8)


def test_nothing_is_measured_where_there_is_no_choice(
    machine: Callable[[int, Times], Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = machine(2, {})
    for settings in (
        DetectSettings(backend=Backend.ONNXRUNTIME),
        DetectSettings(device=Device.CUDA),
        DetectSettings(plate_model="viapublica_traffic"),
    ):
        assert autotuned(settings) is settings
    monkeypatch.setenv("VIAPUBLICA_AUTOTUNE", "off")
    settings = DetectSettings()
    assert autotuned(settings) is settings
    assert made.opened == []


def test_a_machine_on_which_nothing_passes_retains_its_settings(machine: Callable[[int, Times], Machine]) -> None:
    machine(2, {("openvino", 2): None, ("onnxruntime", 2): None})
    settings = DetectSettings()
    assert autotuned(settings) is settings
