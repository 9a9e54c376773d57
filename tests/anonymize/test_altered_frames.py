"""Frames in relief and of equal brightness are recognized, in a panel too; ordinary ones are not, dim or noisy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.anonymize.altered_frames import Alteration, AlteredFrames, alteration
from pipeline.domain.frame import BgrImage
from tests.anonymize.scenes import CLIPS, scene
from tests.anonymize.test_false_colors import as_coded
from tests.anonymize.test_mesh import behind, crossed


def in_relief(image: BgrImage, across: int, down: int) -> BgrImage:
    levels = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    raised = np.clip(128 + levels - np.roll(levels, (down, across), (0, 1)), 0, 255)
    return np.asarray(cv2.cvtColor(raised.astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)


def relief_of_colors(image: BgrImage) -> BgrImage:
    kernel = np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], np.float32)
    return np.clip(cv2.filter2D(image.astype(np.float32), -1, kernel) + 128, 0, 255).astype(np.uint8)


def equally_bright(image: BgrImage, saturation: float, kept: float = 0.0) -> BgrImage:
    levels = cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb).astype(np.float32)
    levels[..., 0] = 128 + kept * (levels[..., 0] - 128)
    levels[..., 1:] = 128 + saturation * (levels[..., 1:] - 128)
    return np.asarray(cv2.cvtColor(np.clip(levels, 0, 255).astype(np.uint8), cv2.COLOR_YCrCb2BGR), np.uint8)


def brightness_as_color(image: BgrImage) -> BgrImage:
    levels = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32) - 128
    changed = np.stack([np.full_like(levels, 128), 128 - 0.3 * levels, 128 + 0.6 * levels], axis=2)
    return np.asarray(cv2.cvtColor(changed.astype(np.uint8), cv2.COLOR_YCrCb2BGR), np.uint8)


def in_two_tones(image: BgrImage, limit: npt.ArrayLike) -> BgrImage:
    levels = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1)
    return np.repeat(np.where(levels > np.asarray(limit), 230, 25).astype(np.uint8)[..., None], 3, axis=2)


def stencil(image: BgrImage) -> BgrImage:
    return in_two_tones(image, np.median(image))


def drawing(image: BgrImage) -> BgrImage:
    levels = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float64)
    return in_two_tones(image, cv2.GaussianBlur(levels, (0, 0), 9) - 4)


def halftone(image: BgrImage) -> BgrImage:
    height, width = image.shape[:2]
    dots = np.kron(np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) * 16 + 8, np.ones((2, 2)))
    return in_two_tones(image, np.tile(dots, (height // 8 + 1, width // 8 + 1))[:height, :width])


ALTERED: dict[str, tuple[Callable[[BgrImage], BgrImage], Alteration]] = {
    "relief": (lambda image: in_relief(image, 1, 1), Alteration.RELIEF),
    "coarse relief": (lambda image: in_relief(image, 3, 0), Alteration.RELIEF),
    "relief of colors": (relief_of_colors, Alteration.RELIEF),
    "colors only": (lambda image: equally_bright(image, 2.0), Alteration.EQUAL_BRIGHTNESS),
    "nearly colors only": (lambda image: equally_bright(image, 2.0, 0.05), Alteration.EQUAL_BRIGHTNESS),
    "brightness as color": (brightness_as_color, Alteration.EQUAL_BRIGHTNESS),
    "stencil": (stencil, Alteration.TWO_TONES),
    "drawing": (drawing, Alteration.TWO_TONES),
    "halftone": (halftone, Alteration.TWO_TONES),
}


@pytest.mark.parametrize("name", ALTERED)
@pytest.mark.parametrize("clip", ["people-walking", "highway-motorbike"])
def test_altered_frames_are_recognized_beside_a_caption_too(name: str, clip: str, data_dir: Path) -> None:
    change, expected = ALTERED[name]
    altered = change(scene(data_dir, clip, 640))
    altered[-24:, :200] = 255
    altered[-20:-4:4, 8:190] = 0
    assert alteration(as_coded(altered)) is expected


@pytest.mark.parametrize("clip", CLIPS)
def test_ordinary_scenes_are_not_altered_however_dim_foggy_or_noisy(clip: str, data_dir: Path) -> None:
    image = scene(data_dir, clip, 640)
    noise = np.random.default_rng(3).normal(0, 15, image.shape)
    variants = [image, image * 0.15, image * 0.2 + 150, image + noise, image * 0.1 + 0.4 * noise + 20]
    for one in variants:
        assert alteration(np.clip(one, 0, 255).astype(np.uint8)) is None


def test_an_altered_panel_is_noted_by_its_frame(data_dir: Path) -> None:
    image = scene(data_dir, width=400)
    frames = AlteredFrames()
    for number, one in enumerate([image, np.hstack([image, in_relief(image, 1, 1)]), image]):
        frames.add(number, np.asarray(one, np.uint8))
    assert frames.numbers == {Alteration.RELIEF: [1]}


def test_a_colored_net_is_called_so_and_a_gray_one_is_no_alteration(data_dir: Path) -> None:
    image = scene(data_dir, "car-detection", 480)
    gray = np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)
    net = crossed(image.shape, 24, 14, 30, both=False)
    colored = gray.copy()
    colored[net] = (140, 60, 30)
    seen = alteration(as_coded(colored))
    assert seen is Alteration.BY_BRIGHTNESS
    assert "behind a colored net" in seen
    for street in (image, gray):
        assert alteration(as_coded(behind(street, net))) is None


@pytest.mark.parametrize("size", [(1, 1), (2, 128), (1200, 160)])
def test_frames_of_any_shape_are_measured(size: tuple[int, int]) -> None:
    assert alteration(np.full((size[1], size[0], 3), 90, np.uint8)) is None
