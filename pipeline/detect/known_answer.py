"""What a detector gets wrong on the images of its card's known-answer test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from pipeline.detect.image_region import WholeImage
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector
from pipeline.errors import ModelCardError
from pipeline.weights.catalog import KnownAnswer, ModelCard, read_known_answer

LEAST_SCORE: Final = 0.05
"""The detector under test must report objects from this score on."""
_OVERLAP: Final = 0.6
"""Least overlap (IoU) of a found box with the recorded one."""
_OVERLAP_SCALED: Final = 0.5
_INVENTED: Final = 0.7
"""No object that is not recorded may score this much."""
_PADDED: Final = 1.5
"""Times the tolerance where the image lies in a larger one: attention sees the border too."""
_SCALED: Final = 0.5
"""Share of the recorded score that is enough where the image had to be made smaller."""
_SURE: Final = 0.8
"""Objects with a lower recorded score are not asked for in a smaller image."""
_BORDER: Final = 114
_PARTS: Final = 32
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """An image as the detector gets it, and how exactly the answer must fit.

    Attributes:
        image: (height, width, 3) BGR.
        tolerance: of scores; None where only a share of the score is asked for.
    """

    image: BgrImage
    tolerance: float | None


def wrong_answers(
    detector: Detector, card: ModelCard, input_size: tuple[int, int] | None, models_dir: Path | None
) -> list[str]:
    """What the detector gets wrong, in words; nothing when it passes.

    Args:
        detector: opened with `LEAST_SCORE` for every label.
        card: names the images and what must be found.
        input_size: width and height of the network's input in pixels, None for the card's.
        models_dir: the configuration's folder of weights and images.

    Raises:
        ModelCardError, ModelIntegrityError: an image is not there, no image, or not the one the card describes.
        ModelRuntimeError: the network failed.
    """
    for answer in card.known_answers:
        for trial in _trials(_decoded(card, answer, models_dir), answer, card, input_size):
            (found,) = detector.detect([WholeImage(trial.image)])
            if wrong := _differences(found, answer, trial):
                return wrong
    return []


def _decoded(card: ModelCard, answer: KnownAnswer, models_dir: Path | None) -> BgrImage:
    image = cv2.imdecode(np.frombuffer(read_known_answer(card, answer, models_dir), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelCardError(f"model {card.name}", f"its known answer {answer.file} is no image", "Record it again")
    return np.asarray(image, np.uint8)


def _trials(
    image: BgrImage, answer: KnownAnswer, card: ModelCard, input_size: tuple[int, int] | None
) -> Iterator[_Trial]:
    """The image at the scale it was recorded at; in the shapes that a square and a wide video give the network."""
    natural = card.input.width, card.input.height
    width, height = input_size or natural
    if (width, height) == natural:
        yield _Trial(image, answer.tolerance)
    rows, columns = image.shape[:2]
    if width < columns or height < rows:
        if (width, height) != natural:
            yield _Trial(image, None)
        return
    wide = max(rows, -(-(width * 9 // 16) // _PARTS) * _PARTS)
    for canvas_rows in sorted({min(wide, height), height}):
        if (canvas_rows, width) != (rows, columns):
            yield _Trial(_padded(image, canvas_rows, width), answer.tolerance * _PADDED)


def _padded(image: BgrImage, rows: int, columns: int) -> BgrImage:
    canvas = np.full((rows, columns, 3), _BORDER, np.uint8)
    canvas[: image.shape[0], : image.shape[1]] = image
    return canvas


def _differences(found: Detections, answer: KnownAnswer, trial: _Trial) -> list[str]:
    boxes = np.array([known.box for known in answer.objects], np.float32).reshape(-1, 4)
    labels = np.array([Label.from_word(known.label) for known in answer.objects], np.int16)
    shared = overlaps(boxes, found.boxes) * (labels[:, None] == found.labels[None])
    least = _OVERLAP if trial.tolerance is not None else _OVERLAP_SCALED
    best = [max(found.scores[row >= least].tolist(), default=0.0) for row in shared]
    pairs = [
        (known, score)
        for known, score in zip(answer.objects, best, strict=True)
        if trial.tolerance is not None or known.score >= _SURE
    ]
    missed = [
        f"{known.label} {score:.2f} instead of {known.score:.2f}"
        for known, score in pairs
        if not _close(score, known.score, trial.tolerance)
    ]
    wrong = []
    if missed:
        size = f"{trial.image.shape[1]}×{trial.image.shape[0]}"
        wrong.append(f"{len(missed)} of {len(pairs)} scores in {answer.file} at {size}: {', '.join(missed[:_SHOWN])}")
    unexpected = (found.scores >= _INVENTED) & (shared < _OVERLAP_SCALED).all(axis=0)
    if trial.tolerance is not None and unexpected.any():
        wrong.append(f"{int(unexpected.sum())} objects in {answer.file} that are not there")
    return wrong


def _close(score: float, expected: float, tolerance: float | None) -> bool:
    return score >= expected * _SCALED if tolerance is None else abs(score - expected) <= tolerance
