"""Palettes of thermal cameras are recognized; ordinary scenes, lit in one color or not, are not in false colors."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.anonymize.false_colors import false_colors
from pipeline.domain.frame import BgrImage
from tests.anonymize.scenes import CLIPS, scene

PALETTES = (
    *("HSV", "JET", "RAINBOW", "TURBO", "INFERNO", "PLASMA", "VIRIDIS", "PARULA", "MAGMA"),
    *("COOL", "SPRING", "HOT", "CIVIDIS", "OCEAN", "WINTER", "AUTUMN", "SUMMER"),
)


@pytest.mark.parametrize("clip", CLIPS)
def test_a_scene_false_colors_only_in_a_palette(clip: str, data_dir: Path) -> None:
    image = scene(data_dir, clip, 400)
    assert not false_colors(image)
    sodium = (image * np.array([0.1, 0.6, 1.0])).astype(np.uint8)
    assert not false_colors(sodium)
    gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert not false_colors(np.asarray(gray, np.uint8))


@pytest.fixture(scope="module")
def levels(data_dir: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.equalizeHist(cv2.cvtColor(scene(data_dir, width=400), cv2.COLOR_BGR2GRAY)), np.uint8)


def as_coded(image: npt.NDArray[np.uint8]) -> BgrImage:
    """With colors at half of the resolution, and what a codec leaves of them."""
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 1), np.uint8)


@pytest.mark.parametrize("palette", PALETTES)
def test_palettes_are_false_colors_however_few_their_hues(palette: str, levels: npt.NDArray[np.uint8]) -> None:
    colored = np.asarray(cv2.applyColorMap(levels, getattr(cv2, f"COLORMAP_{palette}")), np.uint8)
    assert false_colors(as_coded(colored))


@pytest.mark.parametrize("saturation", [60, 95])
@pytest.mark.parametrize("palette", ["HSV", "JET", "RAINBOW"])
def test_pastel_palettes_are_false_colors(palette: str, saturation: int, levels: npt.NDArray[np.uint8]) -> None:
    colored = cv2.cvtColor(cv2.applyColorMap(levels, getattr(cv2, f"COLORMAP_{palette}")), cv2.COLOR_BGR2HSV)
    colored[..., 1] = np.minimum(colored[..., 1], saturation)
    assert false_colors(as_coded(np.asarray(cv2.cvtColor(colored, cv2.COLOR_HSV2BGR), np.uint8)))


@pytest.mark.parametrize("size", [(1, 1), (128, 128), (1200, 160)])
def test_frames_of_any_shape_are_measured(size: tuple[int, int]) -> None:
    assert not false_colors(np.full((size[1], size[0], 3), (255, 0, 0), np.uint8))
