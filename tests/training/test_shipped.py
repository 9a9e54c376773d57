"""Our own detector on real images: all labels in one pass, whatever runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.training.sources import Sample, everything
from models.training.traffic.evaluate import Result, evaluate
from models.training.traffic.network import CLASSES
from models.training.traffic.teachers import CardTeacher
from pipeline.decode.media_files import read_image
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import overlaps
from pipeline.domain.labels import Label
from pipeline.inference.device import Backend
from pipeline.weights.catalog import list_cards, load_card, verify_weights

pytestmark = pytest.mark.real
LEAST = {"plate": 0.95, "face": 0.8, "person": 0.7, "vehicle": 0.7}
"""Seen here when the weights came: 0.98, 0.93, 0.75, 0.81; in 8 bits 0.98, 0.89, 0.76, 0.84."""
OURS = ("viapublica_traffic", "viapublica_traffic_int8")


@pytest.fixture(scope="module")
def held_out(data_dir: Path) -> list[Sample]:
    """Some images of each set that the network was never trained on."""
    taken: dict[str, list[Sample]] = {}
    for sample in everything(data_dir):
        if sample.validation and sample.boxes:
            taken.setdefault(sample.source, []).append(sample)
    return [sample for samples in taken.values() for sample in samples[:8]]


def share(result: Result, label: str) -> float:
    """Of all labeled objects of that group, how many were found."""
    scores = [score for (_, group), score in result.scores.items() if group == label]
    return sum(s.right for s in scores) / sum(s.labeled for s in scores)


@pytest.mark.parametrize("name", OURS)
def test_every_label_is_found_where_it_was_never_seen(name: str, held_out: list[Sample], tmp_path: Path) -> None:
    result = evaluate(held_out, CardTeacher(name, CLASSES, tmp_path))
    found = {label: round(share(result, label), 2) for label in ("plate", "face", "person", "vehicle")}
    assert all(found[label] >= least for label, least in LEAST.items()), found


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
    for name in (*OURS, "viapublica_plates"):
        assert name in cards
        assert verify_weights(load_card(name, tmp_path), tmp_path).stat().st_size <= 12 * 2**20
    labels = {Label.from_word(word) for word in load_card(OURS[0], tmp_path).labels.values()}
    assert labels == set(Label)
