"""Small objects are searched again in magnified tiles, whose borders cut none of them."""

from __future__ import annotations

import numpy as np

from pipeline.detect.zoom_tiles import MAX_TILES, zoom_tiles
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
