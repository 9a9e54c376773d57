"""Model cards are validated before weights are opened, and weights before a runtime loads them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pipeline.errors import ModelCardError, ModelIntegrityError, PolicyError
from pipeline.weights.catalog import (
    Format,
    Layout,
    check_embedded_names,
    find_models_dir,
    list_cards,
    load_card,
    read_companions,
    read_weights,
    verify_plate_config,
    verify_weights,
)

DETECTOR = """\
name: {name}
task: detect
format: onnx
layout: yolo
file: weights.{suffix}
sha256: {sha256}
license: MIT
source: a test
description: Not a network.
input: {{width: 320, height: 320}}
classes: 3
labels: {{0: person, 2: car}}
"""
BYTES = b"weights"


def write_card(folder: Path, text: str = "", *, name: str = "small", suffix: str = "onnx") -> Path:
    (folder / f"weights.{suffix}").write_bytes(BYTES)
    path = folder / f"{name}.yaml"
    sha256 = hashlib.sha256(BYTES).hexdigest()
    path.write_text(text or DETECTOR.format(name=name, suffix=suffix, sha256=sha256))
    return path


@pytest.fixture(autouse=True)
def _no_models_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIAPUBLICA_MODELS", raising=False)


def test_every_shipped_card_loads_and_is_found_by_name() -> None:
    cards = {name: load_card(name) for name in list_cards()}
    assert {"yolox_nano_416", "license_plate_yolov8n_int8_320", "cct_xs_v1_global"} <= set(cards)
    assert all(card.name == name for name, card in cards.items())


@pytest.mark.real
@pytest.mark.parametrize("name", sorted(list_cards()))
def test_shared_weights_match_their_cards(name: str, models_dir: Path) -> None:
    card = load_card(name, models_dir)
    assert verify_weights(card, models_dir).is_file()
    assert hashlib.sha256(read_weights(card, models_dir)).hexdigest() == card.sha256


@pytest.mark.real
def test_the_plate_configuration_agrees_with_its_card(models_dir: Path) -> None:
    from fast_plate_ocr.inference.config import PlateConfig

    card = load_card("cct_xs_v1_global", models_dir)
    config = PlateConfig.from_yaml(verify_plate_config(card, models_dir))
    assert card.plate is not None
    assert (config.alphabet, config.pad_char, config.max_plate_slots) == (
        card.plate.alphabet,
        card.plate.pad,
        card.plate.max_slots,
    )
    assert (config.img_width, config.img_height, config.image_color_mode) == (
        card.input.width,
        card.input.height,
        card.input.channels,
    )


def test_a_card_by_path_and_its_weights_beside_it(tmp_path: Path) -> None:
    card = load_card(write_card(tmp_path))
    assert (card.format, card.layout, card.confidence) == (Format.ONNX, Layout.YOLO, 0.25)
    assert card.label_of(2).word == "car"
    assert verify_weights(card) == tmp_path / "weights.onnx"


def test_the_configured_folder_takes_precedence_over_the_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured, environment, cards = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    for folder in (configured, environment, cards):
        folder.mkdir()
    monkeypatch.setenv("VIAPUBLICA_MODELS", str(environment))
    card = load_card(write_card(cards))
    (cards / "weights.onnx").rename(environment / "weights.onnx")
    assert verify_weights(card, configured) == environment / "weights.onnx"
    (configured / "weights.onnx").write_bytes(BYTES)
    assert verify_weights(card, configured) == configured / "weights.onnx"
    assert find_models_dir(configured)[:2] == [configured, environment]


def test_a_user_folder_may_provide_cards(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    write_card(tmp_path / "cards", name="mine")
    assert load_card("mine", tmp_path).name == "mine"


def test_a_misspelled_name_gets_a_suggestion() -> None:
    with pytest.raises(ModelCardError, match=r"Did you mean 'yolox_nano_416'\?"):
        load_card("yolox_nano_46")


def test_missing_weights_name_the_searched_folders_and_their_source(tmp_path: Path) -> None:
    path = write_card(tmp_path)
    (tmp_path / "weights.onnx").unlink()
    with pytest.raises(ModelCardError, match=r"weights\.onnx was not found in .*Get it from: a test"):
        verify_weights(load_card(path))


@pytest.mark.parametrize("opener", [verify_weights, read_weights])
def test_changed_weights_are_refused_with_both_hashes(tmp_path: Path, opener: object) -> None:
    card = load_card(write_card(tmp_path))
    (tmp_path / "weights.onnx").write_bytes(BYTES + b"!")
    with pytest.raises(ModelIntegrityError) as caught:
        opener(card)  # type: ignore[operator]
    assert card.sha256 in str(caught.value)
    assert hashlib.sha256(BYTES + b"!").hexdigest() in str(caught.value)


def test_a_changed_companion_is_refused(tmp_path: Path) -> None:
    path = write_card(tmp_path)
    companion = f"companions: [{{file: weights.bin, sha256: {hashlib.sha256(b'x').hexdigest()}}}]\n"
    path.write_text(path.read_text() + companion)
    (tmp_path / "weights.bin").write_bytes(b"x")
    verify_weights(load_card(path))
    (tmp_path / "weights.bin").write_bytes(b"y")
    with pytest.raises(ModelIntegrityError, match=r"weights\.bin"):
        verify_weights(load_card(path))


def test_companions_are_returned_as_the_verified_bytes(tmp_path: Path) -> None:
    path = write_card(tmp_path)
    path.write_text(
        path.read_text() + f"companions: [{{file: sub/x.bin, sha256: {hashlib.sha256(b'x').hexdigest()}}}]\n"
    )
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x.bin").write_bytes(b"x")
    assert read_companions(load_card(path)) == {"x.bin": b"x"}
    (tmp_path / "x.bin").write_bytes(b"y")  # a file beside the weights takes precedence, and is verified too
    with pytest.raises(ModelIntegrityError, match=r"x\.bin"):
        read_companions(load_card(path))


@pytest.mark.parametrize("spelling", [b"\x0a\x08", b"\x0a\x88\x00", b"\x8a\x80\x00\x88\x80\x00"])
def test_onnx_files_with_external_data_are_refused(spelling: bytes, tmp_path: Path) -> None:
    data = b"\x42\x01w\x6a\x12" + spelling + b"location\x12\x06e.data\x70\x01"
    path = write_card(tmp_path)
    path.write_text(path.read_text().replace(hashlib.sha256(BYTES).hexdigest(), hashlib.sha256(data).hexdigest()))
    (tmp_path / "weights.onnx").write_bytes(data)
    with pytest.raises(ModelCardError, match=r"weights\.onnx refers to external data.*Export it as a single file"):
        read_weights(load_card(path))


def test_an_openvino_card_must_name_its_bin_file(tmp_path: Path) -> None:
    path = write_card(tmp_path, suffix="xml")
    path.write_text(path.read_text().replace("format: onnx", "format: openvino"))
    with pytest.raises(ModelCardError, match=r"needs exactly one \.bin file among its 'companions'"):
        load_card(path)


@pytest.mark.parametrize("file", ["/x/weights.onnx", "../weights.onnx", "a/../../weights.onnx", ".."])
@pytest.mark.parametrize("key", ["file", "companions", "plate_config"])
def test_files_of_a_card_must_be_inside_the_models_folder(file: str, key: str, tmp_path: Path) -> None:
    path = write_card(tmp_path)
    companion = f"{{file: {file}, sha256: {'a' * 64}}}"
    text = path.read_text()
    path.write_text(
        {
            "file": text.replace("file: weights.onnx", f"file: {file}"),
            "companions": f"{text}companions: [{companion}]\n",
            "plate_config": f"{text}plate_config: {companion}\n",
        }[key]
    )
    with pytest.raises(ModelCardError, match="is outside the models folder") as caught:
        load_card(path)
    assert f"{path}:{5 if key == 'file' else 13}:" in str(caught.value)


@pytest.mark.parametrize("suffix", ["pt", "pth", "pkl", "PT"])
def test_pickles_are_refused_unless_requested(tmp_path: Path, suffix: str) -> None:
    card = load_card(write_card(tmp_path, suffix=suffix))
    with pytest.raises(ModelCardError, match="pickle"):
        verify_weights(card)
    with pytest.raises(ModelCardError, match="pickle"):
        read_weights(card)
    assert verify_weights(card, allow_pickle=True).suffix == f".{suffix}"


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("license:", "licence:"), 7, "unknown key 'licence'. Did you mean 'license'?"),
        (("width: 320", "widht: 320"), 10, "unknown key 'input.widht'. Did you mean 'width'?"),
        (("layout: yolo", "layout: yolo12"), 4, "layout"),
        (("classes: 3\n", ""), 1, "needs 'classes'"),
        (("2: car", "5: car"), 1, "'labels' names channel 5"),
        (("2: car", "-1: car"), 12, "negative"),
        (("2: car", "2: dog"), 12, "'dog' is not a label"),
        (("name: small", "name: other"), 1, "its name is 'other'"),
        (("sha256: ", "sha256: z"), 6, "sha256"),
        (("task: detect", "task: read-plates"), 1, "does not fit task"),
    ],
)
def test_a_malformed_card_names_its_line(tmp_path: Path, change: tuple[str, str], line: int, says: str) -> None:
    path = write_card(tmp_path)
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))
    with pytest.raises(ModelCardError) as caught:
        load_card(path)
    assert f"{path}:{line}:" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("task", "layout", "answer", "says"),
    [
        ("locate-plate-corners", "yolo", "corners: [[1, 1], [9, 1], [9, 5], [1, 5]]", "layout yolo does not fit"),
        ("detect", "corner-points", "corners: [[1, 1], [9, 1], [9, 5], [1, 5]]", "layout corner-points does not fit"),
        ("locate-plate-corners", "corner-points", "{text: ABC1234, confidence: 0.9}", "does not fit task locate"),
        ("locate-plate-corners", "corner-points", "corners: [[1, 1], [9, 1], [9, 5]]", "corners"),
        ("locate-plate-corners", "corner-points", "tolerance: 0.1", "either 'objects', 'text' or 'corners'"),
    ],
)
def test_a_malformed_card_of_a_corner_network_is_refused(
    tmp_path: Path, task: str, layout: str, answer: str, says: str
) -> None:
    text = DETECTOR.format(name="small", suffix="onnx", sha256="ab" * 32)
    text = text.replace("task: detect", f"task: {task}").replace("layout: yolo", f"layout: {layout}")
    answer = answer.strip("{}").replace(", confidence", "\n    confidence")
    text += f"known_answers:\n  - file: a.png\n    sha256: {'ab' * 32}\n    {answer}\n"
    with pytest.raises(ModelCardError, match=says):
        load_card(write_card(tmp_path, text))


@pytest.mark.parametrize("text", ["a: [1", "- a list\n", "", "name: a\nname: b\n", "\x00"])
def test_a_document_that_is_no_card_is_a_model_card_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(text)
    with pytest.raises(ModelCardError):
        load_card(path)


def test_binary_content_is_a_model_card_error(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ModelCardError, match="cannot be read"):
        load_card(path)


def test_a_card_cannot_run_code(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = tmp_path / "small.yaml"
    path.write_text(f"name: !!python/object/apply:os.system ['touch {marker}']\n")
    with pytest.raises(ModelCardError):
        load_card(path)
    assert not marker.exists()


def test_a_card_with_a_forbidden_label_is_refused(tmp_path: Path) -> None:
    path = write_card(tmp_path)
    path.write_text(path.read_text().replace("2: car", "2: ethnicity"))
    with pytest.raises(PolicyError, match="ethnicity"):
        load_card(path)


def test_embedded_class_names_must_agree_with_the_card(tmp_path: Path) -> None:
    card = load_card(write_card(tmp_path))
    check_embedded_names(card, {0: "person", 1: "bicycle", 2: "car"})
    check_embedded_names(card, {0: "0", 1: "1", 2: "2"})
    check_embedded_names(card, {})
    with pytest.raises(ModelCardError, match="names channel 2 'car', the weights name it 'dog'"):
        check_embedded_names(card, {0: "person", 1: "cat", 2: "dog"})
    with pytest.raises(ModelCardError, match="states 3 classes, the weights name 2"):
        check_embedded_names(card, {0: "person", 1: "car"})
    with pytest.raises(PolicyError, match="gender"):
        check_embedded_names(card, {0: "person", 1: "gender", 2: "car"})


@pytest.mark.parametrize(
    ("extra", "words"),
    [("deep: " + "[" * 5000, "levels deep"), ("nul: x\0y", "#x0000"), ("day: 2026-13-45", "no timestamp")],
)
def test_invalid_yaml_is_reported_with_its_line(tmp_path: Path, extra: str, words: str) -> None:
    card = write_card(tmp_path)
    card.write_text(f"{extra}\n{card.read_text()}")
    with pytest.raises(ModelCardError, match=words) as caught:
        load_card(str(card), None)
    assert f"{card.name}:1" in caught.value.subject
