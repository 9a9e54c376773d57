"""Our own detectors, each shipped file in each runtime: all labels in one pass, whatever runs it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest

from models.training.sources import LATER_BOX_SETS, Part, Sample, everything
from models.training.traffic.evaluate import Result, evaluate
from models.training.traffic.network import CLASSES
from models.training.traffic.teachers import CardTeacher
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.media_files import read_image
from pipeline.demo.plate_scene import images
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label
from pipeline.inference.device import Backend
from pipeline.weights.catalog import list_cards, load_card, verify_weights

_TRAFFIC: Final[Mapping[str, float]] = {"plate": 0.95, "face": 0.8, "person": 0.7, "vehicle": 0.7}
_CHECK: Final[Mapping[str, float]] = {"plate": 0.92, "face": 0.7, "person": 0.7, "vehicle": 0.5}
LEAST: Final[Mapping[str, Mapping[str, float]]] = {
    "viapublica_traffic": _TRAFFIC,
    "viapublica_traffic_int8": _TRAFFIC,
    "viapublica_check": _CHECK,
    "viapublica_check_int8": _CHECK,
}
"""Share found at least; seen here when the weights came: 0.98, 0.93, 0.75, 0.81, in 8 bits 0.98, 0.89, 0.76, 0.84."""
RUNTIMES: Final = (Backend.ONNXRUNTIME, Backend.OPENVINO)
EACH: Final = tuple(product(LEAST, RUNTIMES))
USED: Final = tuple(
    pytest.param(name, backend, marks=() if backend is Backend.OPENVINO else pytest.mark.soak) for name, backend in EACH
)
"""In the runtime that is chosen first; that the other one finds the same is tested on a few images."""
FLOAT: Final[Mapping[str, str]] = {name: name.removesuffix("_int8") for name in LEAST}
SCENE: Final = "demo scene"
STILLS: Final = ("car-park.jpg", "from-above.jpg", "wide-angle.jpg")
_IMAGES: Final = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture(scope="module")
def held_out(data_dir: Path) -> list[Sample]:
    """Some images of each set that the network was never trained on."""
    taken: dict[str, list[Sample]] = {}
    for sample in everything(data_dir):
        if sample.part is Part.JUDGE and sample.boxes and sample.source not in LATER_BOX_SETS:
            taken.setdefault(sample.source, []).append(sample)
    return [sample for samples in taken.values() for sample in samples[:8]]


def share(result: Result, label: str) -> float:
    """Of all labeled objects of that group, how many were found."""
    scores = [score for (_, group), score in result.scores.items() if group == label]
    return sum(s.right for s in scores) / sum(s.labeled for s in scores)


@pytest.mark.real
@pytest.mark.parametrize(("name", "backend"), USED)
def test_every_label_is_found_where_it_was_never_seen(
    name: str, backend: Backend, held_out: list[Sample], tmp_path: Path
) -> None:
    result = evaluate(held_out, CardTeacher(name, CLASSES, tmp_path, backend=backend))
    found = {label: round(share(result, label), 2) for label in LEAST[name]}
    assert all(found[label] >= least for label, least in LEAST[name].items()), found


@pytest.fixture(scope="module")
def in_the_repository() -> list[Image]:
    """A drawn street with a car, and the photographs of the documentation."""
    frame = list(images(plates=["BRA2E19"], seconds=2.0, fps=4, size=(1280, 720)))[4]
    stills = [read_image(_IMAGES / name) for name in STILLS]
    return [ArrayImage(frame), *stills]


def detect(
    name: str, backend: Backend, seen: list[Image], folder: Path, size: tuple[int, int] | None = None
) -> list[Detections]:
    """What a shipped file finds."""
    settings = DetectSettings(model=name, backend=backend, confidence=0.15, input_size=size)
    return build_detector(settings, folder).detect(seen)


def sure_ones_found(sure: Detections, other: Detections) -> bool:
    """Whether each box of the first has one in the second; vehicles may be of another kind.

    The least overlap seen is 0.66, of a car behind another one.
    """
    return len(sure) == 0 or (len(other) > 0 and bool((overlaps(sure.boxes, other.boxes).max(axis=1) > 0.6).all()))


@pytest.mark.parametrize(("name", "backend"), EACH)
def test_each_file_in_each_runtime_finds_what_float_finds(
    name: str, backend: Backend, in_the_repository: list[Image], tmp_path: Path
) -> None:
    whole = detect(FLOAT[name], Backend.ONNXRUNTIME, in_the_repository, tmp_path)
    other = detect(name, backend, in_the_repository, tmp_path)
    assert sum(int((found.scores >= 0.5).sum()) for found in whole) >= 4
    for one, two in zip(whole, other, strict=True):
        assert sure_ones_found(one.select(one.scores >= 0.5), two)
        assert sure_ones_found(two.select(two.scores >= 0.5), one)


@pytest.mark.parametrize(("name", "backend"), EACH)
@pytest.mark.parametrize("size", [416, pytest.param(1280, marks=pytest.mark.soak)])
def test_each_file_takes_other_sizes_and_several_frames_at_once(
    name: str, backend: Backend, size: int, in_the_repository: list[Image], tmp_path: Path
) -> None:
    frame = np.ascontiguousarray(cv2.imread(str(_IMAGES / STILLS[0])), np.uint8)
    twice: list[Image] = [ArrayImage(frame), ArrayImage(np.ascontiguousarray(frame[:, ::-1]))]
    settings = DetectSettings(model=name, backend=backend, input_size=(size, size), batch_size=2)
    one, mirrored = build_detector(settings, tmp_path).detect(twice)
    assert (one.scores >= 0.4).any()
    assert (mirrored.scores >= 0.4).any()


@pytest.mark.real
def test_both_runtimes_find_the_same(data_dir: Path, tmp_path: Path) -> None:
    image = read_image(next((data_dir / "pennfudan-street" / "images").glob("*.png")))
    found = [
        build_detector(DetectSettings(backend=backend), tmp_path).detect([image])[0]
        for backend in (Backend.ONNXRUNTIME, Backend.OPENVINO)
    ]
    for one, other in (found, found[::-1]):
        sure = one.select(one.scores >= 0.5)
        assert len(sure)
        # OpenVINO may compute in bfloat16: the same objects, not the same bits.
        assert (overlaps(sure.boxes, other.boxes).max(axis=1) > 0.8).all()


def test_our_weights_come_with_the_program(tmp_path: Path) -> None:
    cards = list_cards(tmp_path)
    for name in (*LEAST, "viapublica_plates", "viapublica_plate_corners"):
        assert name in cards
        assert verify_weights(load_card(name, tmp_path), tmp_path).stat().st_size <= 12 * 2**20
    labels = {Label.from_word(word) for word in load_card("viapublica_traffic", tmp_path).labels.values()}
    assert labels == set(Label)
