"""Examples of the corner network show plates where their corners are said to be, as the reader gets crops."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.training.plates.corners import SIZE, example, seen_from_the_side
from pipeline.lpr.rectification import Corners

WHITE_PLATE: Corners = np.array([[140, 100], [340, 100], [340, 160], [140, 160]], np.float32)


def scene() -> tuple[np.ndarray, Corners]:
    """A white plate, its first third gray, in a black image."""
    image = np.zeros((300, 480, 3), np.uint8)
    image[100:160, 140:340] = 255
    image[100:160, 140:205] = 128
    return image, WHITE_PLATE


@pytest.mark.parametrize("seed", range(30))
def test_the_plate_is_within_its_corners(seed: int) -> None:
    image, corners = seen_from_the_side(*scene(), np.random.default_rng(seed))
    inside = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(corners).astype(np.int32)], 255)
    shown = image[..., 0] > 60
    shared = (shown & (inside > 0)).sum() / (shown | (inside > 0)).sum()
    assert shared > 0.9


def test_examples_are_networks_inputs_with_corners_in_reading_order() -> None:
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(60):
        crop, corners = example(scene(), rng)
        assert crop.shape == (SIZE, SIZE, 3)
        assert corners.shape == (4, 2)
        assert ((corners > -0.1) & (corners < 1.1)).all()
        places = corners * SIZE
        begin, end = (0.85 * places[one] + 0.15 * places[other] for one, other in ((0, 2), (2, 0)))
        first, last = (crop[tuple(np.clip(np.round(p[::-1]).astype(int), 0, SIZE - 1))].mean() for p in (begin, end))
        found += bool(first < last)  # unless the image was worn beyond that, or is a negative
    assert found >= 48
