"""Palettes of thermal cameras are recognized; ordinary scenes, lit in one color or not, are not in false colors."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.false_colors import has_false_colors
from tests.anonymize.scenes import CLIPS, scene

PALETTES = ("HSV", "JET", "RAINBOW", "TURBO", "INFERNO", "PLASMA")


@pytest.mark.parametrize("clip", CLIPS)
def test_a_scene_has_false_colors_only_in_a_palette(clip: str, data_dir: Path) -> None:
    image = scene(data_dir, clip, 400)
    assert not has_false_colors(image)
    sodium = (image * np.array([0.1, 0.6, 1.0])).astype(np.uint8)
    assert not has_false_colors(sodium)
    gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert not has_false_colors(np.asarray(gray, np.uint8))


@pytest.mark.parametrize("palette", PALETTES)
def test_palettes_of_many_hues_are_false_colors(palette: str, data_dir: Path) -> None:
    levels = cv2.cvtColor(scene(data_dir, "traffic-plates-nz", 400), cv2.COLOR_BGR2GRAY)
    stretched = cv2.equalizeHist(levels)
    assert has_false_colors(np.asarray(cv2.applyColorMap(stretched, getattr(cv2, f"COLORMAP_{palette}")), np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (128, 128), (1200, 160)])
def test_frames_of_any_shape_are_measured(size: tuple[int, int]) -> None:
    assert not has_false_colors(np.full((size[1], size[0], 3), (255, 0, 0), np.uint8))
