"""Small objects are searched again in magnified tiles, whose borders cut none of them."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.detect.image_region import WholeImage
from pipeline.detect.zoom_tiles import MAX_REDUCTION, MAX_TILES, detail_tiles, zoom_tiles
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from tests.detect.images import plain

IMAGE = plain(1000, 600)


def small(*centers: tuple[int, int]) -> Detections:
    boxes = [(x - 8, y - 8, x + 8, y + 8) for x, y in centers]
    return Detections.build(boxes, [0.2] * len(boxes), [Label.MOTORCYCLE] * len(boxes))


def test_objects_that_fit_share_a_tile_inside_the_image() -> None:
    (tile,) = zoom_tiles(IMAGE, small((20, 20), (60, 40), (200, 100)))
    assert (tile.region.x1, tile.region.y1, tile.region.width, tile.region.height) == (0, 0, 400, 240)


def test_there_are_no_more_than_the_most_tiles_and_none_without_small_objects() -> None:
    spread = [(x, y) for x in range(20, 1000, 240) for y in range(20, 600, 180)]
    assert len(zoom_tiles(IMAGE, small(*spread))) == MAX_TILES
    large = Detections.build([(0, 0, 500, 500)], [0.9], [Label.CAR])
    assert zoom_tiles(IMAGE, large) == zoom_tiles(IMAGE, Detections.empty()) == []


def test_what_the_border_of_a_tile_cuts_does_not_count() -> None:
    (tile,) = zoom_tiles(IMAGE, small((20, 20)))
    boxes = np.array([(0, 0, 30, 30), (380, 100, 400, 120), (100, 100, 120, 120)], np.float32)
    assert tile.holds(boxes).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("size", "aspect"),
    [((3840, 2160), 1.0), ((7680, 4320), 1.0), ((6400, 480), 1.0), ((1000, 4000), 1.0), ((960, 2160), 4.0)],
)
def test_no_part_of_a_large_image_is_reduced_by_more_than_half_as_much_again(
    size: tuple[int, int], aspect: float
) -> None:
    image = WholeImage(plain(*size).bgr(), aspect)
    seen = np.zeros((size[1], size[0]), bool)
    for tile in detail_tiles(image, 1280):
        part = tile.region
        assert max(part.width * aspect, part.height) <= MAX_REDUCTION * 1280 + 2 * aspect
        seen[part.y1 : part.y2, part.x1 : part.x2] = True
    assert seen.all()


def test_an_object_at_the_border_of_two_tiles_is_whole_in_one_of_them() -> None:
    tiles = detail_tiles(plain(3840, 2160), 1280)
    for x in range(0, 3740, 7):
        box = np.array([[x, 1030, x + 100, 1130]], np.float32)
        assert any(tile.holds(box)[0] for tile in tiles), x


def test_an_image_of_1080_lines_needs_no_tiles_at_1280_pixels() -> None:
    assert detail_tiles(plain(1920, 1080), 1280) == []
