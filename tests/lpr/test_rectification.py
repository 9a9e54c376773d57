"""Plates seen from any side are offered to the reader level, upright and from the front."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.lpr.rectification import (
    CONTEXT,
    Corners,
    moved,
    network_input,
    plausible,
    rectified_views,
    side_by_side,
    turned,
)

SQUARE: Corners = np.array([[20, 30], [180, 40], [175, 95], [18, 85]], np.float32)
"""Corners of a plate in a crop of 200 × 120 pixels."""


def quartered(corners: Corners, height: int = 120, width: int = 200) -> np.ndarray:
    """A crop whose plate is 200 left above, 150 right above, 100 right below and 50 left below; black around."""
    plate = np.zeros((64, 128, 3), np.uint8)
    plate[:32, :64], plate[:32, 64:], plate[32:, 64:], plate[32:, :64] = 200, 150, 100, 50
    places = np.array([[0, 0], [128, 0], [128, 64], [0, 64]], np.float32)
    warp = cv2.getPerspectiveTransform(places, corners.astype(np.float32))
    return np.asarray(cv2.warpPerspective(plate, warp, (width, height)), np.uint8)


def quarters(view: np.ndarray) -> list[int]:
    height, width = view.shape[:2]
    rows, columns = (height // 4, 3 * height // 4), (width // 4, 3 * width // 4)
    return [int(view[rows[0], columns[0], 0]), int(view[rows[0], columns[1], 0]), int(view[rows[1], columns[1], 0]),
            int(view[rows[1], columns[0], 0])]  # fmt: skip


@pytest.mark.parametrize("first", [0, 1, 2, 3])
def test_the_first_corner_comes_to_the_left_above_however_the_plate_is_turned(first: int) -> None:
    crop = quartered(np.roll(SQUARE, -first, axis=0))
    view = rectified_views(crop, np.roll(SQUARE, -first, axis=0))[0]
    assert quarters(view) == pytest.approx([200, 150, 100, 50], abs=4)


def test_a_rectified_plate_has_the_margins_of_a_crop() -> None:
    (view, *_) = rectified_views(quartered(SQUARE), SQUARE)
    bright = np.argwhere(view[..., 0] > 25)
    (top, left), (bottom, right) = bright.min(axis=0), bright.max(axis=0)
    assert left / view.shape[1] == pytest.approx(0.05, abs=0.02)
    assert 1 - right / view.shape[1] == pytest.approx(0.05, abs=0.02)
    assert top / view.shape[0] == pytest.approx(0.09, abs=0.03)
    assert 1 - bottom / view.shape[0] == pytest.approx(0.09, abs=0.03)


def test_only_a_plate_as_narrow_as_one_of_two_lines_is_offered_with_its_lines_side_by_side_too() -> None:
    assert len(rectified_views(quartered(SQUARE), SQUARE)) == 1
    narrow = SQUARE * np.array([0.5, 1.0], np.float32)
    one, two = rectified_views(quartered(narrow), narrow)
    assert two.shape[0] == one.shape[0] // 2
    assert two.shape[1] == 2 * one.shape[1]


@pytest.mark.parametrize(
    "corners",
    [
        SQUARE[::-1],  # mirrored
        SQUARE[[0, 2, 1, 3]],  # crossed
        np.array([[20, 30], [180, 40], [60, 45], [18, 85]]),  # dented
        SQUARE * 0.1,  # tiny
        SQUARE + np.array([100, 0]),  # outside
        np.repeat(SQUARE[:1], 4, axis=0),  # all in one place
        np.full((4, 2), np.nan),
    ],
)
def test_implausible_corners_give_no_view(corners: np.ndarray) -> None:
    crop = np.zeros((120, 200, 3), np.uint8)
    assert not plausible(corners.astype(np.float32), crop)
    assert rectified_views(crop, corners.astype(np.float32)) == []


@pytest.mark.parametrize(("height", "width"), [(30, 90), (90, 30), (1, 1), (640, 200)])
def test_the_networks_input_holds_the_whole_crop_in_its_middle(height: int, width: int) -> None:
    crop = np.full((height, width, 3), 90, np.uint8)
    image, matrix = network_input(crop, 96)
    assert image.shape == (96, 96, 3)
    assert (image == 90).all(), "the border is repeated"
    (low, high) = moved(np.array([[0, 0], [width, height]], np.float32), matrix)
    assert (low + high) / 2 == pytest.approx([48, 48])
    assert max(high - low) == pytest.approx(96 / CONTEXT)


def test_a_crop_is_turned_to_each_other_side() -> None:
    crop = np.zeros((40, 100, 3), np.uint8)
    crop[:, :50] = 200
    left, over, right = turned(crop)
    assert (left[50:] == 200).all()
    assert (over[:, 50:] == 200).all()
    assert (right[:50] == 200).all()


def test_lines_are_joined_upper_first() -> None:
    crop = np.zeros((41, 50, 3), np.uint8)
    crop[:20] = 200
    joined = side_by_side(crop)
    assert joined.shape == (20, 100, 3)
    assert (joined[:, :50] == 200).all()
    assert (joined[:, 50:] == 0).all()
