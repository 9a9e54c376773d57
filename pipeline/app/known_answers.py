"""Known answers for a model card: objects, plate or corners in an image, as YAML to be checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

from pipeline.decode.media_files import read_image
from pipeline.detect.image_region import WholeImage
from pipeline.detect.known_answer import MIN_SCORE
from pipeline.detect.network_detector import NetworkDetector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.frame import BgrImage
from pipeline.errors import ModelCardError
from pipeline.inference.device import Backend
from pipeline.inference.onnxruntime_backend import OnnxRuntime
from pipeline.inference.runtime import Runtime
from pipeline.lpr.corner_network import CornerNetwork
from pipeline.lpr.known_answer import text_of
from pipeline.lpr.plate_reader import FastPlateReader
from pipeline.lpr.rectification import plausible
from pipeline.lpr.settings import CornerSettings, LprSettings
from pipeline.weights.catalog import Format, ModelCard, Task, load_card

__all__ = ["recorded_answers"]

_LEAST_RECORDED: Final = 0.55
"""Least score of an object that is recorded; others may differ between processors."""
_TOLERANCE: Final = 0.1
_CORNER_TOLERANCE: Final = 0.03


def recorded_answers(model: str, image: Path, models: Path | None) -> str:
    """The section `known_answers` of a model's card, for one image.

    The network is not tested before, so the answers are right only after a person has compared them with the image.

    Args:
        model: name or file of the card.
        image: to be stored as ``known-answers/NAME`` beside the card.
        models: folder with weights and cards; None for ``VIAPUBLICA_MODELS`` and those that come with the package.

    Returns:
        YAML.

    Raises:
        SourceError: the image cannot be read.
        ModelError: weights or card cannot be used.
        ModelCardError: the network finds nothing in the image.
    """
    card = load_card(model, models)
    pixels = read_image(image).bgr()
    lines = list(_ANSWERS[card.task](card, pixels, models))
    if not lines:
        raise ModelCardError(
            f"model {card.name}", f"finds nothing in {image}", "Name an image that shows what the network finds"
        )
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    tolerance = _CORNER_TOLERANCE if card.task is Task.LOCATE_PLATE_CORNERS else _TOLERANCE
    head = [f"  - file: known-answers/{image.name}", f"    sha256: {digest}", f"    tolerance: {tolerance}"]
    return "\n".join(["known_answers:", *head, *lines, ""])


def _objects(card: ModelCard, image: BgrImage, models: Path | None) -> Iterator[str]:
    settings = DetectSettings(model=card.name, plate_model=None, confidence=MIN_SCORE)
    with closing(NetworkDetector(card, _runtime(card, settings, models), settings)) as detector:
        (found,) = detector.detect([WholeImage(image)])
    rows = [(label.word, box, score) for box, score, label in found if score >= _LEAST_RECORDED]
    if rows:
        yield "    objects:"
    for word, box, score in rows:
        edges = ", ".join(f"{edge:.0f}" for edge in box)
        yield f"      - {{label: {word}, box: [{edges}], score: {score:.2f}}}"


def _runtime(card: ModelCard, settings: DetectSettings, models: Path | None) -> Runtime:
    if card.format is Format.OPENVINO:
        from pipeline.inference.openvino_backend import OpenVino

        return OpenVino(card, settings.threads, models)
    return OnnxRuntime(card, settings.device, settings.threads, models)


def _plate(card: ModelCard, image: BgrImage, models: Path | None) -> Iterator[str]:
    reader = FastPlateReader(card, LprSettings(model=card.name, corners=None), Backend.ONNXRUNTIME, models)
    text, confidence = text_of(reader.read([image])[0])
    if text:
        yield from (f"    text: {text}", f"    confidence: {confidence:.2f}")


def _corners(card: ModelCard, image: BgrImage, models: Path | None) -> Iterator[str]:
    network = CornerNetwork(card, CornerSettings(model=card.name), Backend.ONNXRUNTIME, models)
    (corners,) = network.locate([image])
    network.close()
    if plausible(corners, image):
        yield f"    corners: [{', '.join(f'[{x:.1f}, {y:.1f}]' for x, y in corners)}]"


_ANSWERS: Final[Mapping[Task, Callable[[ModelCard, BgrImage, Path | None], Iterator[str]]]] = {
    Task.DETECT: _objects,
    Task.READ_PLATES: _plate,
    Task.LOCATE_PLATE_CORNERS: _corners,
}
