"""Inferences that run at the same time give the results of those that run alone, in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.inference.openvino_backend import OpenVino
from pipeline.weights.catalog import load_card

openvino = pytest.importorskip("openvino")


@pytest.fixture(scope="module")
def network() -> OpenVino:
    return OpenVino(load_card("viapublica_traffic", None), 2, None)


def images(count: int) -> list[npt.NDArray[np.float32]]:
    noise = np.random.default_rng(0)
    return [noise.random((1, 3, 64, 32 * (1 + number % 2)), np.float32) for number in range(count)]


def test_results_of_several_are_those_of_each_alone_in_order(network: OpenVino) -> None:
    assert network.parallel == 2
    for count in (1, 2, 5):
        alone = [network.run(image) for image in images(count)]
        for one, other in zip(alone, network.run_each(iter(images(count))), strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_was_given_up_does_not_disturb_what_follows(network: OpenVino) -> None:
    started: Any = network.run_each(images(4))
    next(started)
    started.close()
    (after,) = network.run_each(images(1))
    np.testing.assert_array_equal(after, network.run(images(1)[0]))


def test_a_network_that_infers_one_image_at_a_time_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []
    compile_model = openvino.Core.compile_model

    def counted(*values: Any) -> Any:
        compiled.append(values)
        return compile_model(*values)

    monkeypatch.setattr(openvino.Core, "compile_model", counted)
    detector = build_detector(DetectSettings(threads=2, batch_size=1))
    assert (detector.batch_size, len(compiled)) == (1, 1)
    alone = OpenVino(load_card("viapublica_traffic", None), 2, None, 1)
    assert alone.parallel == 1
    for one, other in zip(map(alone.run, images(3)), alone.run_each(images(3)), strict=True):
        np.testing.assert_array_equal(one, other)
