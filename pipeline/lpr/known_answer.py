"""Known-answer tests of plate readers and corner networks: comparison with texts and corners of the model card."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.domain.ports import CharacterProbabilities, PlateReader
from pipeline.inference.known_image import known_image
from pipeline.lpr.corner_network import CornerNetwork
from pipeline.lpr.rectification import Corners
from pipeline.weights.catalog import KnownAnswer, ModelCard


def wrong_readings(reader: PlateReader, card: ModelCard, models_dir: Path | None) -> list[str]:
    """Descriptions of the wrong answers; empty if the reader passes.

    Raises:
        ModelCardError, ModelIntegrityError: a crop is missing, cannot be decoded, or does not match its checksum.
        ModelRuntimeError: inference failed.
    """
    crops = [known_image(card, answer, models_dir) for answer in card.known_answers]
    readings = zip(card.known_answers, reader.read(crops), strict=True)
    return [wrong for answer, read in readings if (wrong := _difference(answer, read))]


def wrong_corners(network: CornerNetwork, card: ModelCard, models_dir: Path | None) -> list[str]:
    """Descriptions of the wrong answers; empty if the network passes.

    Raises:
        ModelCardError, ModelIntegrityError: a crop is missing, cannot be decoded, or does not match its checksum.
        ModelRuntimeError: inference failed.
    """
    found = network.locate([known_image(card, answer, models_dir) for answer in card.known_answers])
    errors = [
        corner_error(one, np.array(answer.corners)) for one, answer in zip(found, card.known_answers, strict=True)
    ]
    return [
        f"places corners in {answer.file} wrong by {error:.0%} of the plate's width"
        for answer, error in zip(card.known_answers, errors, strict=True)
        if not error <= answer.tolerance
    ]


def corner_error(found: Corners, expected: Corners) -> float:
    """Largest distance between the corners of a plate, as a fraction of its width."""
    return float(np.linalg.norm(found - expected, axis=1).max() / np.linalg.norm(expected[1] - expected[0]))


def text_of(read: CharacterProbabilities) -> tuple[str, float]:
    """The most probable characters without pads, and the probability of the weakest slot."""
    best = read.values.argmax(axis=1)
    text = "".join(read.alphabet[column] for column in best).replace(read.pad, "")
    return text, float(read.values.max(axis=1).min())


def _difference(answer: KnownAnswer, read: CharacterProbabilities) -> str:
    text, confidence = text_of(read)
    expected = answer.confidence or 0.0
    if text != answer.text:
        return f"reads {text or 'nothing'} instead of {answer.text}"
    if abs(confidence - expected) > answer.tolerance:
        return f"reads {text} with confidence {confidence:.2f} instead of {expected:.2f}"
    return ""
