"""`viapublica models`."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from ruamel.yaml import YAML

from pipeline.weights.catalog import load_card
from tests.cli.commands import viapublica_here

pytestmark = pytest.mark.real


def test_all_cards_are_listed_with_whether_their_weights_are_present(models_dir: Path, tmp_path: Path) -> None:
    listed = json.loads(viapublica_here("models", "list", "--json", models=models_dir).stdout)
    assert {card["name"] for card in listed} >= {"yolo11n_int8_320", "cct_xs_v1_global"}
    assert all(card["present"] for card in listed)
    without = json.loads(viapublica_here("models", "list", "--json", models=tmp_path).stdout)
    assert not {card["name"]: card["present"] for card in without}["yolo11n_int8_320"]


def test_a_changed_file_is_reported(models_dir: Path, tmp_path: Path) -> None:
    name = "yolo11n_int8_320"
    assert viapublica_here("models", "verify", name, models=models_dir).returncode == 0
    (tmp_path / "coco").mkdir()
    changed = tmp_path / "coco" / f"{name}.onnx"
    shutil.copyfile(models_dir / "coco" / f"{name}.onnx", changed)
    changed.write_bytes(changed.read_bytes()[:-1] + b"\0")
    result = viapublica_here("models", "verify", name, "--json", models=tmp_path)
    assert result.returncode == 1
    assert json.loads(result.stdout)[0]["state"] == "altered"
    assert viapublica_here("models", "verify", "yolox_nano_416", models=tmp_path).returncode == 1


def test_detectors_are_compared_on_the_same_images(data_dir: Path, models_dir: Path, tmp_path: Path) -> None:
    arguments = ["-m", "yolo11n_int8_320", "-m", "yolox_nano_416", "--json"]
    images = data_dir / "alpr-unconstrained"
    first, second = json.loads(viapublica_here("models", "compare", images, *arguments, models=models_dir).stdout)
    assert first["images"] == 3
    assert first["agreement"] == 1.0
    assert first["found"]["car"] >= 3, "a car with its plate in each"
    assert 0 < second["agreement"] <= 1
    assert second["milliseconds"] > 0
    nothing = viapublica_here("models", "compare", tmp_path, *arguments, models=models_dir)
    assert nothing.returncode == 1


def test_a_changed_plate_configuration_is_reported_too(tmp_path: Path) -> None:
    models = Path(__file__).parents[3] / "models"
    for folder in ("cards", "plates"):
        shutil.copytree(models / folder, tmp_path / folder)
    (tmp_path / "cards" / "plate-readers" / "viapublica_plates.yaml").write_text("x: 1\n", encoding="utf-8")
    result = viapublica_here("models", "verify", "viapublica_plates", "--models", tmp_path, "--json")
    assert result.returncode == 1
    assert json.loads(result.stdout)[0]["state"] == "altered"


def test_a_broken_card_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "mine.yaml").write_text("name: mine\nx: 1\n", encoding="utf-8")
    result = viapublica_here("models", "list", "--models", tmp_path, "--json")
    assert result.returncode == 1
    assert "viapublica_traffic" in {card["name"] for card in json.loads(result.stdout)}
    assert "mine.yaml" in result.stderr


def test_a_missing_models_folder_is_an_error_with_a_fix(tmp_path: Path) -> None:
    result = viapublica_here("models", "list", "--models", tmp_path / "nowhere")
    assert result.returncode == 1
    assert "nowhere: is not a folder fix: Name the folder that holds the weights: --models" in " ".join(
        result.stderr.split()
    )


def test_a_network_is_tested_with_each_backend(tmp_path: Path) -> None:
    result = viapublica_here("models", "test", "viapublica_plates", "--json")
    assert result.returncode == 0, result.stderr
    rows = json.loads(result.stdout)
    assert {row["model"] for row in rows} == {"viapublica_plates"}
    assert {(row["backend"], row["state"]) for row in rows} >= {("onnxruntime", "passed")}


def test_recorded_answers_are_those_of_the_card() -> None:
    models = Path(__file__).parents[3] / "models"
    image = models / "known-answers" / "plate-abc1234.png"
    recorded = viapublica_here("models", "record-answers", "viapublica_plates", image).stdout
    assert "text: ABC1234" in recorded
    assert hashlib.sha256(image.read_bytes()).hexdigest() in recorded
    card = (models / "cards" / "viapublica_plates.yaml").read_text(encoding="utf-8")
    assert "file: known-answers/plate-abc1234.png" in recorded
    assert "file: known-answers/plate-abc1234.png" in card


def test_recorded_corners_are_near_those_of_the_card(tmp_path: Path) -> None:
    models = Path(__file__).parents[3] / "models"
    image = models / "known-answers" / "plate-sideways.png"
    recorded = viapublica_here("models", "record-answers", "viapublica_plate_corners", image).stdout
    (answer,) = YAML(typ="safe").load(recorded)["known_answers"]
    known = {one.file: one for one in load_card("viapublica_plate_corners").known_answers}[answer["file"]]
    assert answer["sha256"] == known.sha256
    assert known.corners is not None
    np.testing.assert_allclose(answer["corners"], known.corners, atol=8)
    gray = tmp_path / "gray.png"
    cv2.imwrite(str(gray), np.full((1, 200, 3), 90, np.uint8))
    result = viapublica_here("models", "record-answers", "viapublica_plate_corners", gray)
    assert "finds nothing in" in result.stderr


def test_the_list_names_what_each_network_finds() -> None:
    rows = {row["name"]: row for row in json.loads(viapublica_here("models", "list", "--json").stdout)}
    assert rows["viapublica_plate_corners"]["task"] == "locate-plate-corners"
    assert rows["viapublica_plate_corners"]["present"]
    assert "plate corners" in " ".join(viapublica_here("models", "list").stdout.split())
