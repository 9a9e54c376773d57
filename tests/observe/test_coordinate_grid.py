"""Coordinate grids over still images."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.observe.coordinate_grid import OutlinedPolygon, draw_coordinate_grid

_GRAY = 110
_SQUARE = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))


def _image(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), _GRAY, np.uint8)


@pytest.mark.parametrize(("size", "drawn"), [((720, 1280), (720, 1280)), ((288, 352), (864, 1056))])
def test_a_line_stands_at_each_tenth(size: tuple[int, int], drawn: tuple[int, int]) -> None:
    image = _image(*size)
    grid = draw_coordinate_grid(image, [])
    assert grid.shape[:2] == drawn, "small images are enlarged by a whole factor"
    assert (image == _GRAY).all(), "the image given is not modified"
    height, width = drawn
    row, column = grid[round(height * 0.55), :, 0].astype(int), grid[:, round(width * 0.55), 0].astype(int)
    for step in range(1, 10):
        assert row[round(width * step / 10)] > _GRAY + 60
        assert column[round(height * step / 10)] > _GRAY + 60
    between = [round(width * (step + 0.5) / 10) for step in range(1, 10)]
    assert (row[between] == _GRAY).all()


def test_fractions_are_written_at_the_top_and_at_the_left() -> None:
    grid = draw_coordinate_grid(_image(1000, 1000), [])
    for step in range(1, 10):
        at = step * 100
        assert (grid[:20, at - 12 : at + 12] > 240).any()
        assert (grid[at - 8 : at + 8, 2:25] > 240).any()


def test_polygons_are_outlined_in_the_color_of_their_key() -> None:
    mask = draw_coordinate_grid(_image(1000, 1000), [OutlinedPolygon("masks", 0, _SQUARE)])
    ignored = draw_coordinate_grid(_image(1000, 1000), [OutlinedPolygon("ignore", 1, _SQUARE)])
    edge = mask[320:380, 250].astype(int).mean(axis=0)  # between two lines of the grid
    assert edge[2] > edge[0] + 100, "orange"
    edge = ignored[320:380, 250].astype(int).mean(axis=0)
    assert edge[0] > edge[2] + 100, "blue"
    assert OutlinedPolygon("ignore", 1, _SQUARE).label == "ignore[1]"


def test_a_label_stays_inside_the_image() -> None:
    corner = ((0.0, 0.0), (0.02, 0.0), (0.0, 0.02))
    far = ((1.0, 1.0), (0.98, 1.0), (1.0, 0.98))
    polygons = [OutlinedPolygon("masks", 0, corner), OutlinedPolygon("masks", 1, far)]
    grid = draw_coordinate_grid(_image(1000, 1000), polygons).astype(int)
    orange = (grid[..., 2] - grid[..., 0]) > 100
    assert orange[:40, :90].sum() > 800
    assert orange[-40:, -90:].sum() > 800
