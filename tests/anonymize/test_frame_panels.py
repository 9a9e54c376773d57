"""Panels of split screens and insets are found at their seams; an ordinary frame is one image."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.false_colors import false_colors
from pipeline.anonymize.frame_panels import frame_and_panels
from pipeline.domain.frame import BgrImage
from tests.anonymize.scenes import CLIPS, scene


@pytest.fixture(scope="module")
def street(data_dir: Path) -> BgrImage:
    return scene(data_dir, "people-walking", 480)


def in_palette(image: BgrImage) -> BgrImage:
    return np.asarray(cv2.applyColorMap(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLORMAP_INFERNO), np.uint8)


@pytest.mark.parametrize("clip", CLIPS)
def test_an_ordinary_frame_has_no_false_colors_in_any_part(clip: str, data_dir: Path) -> None:
    assert not any(false_colors(part) for part in frame_and_panels(scene(data_dir, clip)))


@pytest.mark.parametrize("share", [0.4, 0.5, 0.65])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_panel_is_found_wherever_its_seam_is(axis: int, share: float, street: BgrImage) -> None:
    frame = street.copy()
    at = np.s_[: round(share * frame.shape[0])] if axis == 0 else np.s_[:, : round(share * frame.shape[1])]
    frame[at] = in_palette(np.ascontiguousarray(street[::-1, ::-1]))[at]
    shapes = [panel.shape for panel in frame_and_panels(frame)]
    assert any(np.abs(np.subtract(shape, frame[at].shape)).max() <= 1 for shape in shapes)
    assert any(false_colors(part) for part in frame_and_panels(frame))


def test_one_of_four_images_and_an_inset_are_found(street: BgrImage) -> None:
    height, width = street.shape[:2]
    small = np.asarray(cv2.resize(street, (width // 2, height // 2)), np.uint8)
    four = np.vstack([np.hstack([small, small[:, ::-1]]), np.hstack([in_palette(small), small[::-1]])])
    inset = np.asarray(cv2.resize(street, (2 * width, 2 * height)), np.uint8)
    inset[10 : 10 + height * 4 // 5, 20 : 20 + width * 4 // 5] = in_palette(street)[: height * 4 // 5, : width * 4 // 5]
    for frame in (four, inset):
        assert not false_colors(frame)
        assert any(false_colors(part) for part in frame_and_panels(frame))


@pytest.mark.parametrize("size", [(1, 1), (128, 128), (1200, 160)])
def test_a_uniform_frame_of_any_shape_is_one_image(size: tuple[int, int]) -> None:
    assert len(frame_and_panels(np.full((size[1], size[0], 3), 30, np.uint8))) == 1
