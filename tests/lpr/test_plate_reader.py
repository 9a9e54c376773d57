"""The shipped plate reader on real plates."""

from __future__ import annotations

import csv
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import cv2
import fast_plate_ocr
import numpy as np
import pytest
from fast_plate_ocr.inference.config import PlateConfig
from pydantic import ValidationError

from pipeline.decode.media_files import read_image
from pipeline.domain.frame import BgrImage
from pipeline.domain.ports import PlateReader
from pipeline.errors import ModelCardError
from pipeline.inference.device import Backend, Device
from pipeline.lpr.build import build_reader
from pipeline.lpr.ocr_network import _check_input
from pipeline.lpr.plate_crops import Quality, plate_crop, sharpness_of
from pipeline.lpr.plate_reader import FastPlateReader
from pipeline.lpr.plate_syntax import decode
from pipeline.lpr.settings import LprSettings

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def reader(models_dir: Path) -> PlateReader:
    return build_reader(LprSettings(batch_size=4), models_dir)


@pytest.fixture(scope="module")
def plates(data_dir: Path) -> list[tuple[str, BgrImage]]:
    folder = data_dir / "openalpr-br"
    with (folder / "plates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))[:12]
    return [(row["plate_text"], _crop(folder, row)) for row in rows]


def _crop(folder: Path, row: dict[str, str]) -> BgrImage:
    x, y, w, h = (float(row[key]) for key in "xywh")
    return plate_crop(read_image(folder / row["file"]), (x, y, x + w, y + h), LprSettings())


def text(reader: PlateReader, crop: BgrImage) -> str:
    read = decode(reader.read([crop])[0])
    return "" if read is None else read.text


def test_real_plates_are_read(reader: PlateReader, plates: list[tuple[str, BgrImage]]) -> None:
    reads = [decode(seen) for seen in reader.read([crop for _, crop in plates])]
    right = sum(read is not None and read.text == truth for read, (truth, _) in zip(reads, plates, strict=True))
    assert right >= 10


def test_a_crop_reads_the_same_alone_and_in_a_batch(reader: PlateReader, plates: list[tuple[str, BgrImage]]) -> None:
    crops = [crop for _, crop in plates]
    crops[3] = np.ascontiguousarray(np.rot90(crops[3]))  # on its side: more views are read
    together = reader.read(crops)
    for crop, seen in zip(crops, together, strict=True):
        np.testing.assert_allclose(reader.read([crop])[0].values, seen.values, atol=1e-4)


def test_both_runtimes_read_the_same(models_dir: Path, plates: list[tuple[str, BgrImage]]) -> None:
    crops = [crop for _, crop in plates]
    reads = []
    for backend in (Backend.ONNXRUNTIME, Backend.OPENVINO):
        seen = build_reader(LprSettings(backend=backend), models_dir).read(crops)
        reads.append([read and read.text for read in map(decode, seen)])
    # OpenVINO uses bfloat16 where the processor supports it: an uncertain character may differ.
    assert sum(one == other for one, other in zip(*reads, strict=True)) >= len(crops) - 1


def test_a_view_with_text_is_preferred_to_one_without(reader: PlateReader) -> None:
    assert isinstance(reader, FastPlateReader)
    nothing = np.eye(37, dtype=np.float32)[[36] * 9]
    doubtful = np.full((9, 37), 0.5 / 36, np.float32)
    doubtful[:, 3] = 0.5
    assert reader.confidence(doubtful) > reader.confidence(nothing)


def test_probabilities_add_up(reader: PlateReader, plates: list[tuple[str, BgrImage]]) -> None:
    seen = reader.read([plates[0][1]])[0]
    assert seen.values.shape == (9, 37)
    np.testing.assert_allclose(seen.values.sum(axis=1), 1, atol=1e-3)


def test_no_crops_give_no_results(reader: PlateReader) -> None:
    assert reader.read([]) == []


@pytest.mark.parametrize("degrees", [-25, 25])
def test_a_tilted_plate_is_read(reader: PlateReader, plates: list[tuple[str, BgrImage]], degrees: int) -> None:
    truth, crop = plates[1]
    height, width = crop.shape[:2]
    slope = np.tan(np.radians(degrees))
    rise = abs(slope) * width
    shear = np.array([[1, 0, 0], [slope, 1, rise if slope < 0 else 0]], np.float32)
    tilted = cv2.warpAffine(crop, shear, (width, round(height + rise)), borderMode=cv2.BORDER_REPLICATE)
    assert text(reader, np.asarray(tilted, np.uint8)) == truth


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_plate_on_its_side_or_upside_down_is_read(
    reader: PlateReader, plates: list[tuple[str, BgrImage]], quarter_turns: int
) -> None:
    turned = [(truth, np.ascontiguousarray(np.rot90(crop, quarter_turns))) for truth, crop in plates]
    reads = [decode(seen) for seen in reader.read([crop for _, crop in turned])]
    right = sum(read is not None and read.text == truth for read, (truth, _) in zip(reads, turned, strict=True))
    assert right >= 10


def test_without_corners_a_crop_is_read_as_it_is(models_dir: Path, plates: list[tuple[str, BgrImage]]) -> None:
    plain = build_reader(LprSettings(corners=None), models_dir)
    assert [network.name for network in plain.networks] == ["viapublica_plates"]
    truth, crop = plates[0]
    assert text(plain, crop) == truth
    assert text(plain, np.ascontiguousarray(np.rot90(crop, 2))) != truth


def test_its_networks_are_the_reader_and_the_corners(reader: PlateReader) -> None:
    assert [network.name for network in reader.networks] == ["viapublica_plates", "viapublica_plate_corners"]


def test_two_line_plates_are_read_also_where_the_corners_are_those_of_one_line(
    reader: PlateReader, plates: list[tuple[str, BgrImage]]
) -> None:
    right = 0
    for truth, crop in plates:  # each line is a half of a plate with a border of its own
        width = crop.shape[1]
        halves = (crop[:, : round(0.46 * width)], crop[:, round(0.44 * width) :])
        right += text(reader, np.vstack([cv2.resize(half, (200, 85)) for half in halves])) == truth
    assert right == len(plates)


def test_sharpness_falls_with_blur_and_not_with_contrast(plates: list[tuple[str, BgrImage]]) -> None:
    crop = plates[1][1]
    sharp = sharpness_of(crop)
    pale = np.asarray(crop // 3 + 100, np.uint8)
    blurred = [sharpness_of(np.asarray(cv2.blur(crop, (size, 1)), np.uint8)) for size in (15, 45)]
    assert sharp > blurred[0] > blurred[1]
    assert sharpness_of(pale) == pytest.approx(sharp, rel=0.15)
    assert sharpness_of(np.full((30, 90, 3), 128, np.uint8)) == 0


def test_a_larger_and_sharper_crop_has_more_weight() -> None:
    weights = [Quality(height, sharp).weight for height, sharp in ((8, 0.02), (8, 0.2), (30, 0.2))]
    assert 0 < weights[0] < weights[1] < weights[2]


def test_the_card_of_a_detector_is_refused(models_dir: Path) -> None:
    with pytest.raises(ModelCardError, match="instead of read-plates"):
        build_reader(LprSettings(model="yolox_nano_416"), models_dir)


def test_an_unknown_reader_is_refused_by_name(models_dir: Path) -> None:
    with pytest.raises(ModelCardError, match="no card has this name"):
        build_reader(LprSettings(model="cct_xs_v9"), models_dir)


def test_it_loads_a_private_copy_of_the_verified_bytes_and_removes_it(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Path, int]] = []
    real = fast_plate_ocr.LicensePlateRecognizer

    def watched(**wishes: Any) -> object:
        for key in ("onnx_model_path", "plate_config_path"):
            path = Path(wishes[key])
            opened.append((path, path.parent.stat().st_mode & 0o777))
        return real(**wishes)

    monkeypatch.setattr(fast_plate_ocr, "LicensePlateRecognizer", watched)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    build_reader(LprSettings(backend=Backend.ONNXRUNTIME), models_dir)
    assert [(path.parent.parent, mode) for path, mode in opened] == [(tmp_path, 0o700)] * 2
    assert list(tmp_path.iterdir()) == []


def own_card(folder: Path) -> Path:
    """A copy of the shipped models, and the reader's card in it."""
    models = Path(__file__).parents[2] / "models"
    for part in ("cards", "plates"):
        shutil.copytree(models / part, folder / part)
    return folder / "cards" / "viapublica_plates.yaml"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("max_slots: 9", "max_slots: 7", "max_slots"),
        ("width: 128", "width: 256", "input.width"),
        ("alphabet: 0123", "alphabet: 3210", "alphabet"),
        ("pad: _", "pad: A", "pad"),
    ],
)
def test_a_card_that_contradicts_its_plate_configuration_is_refused(
    tmp_path: Path, old: str, new: str, what: str
) -> None:
    card = own_card(tmp_path)
    text = card.read_text(encoding="utf-8")
    assert old in text
    card.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ModelCardError, match=what):
        build_reader(LprSettings(), tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("interpolation: linear", "interpolation: best", "interpolation 'best'"),
        ("image_color_mode: rgb", "image_color_mode: cmyk", "image_color_mode 'cmyk'"),
    ],
)
def test_an_unsupported_plate_configuration_is_refused(tmp_path: Path, old: str, new: str, what: str) -> None:
    card = own_card(tmp_path)
    config = tmp_path / "cards" / "plate-readers" / "viapublica_plates.yaml"
    text = config.read_text(encoding="utf-8")
    assert old in text
    before = hashlib.sha256(config.read_bytes()).hexdigest()
    config.write_text(text.replace(old, new), encoding="utf-8")
    after = hashlib.sha256(config.read_bytes()).hexdigest()
    card.write_text(card.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    with pytest.raises(ModelCardError, match=what):
        build_reader(LprSettings(), tmp_path)


@pytest.mark.parametrize("crop", [np.zeros((0, 9, 3)), np.zeros((9, 9)), np.zeros((9, 9, 3)), np.zeros((9, 9, 4))])
def test_an_array_that_is_no_image_is_refused(reader: PlateReader, crop: BgrImage) -> None:
    with pytest.raises(ValueError, match="no image of a plate"):
        reader.read([crop])


def test_a_plate_that_fills_a_whole_photograph_is_read(reader: PlateReader, plates: list[tuple[str, BgrImage]]) -> None:
    truth, crop = plates[0]
    large = np.asarray(cv2.resize(crop, (4000, 4000 * crop.shape[0] // crop.shape[1])), np.uint8)
    assert text(reader, large) == text(reader, crop) == truth


def test_openvino_refuses_networks_of_other_tasks(tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    ov = openvino.opset13
    parameter = ov.parameter([1, 3, 64, 128], np.float32, name="input")
    network = openvino.Model([ov.relu(parameter)], [parameter], "other")
    with pytest.raises(ValueError, match=r"input is f32 \[1,3,64,128\] instead of u8 \[\?,64,128,3\]"):
        _check_input(network.inputs, PlateConfig(9, "A_", "_", 64, 128, image_color_mode="rgb"))


def test_openvino_has_no_cuda() -> None:
    with pytest.raises(ValidationError, match="device cpu"):
        LprSettings(backend=Backend.OPENVINO, device=Device.CUDA)
