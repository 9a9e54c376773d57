"""A card vouches for the weights that were written last."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from models.training.cards import vouch_for
from models.training.sources import TrainingDataError


def test_the_checksum_of_the_named_file_is_written(tmp_path: Path) -> None:
    weights, card = tmp_path / "net.onnx", tmp_path / "net.yaml"
    weights.write_bytes(b"numbers")
    zeros = "0" * 64
    card.write_text(f"name: net\nfile: plates/net.onnx\nsha256: {zeros}\nplate_config:\n  file: a\n  sha256: {zeros}\n")
    digest = vouch_for(card, weights)
    assert digest == hashlib.sha256(b"numbers").hexdigest()
    assert card.read_text().splitlines()[2] == f"sha256: {digest}"
    assert card.read_text().count(zeros) == 1


def test_a_card_of_another_file_is_refused(tmp_path: Path) -> None:
    weights, card = tmp_path / "net.onnx", tmp_path / "net.yaml"
    weights.write_bytes(b"numbers")
    card.write_text("name: other\nfile: plates/other.onnx\n")
    with pytest.raises(TrainingDataError, match=r"no file net\.onnx"):
        vouch_for(card, weights)
