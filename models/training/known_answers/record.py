"""Drawing of the images with a known answer, and recording of each network's answers in its card.

    python -m models.training.known_answers.record --models FOLDER

Run it after weights have changed, and review the differences: a wrong answer must never be recorded.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.training.command import reported_errors
from models.training.known_answers.images import PLATES, SLANTED, plate_image, slanted_plate, sprites, street_image
from pipeline.detect.build import backends_for
from pipeline.detect.image_region import WholeImage
from pipeline.detect.known_answer import MIN_SCORE
from pipeline.detect.network_detector import NetworkDetector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.frame import BgrImage
from pipeline.inference.device import Backend
from pipeline.inference.onnxruntime_backend import OnnxRuntime
from pipeline.lpr.corner_network import CornerNetwork
from pipeline.lpr.known_answer import corner_error, text_of
from pipeline.lpr.plate_reader import FastPlateReader
from pipeline.lpr.settings import CornerSettings, LprSettings
from pipeline.weights.catalog import Format, ModelCard, Task, has_files, list_cards, load_card

_MODELS: Final = Path(__file__).parents[2]
_FOLDER: Final = "known-answers"
_QUALITY: Final = 88
_SURE: Final = 0.55
"""Only what a network is this sure of is recorded."""
_FLOAT_TOLERANCE: Final = 0.1
_CORNER_TOLERANCE: Final = 0.06
"""Of the plate's width."""
_INT8_TOLERANCE: Final = 0.12
"""Kernels for 8 bits differ between processors in what they round."""


def main() -> None:
    """Write images and cards."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, required=True, help="folder with other people's weights")
    options = parser.parse_args()
    with reported_errors(parser):
        street, plates, slanted = _write_images()
        for name, path in sorted(list_cards(options.models).items()):
            card = load_card(name, options.models)
            if not path.is_relative_to(_MODELS) or not has_files(card, options.models):
                print(f"{name}: left alone, its weights are not here")
                continue
            lines = _objects(card, street, options.models) if card.task is Task.DETECT else []
            if card.task is Task.READ_PLATES:
                lines = _readings(card, plates, options.models)
            if card.task is Task.LOCATE_PLATE_CORNERS:
                lines = _corners(card, slanted, options.models)
            text = path.read_text(encoding="utf-8").split("known_answers:")[0]
            path.write_text(text + "\n".join(["known_answers:", *lines, ""]), encoding="utf-8")
            print(f"{name}: {len(lines)} lines")


def _write_images() -> tuple[Path, list[Path], list[Path]]:
    folder = _MODELS / _FOLDER
    folder.mkdir(exist_ok=True)
    street = folder / "street.jpg"
    cv2.imwrite(str(street), street_image(), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    plates = []
    for text in PLATES:
        plates.append(folder / f"plate-{text.lower()}.png")
        cv2.imwrite(str(plates[-1]), _in_the_street(plate_image(text, 120)), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    slanted = []
    for turn in SLANTED:
        slanted.append(folder / f"plate-{turn}.png")
        cv2.imwrite(str(slanted[-1]), slanted_plate(turn)[0], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    for name, sprite in sprites().items():
        cv2.imwrite(str(folder / f"{name}.png"), sprite, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return street, plates, slanted


def _in_the_street(plate: BgrImage) -> BgrImage:
    """A crop as readers get it: a margin, and a little soft."""
    rows, columns = plate.shape[0] // 10, plate.shape[1] // 20
    bordered = cv2.copyMakeBorder(plate, rows, rows, columns, columns, cv2.BORDER_CONSTANT, value=(70, 60, 60))
    return np.asarray(cv2.GaussianBlur(bordered, (0, 0), 0.7), np.uint8)


def _objects(card: ModelCard, street: Path, models: Path) -> list[str]:
    settings = DetectSettings(model=card.name, confidence=MIN_SCORE)
    if card.format is Format.OPENVINO:
        from pipeline.inference.openvino_backend import OpenVino

        detector = NetworkDetector(card, OpenVino(card, settings.threads, models), settings)
    else:
        reference = settings.model_copy(update={"backend": Backend.ONNXRUNTIME})
        assert list(backends_for(card, reference)) == [Backend.ONNXRUNTIME]  # noqa: S101
        detector = NetworkDetector(card, OnnxRuntime(card, settings.device, settings.threads, models), settings)
    image = np.asarray(cv2.imread(str(street)), np.uint8)
    (found,) = detector.detect([WholeImage(image)])
    detector.close()
    rows = [
        f"      - {{label: {label.word}, box: [{', '.join(f'{edge:.0f}' for edge in box)}], score: {score:.2f}}}"
        for box, score, label in found
        if score >= _SURE
    ]
    if not rows:
        raise SystemExit(f"{card.name} is sure of nothing in {street.name}")
    tolerance = _INT8_TOLERANCE if "int8" in card.name else _FLOAT_TOLERANCE
    return [*_head(street, tolerance), "    objects:", *rows]


def _readings(card: ModelCard, plates: list[Path], models: Path) -> list[str]:
    reader = FastPlateReader(card, LprSettings(model=card.name, corners=None), Backend.ONNXRUNTIME, models)
    crops = [np.asarray(cv2.imread(str(path)), np.uint8) for path in plates]
    lines = []
    for path, read in zip(plates, reader.read(crops), strict=True):
        text, confidence = text_of(read)
        if text not in PLATES:
            raise SystemExit(f"{card.name} reads {text} in {path.name}")
        lines += [*_head(path, _FLOAT_TOLERANCE), f"    text: {text}", f"    confidence: {confidence:.2f}"]
    return lines


def _corners(card: ModelCard, slanted: list[Path], models: Path) -> list[str]:
    """Where the corners were drawn; the network must be near them."""
    network = CornerNetwork(card, CornerSettings(model=card.name), Backend.ONNXRUNTIME, models)
    lines = []
    for path, turn in zip(slanted, SLANTED, strict=True):
        image, corners = slanted_plate(turn)
        error = corner_error(network.locate([image])[0], corners)
        if error > 2 / 3 * _CORNER_TOLERANCE:
            raise SystemExit(f"{card.name} misses the corners in {path.name} by {error:.1%} of the plate's width")
        places = ", ".join(f"[{x:.1f}, {y:.1f}]" for x, y in corners)
        lines += [*_head(path, _CORNER_TOLERANCE), f"    corners: [{places}]"]
    return lines


def _head(path: Path, tolerance: float) -> list[str]:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return [f"  - file: {_FOLDER}/{path.name}", f"    sha256: {digest}", f"    tolerance: {tolerance}"]


if __name__ == "__main__":
    main()
