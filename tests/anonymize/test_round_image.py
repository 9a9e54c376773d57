"""Round images of 360-degree cameras are recognized by their border; ordinary, dark and framed scenes are not round."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.round_image import is_round
from pipeline.domain.frame import BgrImage
from tests.anonymize.scenes import CLIPS, scene


@pytest.fixture(scope="module")
def street(data_dir: Path) -> BgrImage:
    return scene(data_dir, "traffic-plates-nz")


def circle_of(image: BgrImage, size: tuple[int, int], radius: float, right: float, border: BgrImage) -> BgrImage:
    """A circle of a scene on a border; its radius and place as shares of the shorter side."""
    inside = np.zeros((size[1], size[0]), np.uint8)
    center = round(size[0] / 2 + right * min(size)), size[1] // 2
    cv2.circle(inside, center, round(radius * min(size)), 255, -1)
    return np.where(inside[..., None] > 0, cv2.resize(image, size), border).astype(np.uint8)


@pytest.mark.parametrize("size", [(640, 480), (900, 900), (1280, 720)])
@pytest.mark.parametrize(("radius", "right"), [(0.4, 0.04), (0.5, 0.0)])
@pytest.mark.parametrize("border", ["black", "gray", "noise"])
def test_a_circle_on_any_border_is_round(
    border: str, radius: float, right: float, size: tuple[int, int], street: BgrImage
) -> None:
    levels = {"black": (0, 1), "gray": (128, 129), "noise": (0, 256)}[border]
    around = np.random.default_rng(1).integers(*levels, (size[1], size[0], 3)).astype(np.uint8)
    assert is_round(circle_of(street, size, radius, right, around))


@pytest.mark.parametrize("clip", CLIPS)
def test_ordinary_scenes_are_not_round(clip: str, data_dir: Path) -> None:
    image = scene(data_dir, clip)
    assert not is_round(image)
    assert not is_round((image * 0.1).astype(np.uint8))
    framed = image.copy()
    framed[: len(image) // 8] = framed[-len(image) // 8 :] = 0
    assert not is_round(framed)


@pytest.mark.parametrize("size", [(128, 128), (160, 1200), (1200, 160), (640, 360)])
def test_empty_frames_of_any_shape_are_not_round(size: tuple[int, int]) -> None:
    assert not is_round(np.full((size[1], size[0], 3), 30, np.uint8))
