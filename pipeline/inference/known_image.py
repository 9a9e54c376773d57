"""Images of known-answer tests: read, checked against the card, limited in size, decoded."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from pipeline.domain.frame import BgrImage
from pipeline.errors import ModelCardError
from pipeline.weights.catalog import KnownAnswer, ModelCard, read_known_answer

MAX_EDGE_PX: Final = 4096


def known_image(card: ModelCard, answer: KnownAnswer, models_dir: Path | None) -> BgrImage:
    """The image of a known answer, (height, width, 3) BGR, as stored: an orientation in its metadata is ignored.

    Raises:
        ModelCardError: it is missing, too large, or cannot be decoded.
        ModelIntegrityError: it does not match its checksum.
    """
    from PIL import Image  # here: an installation without known answers to test does not need it

    data = read_known_answer(card, answer, models_dir)
    try:
        with Image.open(io.BytesIO(data)) as header:
            size = header.size
        if max(size) > MAX_EDGE_PX:
            raise _unusable(card, answer, f"has {size[0]}×{size[1]} pixels, more than {MAX_EDGE_PX} at an edge")
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except (OSError, SyntaxError, cv2.error, Image.DecompressionBombError) as error:
        raise _unusable(card, answer, "cannot be decoded as an image") from error
    if image is None:
        raise _unusable(card, answer, "cannot be decoded as an image")
    return np.asarray(image, np.uint8)


def _unusable(card: ModelCard, answer: KnownAnswer, problem: str) -> ModelCardError:
    return ModelCardError(f"model {card.name}", f"its known answer {answer.file} {problem}", "Record it again")
