"""Captions and signs are not reported as plates; plates on vehicles, moving plates and close-ups are."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.decode.lazy_images import ArrayImage
from pipeline.lpr.plate_place import PlatePlace, inside, plausible_in_image

IMAGE = ArrayImage(np.zeros((720, 1280, 3), np.uint8))
CAPTION, SIGN, PLATE = (37, 30, 254, 100), (700, 300, 760, 320), (600, 500, 700, 530)
NO_VEHICLES = np.zeros((0, 4), np.float32)


def place(*boxes: tuple[float, float, float, float], on_vehicle: bool = False, step_ms: int = 100) -> PlatePlace:
    found = PlatePlace()
    for number, box in enumerate(boxes):
        found.observe(IMAGE, box, number * step_ms, on_vehicle=on_vehicle)
    return found


@pytest.mark.parametrize("box", [CAPTION, SIGN, (962, 660, 1160, 702)])
def test_text_that_stands_still_without_a_vehicle_is_no_plate(box: tuple[float, float, float, float]) -> None:
    assert not place(*[box] * 20).plausible


@pytest.mark.parametrize("box", [SIGN, PLATE])
def test_what_was_seen_for_less_than_a_second_away_from_the_edges_may_be_one(
    box: tuple[float, float, float, float],
) -> None:
    assert place(*[box] * 5).plausible
    assert not place(*[CAPTION] * 5).plausible


def test_a_plate_on_a_vehicle_may_stand_still_anywhere() -> None:
    assert place(*[CAPTION] * 50, on_vehicle=True).plausible


def test_a_caption_behind_which_a_vehicle_passes_is_no_plate() -> None:
    found = place(*[CAPTION] * 30)
    for number in range(30, 45):
        found.observe(IMAGE, CAPTION, number * 100, on_vehicle=True)
    assert not found.plausible


def test_a_moving_plate_needs_no_vehicle() -> None:
    assert place(*[(600 + 4 * n, 20, 700 + 4 * n, 50) for n in range(20)]).plausible


def test_a_plate_that_fills_much_of_the_image_needs_no_vehicle() -> None:
    assert place(*[(200, 10, 900, 200)] * 20).plausible


@pytest.mark.parametrize("box", [(108, 26, 1022, 86), (108, 660, 1022, 715)])
def test_a_caption_as_wide_as_the_image_is_no_plate(box: tuple[float, float, float, float]) -> None:
    assert not place(box).plausible
    assert not place(*[box] * 20).plausible
    strip = ArrayImage(np.zeros((80, 640, 3), np.uint8))
    assert plausible_in_image(strip, (40, 0, 600, 18), NO_VEHICLES), "it fills much of the image's height"


def test_a_single_image_shows_captions_at_its_edges_only() -> None:
    assert not plausible_in_image(IMAGE, CAPTION, NO_VEHICLES)
    assert plausible_in_image(IMAGE, PLATE, NO_VEHICLES)
    assert plausible_in_image(IMAGE, CAPTION, np.array([[0, 0, 400, 300]], np.float32))


def test_a_box_is_inside_a_polygon_by_its_center() -> None:
    triangle = ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5))
    assert inside(IMAGE, CAPTION, [triangle])
    assert not inside(IMAGE, PLATE, [triangle])
    assert not inside(IMAGE, CAPTION, [])
