"""Known-answer test of detectors: comparison of detections with the objects recorded in the model card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.detect.image_region import WholeImage
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector
from pipeline.inference.known_image import known_image
from pipeline.weights.catalog import KnownAnswer, ModelCard

MIN_SCORE: Final = 0.05
"""Score threshold of the detector under test."""
_OVERLAP: Final = 0.75
"""Minimum overlap (IoU) of a detection with the recorded box."""
_OVERLAP_SCALED: Final = 0.5
_UNEXPECTED: Final = 0.7
"""Objects that are not recorded must score less."""
_PADDED: Final = 1.5
"""Factor of the tolerance for an image inside a larger canvas: attention layers see the border too."""
_SCALED: Final = 0.5
"""Fraction of the recorded score that is required if the image is scaled down."""
_CERTAIN: Final = 0.8
"""Objects with a lower recorded score are not required if the image is scaled down."""
_BORDER: Final = 114
_STRIDE: Final = 32
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """An image as presented to the detector, and the tolerance of its answer.

    Attributes:
        image: (height, width, 3) BGR.
        tolerance: of scores; None if only a fraction of the score is required.
    """

    image: BgrImage
    tolerance: float | None


def wrong_answers(
    detector: Detector, card: ModelCard, input_size: tuple[int, int] | None, models_dir: Path | None
) -> list[str]:
    """Descriptions of the wrong answers; empty if the detector passes.

    Args:
        detector: loaded with threshold `MIN_SCORE` for every label.
        card: names the images and the recorded objects.
        input_size: width and height of the network's input in pixels, None for those of the card.
        models_dir: the configuration's folder of models.

    Raises:
        ModelCardError, ModelIntegrityError: an image is missing, cannot be decoded, or does not match its checksum.
        ModelRuntimeError: inference failed.
    """
    for answer in card.known_answers:
        for trial in _trials(known_image(card, answer, models_dir), answer, card, input_size):
            for images in _alone_and_together(WholeImage(trial.image), detector.batch_size):
                for found in detector.detect(images):
                    if wrong := _differences(found, answer, trial):
                        return wrong
    return []


def _alone_and_together(image: WholeImage, batch_size: int) -> Iterator[list[WholeImage]]:
    """One image, and several: they may take other ways through the runtime."""
    yield [image]
    if batch_size > 1:
        yield [image] * batch_size


def _trials(
    image: BgrImage, answer: KnownAnswer, card: ModelCard, input_size: tuple[int, int] | None
) -> Iterator[_Trial]:
    """The image at its recorded scale, in the input shapes of a square and of a wide video."""
    natural = card.input.width, card.input.height
    width, height = input_size or natural
    if (width, height) == natural:
        yield _Trial(image, answer.tolerance)
    rows, columns = image.shape[:2]
    if width < columns or height < rows:
        if (width, height) != natural:
            yield _Trial(image, None)
        return
    wide = max(rows, -(-(width * 9 // 16) // _STRIDE) * _STRIDE)
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
    surest = max((known.score for known in answer.objects), default=0.0)
    best = [max(found.scores[row >= least].tolist(), default=0.0) for row in shared]
    pairs = [
        (known, score)
        for known, score in zip(answer.objects, best, strict=True)
        if trial.tolerance is not None or known.score >= min(_CERTAIN, surest)
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
    unexpected = (found.scores >= _UNEXPECTED) & (shared < _OVERLAP_SCALED).all(axis=0)
    if trial.tolerance is not None and unexpected.any():
        wrong.append(f"{int(unexpected.sum())} unexpected objects in {answer.file}")
    return wrong


def _close(score: float, expected: float, tolerance: float | None) -> bool:
    return score >= expected * _SCALED if tolerance is None else abs(score - expected) <= tolerance
