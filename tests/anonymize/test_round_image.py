"""Round images of 360-degree cameras are recognized by their border; ordinary, dark and framed scenes are not round."""

from __future__ import annotations

from collections.abc import Callable
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


def circle(image: BgrImage, side: int = 480) -> BgrImage:
    return circle_of(image, (side, side), 0.5, 0.0, np.zeros((side, side, 3), np.uint8))


def two_circles(image: BgrImage) -> BgrImage:
    return np.hstack([circle(image), circle(image)[::-1]])


def off_center(image: BgrImage) -> BgrImage:
    frame = np.full((480, 854, 3), 18, np.uint8)
    frame[60:400, 480:820] = circle(image, 340)
    return frame


def ellipse(image: BgrImage) -> BgrImage:
    return np.asarray(cv2.resize(circle(image), (960, 480)), np.uint8)


def cut_off(image: BgrImage) -> BgrImage:
    frame = np.zeros((480, 854, 3), np.uint8)
    frame[:, 27:827] = circle(image, 800)[160:640]
    return frame


def quarter(image: BgrImage) -> BgrImage:
    return circle(image, 900)[:450, :450]


def beside_another_image(image: BgrImage) -> BgrImage:
    return np.hstack([circle(image), np.asarray(cv2.resize(image, (400, 480)), np.uint8)])


def four_circles(image: BgrImage) -> BgrImage:
    return np.tile(circle(image, 300), (2, 2, 1))


def on_a_gradient(image: BgrImage) -> BgrImage:
    border = np.tile(np.linspace(0, 60, 480)[None, :, None], (480, 1, 3)).astype(np.uint8)
    return circle_of(image, (480, 480), 0.5, 0.0, border)


@pytest.mark.parametrize(
    "made",
    [two_circles, off_center, ellipse, cut_off, quarter, beside_another_image, four_circles, on_a_gradient],
    ids=lambda made: made.__name__,
)
def test_circles_and_ellipses_are_found_anywhere(made: Callable[[BgrImage], BgrImage], data_dir: Path) -> None:
    image = np.asarray(cv2.imencode(".jpg", made(scene(data_dir)), [cv2.IMWRITE_JPEG_QUALITY, 80])[1], np.uint8)
    assert is_round(np.asarray(cv2.imdecode(image, cv2.IMREAD_COLOR), np.uint8))


def test_a_close_up_on_an_overexposed_ground_is_not_round(street: BgrImage) -> None:
    assert not is_round(circle_of(street, (640, 480), 0.45, 0.0, np.full((480, 640, 3), 254, np.uint8)))


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
