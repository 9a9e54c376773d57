"""A card vouches for the weights that were written last."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from models.training.cards import publish
from models.training.sources import TrainingDataError


def test_the_checksum_of_the_named_file_is_written(tmp_path: Path) -> None:
    weights, card = tmp_path / "net.onnx", tmp_path / "net.yaml"
    weights.write_bytes(b"numbers")
    zeros = "0" * 64
    card.write_text(f"name: net\nfile: plates/net.onnx\nsha256: {zeros}\nplate_config:\n  file: a\n  sha256: {zeros}\n")
    shipped = tmp_path / "plates" / "net.onnx"
    publish([(weights, shipped, card)])
    assert shipped.read_bytes() == b"numbers"
    digest = hashlib.sha256(b"numbers").hexdigest()
    assert card.read_text().splitlines()[2] == f"sha256: {digest}"
    assert card.read_text().count(zeros) == 1


def test_a_card_of_another_file_is_refused(tmp_path: Path) -> None:
    weights, card = tmp_path / "net.onnx", tmp_path / "net.yaml"
    weights.write_bytes(b"numbers")
    card.write_text("name: other\nfile: plates/other.onnx\n")
    with pytest.raises(TrainingDataError, match=r"no file net\.onnx"):
        publish([(weights, tmp_path / "shipped" / "net.onnx", card)])
    assert not (tmp_path / "shipped").exists()


def test_nothing_is_shipped_when_one_card_of_several_is_missing(tmp_path: Path) -> None:
    good, weights = tmp_path / "a.yaml", tmp_path / "a.onnx"
    weights.write_bytes(b"numbers")
    good.write_text(f"file: traffic/a.onnx\nsha256: {'0' * 64}\n")
    other = (weights, tmp_path / "shipped" / "b.onnx", tmp_path / "b.yaml")
    with pytest.raises(TrainingDataError, match=r"b\.yaml: cannot be read"):
        publish([(weights, tmp_path / "shipped" / "a.onnx", good), other])
    assert weights.is_file()
    assert not (tmp_path / "shipped").exists()
    assert "0" * 64 in good.read_text()
