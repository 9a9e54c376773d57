"""Tilted and two-line plates are offered to the reader as level single lines."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipeline.lpr.crop_variants import set_upright, side_by_side, views_of


def stripe(rise: int) -> np.ndarray:
    """White image with a black line from corner to corner of the band; rise 1 falls towards the right."""
    image = np.full((120, 160, 3), 255, np.uint8)
    low, high = (30, 90) if rise == 1 else (90, 30)
    return np.asarray(cv2.line(image, (0, low), (159, high), (0, 0, 0), 5))


@pytest.mark.parametrize("rise", [-1, 1])
def test_the_right_tilt_makes_a_slanted_line_level(rise: int) -> None:
    level = set_upright(stripe(rise), rise)
    rows = [int(np.mean(np.nonzero(level[:, column, 0] < 128)[0])) for column in range(5, 155, 10)]
    assert max(rows) - min(rows) <= 2
    assert level.shape[0] < 120


def test_lines_are_joined_upper_first() -> None:
    crop = np.zeros((41, 50, 3), np.uint8)
    crop[:20] = 200
    joined = side_by_side(crop)
    assert joined.shape == (20, 100, 3)
    assert (joined[:, :50] == 200).all()
    assert (joined[:, 50:] == 0).all()


@pytest.mark.parametrize(
    ("height", "width", "views"), [(30, 100, 1), (50, 100, 3), (80, 100, 4), (170, 100, 10), (5, 6, 1), (1, 1, 1)]
)
def test_narrower_crops_get_more_variants(height: int, width: int, views: int) -> None:
    crop = np.zeros((height, width, 3), np.uint8)
    offered = views_of(crop)
    assert offered[0] is crop
    assert len(offered) == views
    assert all(min(view.shape[:2]) > 0 for view in offered)


def test_a_crop_on_its_side_is_turned_both_ways() -> None:
    crop = np.zeros((100, 40, 3), np.uint8)
    crop[:50] = 200  # its top
    shapes = {view.shape: view for view in views_of(crop)}
    turned = [view for view in views_of(crop) if view.shape == (40, 100, 3)]
    assert (100, 40, 3) in shapes
    assert [bool((view[:, :50] == 200).all()) for view in turned] == [True, False]
