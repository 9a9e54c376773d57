"""Polygons state which points lie inside, whatever their shape."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.domain.polygon import check_polygon, edges_cross, points_inside, polygon_area

_L_SHAPE = ((0.0, 0.0), (0.4, 0.0), (0.4, 0.2), (0.2, 0.2), (0.2, 0.4), (0.0, 0.4))


def test_points_in_the_notch_of_an_l_are_outside() -> None:
    points = [(0.1, 0.1), (0.3, 0.1), (0.1, 0.3), (0.3, 0.3), (0.5, 0.1), (np.nan, 0.1), (-0.1, 0.1)]
    assert points_inside(_L_SHAPE, points).tolist() == [True, True, True, False, False, False, False]
    assert points_inside(_L_SHAPE, []).tolist() == []
    assert polygon_area(_L_SHAPE) == pytest.approx(0.12)


def test_a_point_on_a_shared_edge_is_in_exactly_one_of_two_neighbors() -> None:
    left, right = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)), ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
    points = np.stack([np.full(9, 0.5), np.linspace(0.1, 0.9, 9)], axis=1)
    assert (points_inside(left, points) ^ points_inside(right, points)).all()


def test_corners_out_of_order_and_outside_the_image_are_recognized() -> None:
    assert edges_cross(((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)))
    assert not edges_cross(_L_SHAPE)
    with pytest.raises(ValueError, match=r"corner 2, .*outside 0 to 1"):
        check_polygon(((0.1, 0.1), (1.2, 0.1), (0.5, 0.9)))
    with pytest.raises(ValueError, match="three corners or more, not 2 corners"):
        check_polygon(((0.1, 0.1), (0.2, 0.1)))
