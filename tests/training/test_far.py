"""Four images in one: objects at half of their size, none too small to be recognized."""

from __future__ import annotations

import numpy as np

from models.training.traffic.bank import Labeled
from models.training.traffic.far import LEAST, four_in_one


def test_each_image_is_in_its_quarter_with_its_boxes() -> None:
    images = [
        Labeled(np.full((480, 640, 3), 40 * shade, np.uint8), np.array([[100, 200, 300, 400]], np.float32), ["person"])
        for shade in (1, 2, 3, 4)
    ]
    made = four_in_one(images)
    assert made.image.shape == (640, 640, 3)
    assert made.boxes.tolist() == [
        [50, 100, 150, 200],
        [370, 100, 470, 200],
        [50, 420, 150, 520],
        [370, 420, 470, 520],
    ]
    assert [int(made.image[int(y1) + 5, int(x1) + 5, 0]) for x1, y1, *_ in made.boxes] == [40, 80, 120, 160]


def test_what_becomes_too_small_is_gray_and_has_no_label() -> None:
    small = np.array(
        [[10, 10, 60, 10 + 2 * LEAST["plate"] - 1], [10, 100, 60, 100 + 2 * LEAST["plate"] + 2]], np.float32
    )
    made = four_in_one([Labeled(np.full((640, 640, 3), 200, np.uint8), small, ["plate", "plate"])] * 4)
    assert made.words == ["plate"] * 4
    assert (made.image[6, 10:25] == 114).all()
    assert (made.image[52, 10:25] == 200).all()
