"""What 8 bits are calibrated on, which layers stay float, and how the shipped files store activations."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import openvino
import pytest

from models.training.sources import Part, Sample
from models.training.traffic.eight_bits import kept_float
from models.training.traffic.export import calibration

_SHIPPED = Path(__file__).parents[2] / "models" / "traffic"


def samples(source: str, count: int, part: Part = Part.TRAIN) -> list[Sample]:
    return [Sample(f"{source}/{n}", source, Path("x"), part=part) for n in range(count)]


def test_images_for_judging_never_calibrate() -> None:
    chosen = calibration([*samples("a", 50), *samples("a", 50, Part.JUDGE)], 60)
    assert len(chosen) == 50
    assert not any(sample.part is Part.JUDGE for sample in chosen)


def test_small_sources_give_all_and_large_ones_share_the_rest() -> None:
    chosen = calibration([*samples("a", 4), *samples("b", 100), *samples("c", 500)], 64)
    assert Counter(sample.source for sample in chosen) == {"a": 4, "b": 30, "c": 30}
    assert len({sample.key for sample in chosen}) == 64


@pytest.mark.parametrize("head", [22, 23])
def test_only_the_end_of_the_last_block_stays_float(head: int) -> None:
    names = [f"/model.{block}/cv1/conv/Conv" for block in range(head + 1)] + ["/model.2/Concat", "/images"]
    network = SimpleNamespace(graph=SimpleNamespace(node=[SimpleNamespace(name=name) for name in names]))
    kept = [re.compile(pattern) for pattern in kept_float(network)]

    def stays(name: str) -> bool:
        return any(pattern.match(name) for pattern in kept)

    assert stays(f"/model.{head}/cv3.1/cv3.1.2/Conv")
    assert stays(f"/model.{head}/dfl/conv/Conv")
    assert not stays(f"/model.{head}/cv2.0/cv2.0.1/conv/Conv")
    assert not stays(f"/model.{head - 1}/Concat")


@pytest.mark.parametrize("name", ["viapublica_traffic_int8", "viapublica_check_int8"])
def test_activations_are_stored_unsigned(name: str) -> None:
    model = openvino.Core().read_model(_SHIPPED / f"{name}.onnx")
    quantized = [
        target.get_node().get_element_type().type_name
        for node in model.get_ops()
        if node.get_type_name() == "FakeQuantize"
        for target in node.output(0).get_target_inputs()
        if target.get_node().get_type_name() == "Convert"
    ]
    assert len(quantized) > 50
    assert set(quantized) == {"u8"}
