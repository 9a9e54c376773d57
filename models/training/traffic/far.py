"""Training images of which the objects are far: four images beside each other, each at half of its size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from models.training.traffic.bank import Labeled, f32

_SIDE: Final = 320
_GRAY: Final = 114
LEAST: Final = {"plate": 5.0, "face": 6.0}
"""Height in pixels of the smallest such object that is learned; smaller ones are painted over."""
_LEAST: Final = 8.0


def four_in_one(images: Sequence[Labeled]) -> Labeled:
    """Four images in an image of 640 pixels; objects that become too small to be recognized are made gray."""
    canvas = np.full((2 * _SIDE, 2 * _SIDE, 3), _GRAY, np.uint8)
    boxes, words = [], []
    for number, image in enumerate(images):
        left, top = number % 2 * _SIDE, number // 2 * _SIDE
        rows, columns = image.image.shape[:2]
        scale = _SIDE / max(rows, columns)
        size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
        canvas[top : top + size[1], left : left + size[0]] = cv2.resize(
            image.image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        moved = np.clip(image.boxes * np.float32(scale), 0, f32([*size, *size]))
        for box, word in zip(moved + f32([left, top, left, top]), image.words, strict=True):
            if box[3] - box[1] >= LEAST.get(word, _LEAST):
                boxes.append(box)
                words.append(word)
            else:
                canvas[int(box[1]) : int(box[3]) + 1, int(box[0]) : int(box[2]) + 1] = _GRAY
    return Labeled(canvas, f32(boxes).reshape(-1, 4), words)
