"""Shift, zoom and turn of a view are measured to a fraction of what must be found, in any light."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.engine.view_shift import (
    Transform,
    ViewPattern,
    compared_pixels,
    edge_directions,
    known_areas,
    match_views,
    still_areas,
    view_luma,
    view_stretch,
)
from tests.engine.views import HEIGHT, WIDTH, Gray, GrayImage, street, view

_ALL = compared_pixels(())


def compared(gray: Gray, pixels: npt.NDArray[np.bool_]) -> ViewPattern:
    image = GrayImage(gray)
    return ViewPattern(edge_directions(view_luma(image), pixels), view_stretch(image))


def pattern(gray: Gray) -> ViewPattern:
    return compared(gray, _ALL)


@pytest.mark.parametrize(
    "moved",
    [
        Transform(),
        Transform(x=0.02),
        Transform(y=-0.02),
        Transform(x=-0.05, y=0.01),
        Transform(zoom=0.03),
        Transform(zoom=-0.03),
        Transform(turn=1.5),
        Transform(turn=-3),
        Transform(x=0.01, zoom=0.02, turn=1),
        Transform(x=0.1),
    ],
)
def test_a_movement_is_measured(moved: Transform) -> None:
    there = view(moved.x, moved.y, 1 + moved.zoom, moved.turn, sample=1)
    found = match_views(pattern(there), pattern(view())).transform
    assert found is not None
    assert (found.x, found.y) == pytest.approx((moved.x, moved.y), abs=0.002)
    assert found.zoom == pytest.approx(moved.zoom, abs=0.003)
    assert found.turn == pytest.approx(moved.turn, abs=0.15)


@pytest.mark.parametrize(
    "light",
    [
        lambda gray: (gray * 0.25).astype(np.uint8),
        lambda gray: (255 - gray * 0.5).astype(np.uint8),
        lambda gray: (gray * 0.3 + 150).astype(np.uint8),
        lambda gray: cv2.imdecode(cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, 8])[1], 0),
    ],
    ids=["dark", "inverted", "haze", "compression"],
)
def test_light_and_compression_change_nothing(light) -> None:  # type: ignore[no-untyped-def]
    still = match_views(pattern(light(view(sample=1))), pattern(view()))
    assert still.transform is not None
    assert still.transform.excess(Transform(0.003, 0, 0.004, 0.2)) < 1
    moved = match_views(pattern(light(view(0.02, sample=1))), pattern(view()))
    assert moved.transform is not None
    assert moved.transform.x == pytest.approx(0.02, abs=0.002)


def test_a_truck_over_two_thirds_of_the_image_changes_nothing() -> None:
    covered = view(sample=1)
    covered[:, : WIDTH * 2 // 3] = view(of=street(9))[:, : WIDTH * 2 // 3]
    found = match_views(pattern(covered), pattern(view()))
    assert found.transform is not None
    assert found.transform.excess(Transform(0.006, 0, 0.008, 0.4)) < 1


def test_another_scene_matches_nowhere_and_stands_still() -> None:
    other = street(9)
    assert match_views(pattern(view(of=other)), pattern(view())).transform is None
    assert still_areas(pattern(view(of=other)), pattern(view(sample=1, of=other))).mean() > 0.9
    assert still_areas(pattern(view()), pattern(view(0.1))).mean() < 0.2
    assert not known_areas(pattern(view(of=other)), pattern(view())).any()


def test_the_turn_of_an_upright_image_is_not_distorted() -> None:
    tall, turned = (cv2.resize(view(turn=turn), (HEIGHT, WIDTH)) for turn in (0, 0))
    assert tall.shape == (WIDTH, HEIGHT)
    matrix = cv2.getRotationMatrix2D((HEIGHT / 2, WIDTH / 2), -2, 1)
    turned = cv2.warpAffine(turned, matrix, (HEIGHT, WIDTH), borderMode=cv2.BORDER_REFLECT)
    found = match_views(pattern(np.asarray(turned, np.uint8)), pattern(np.asarray(tall, np.uint8))).transform
    assert found is not None
    assert found.turn == pytest.approx(2, abs=0.2)


def test_privacy_masks_do_not_hold_the_view_in_place() -> None:
    masks = (((0.0, 0.0), (0.9, 0.0), (0.9, 0.45), (0.0, 0.45)),)
    pixels = compared_pixels(masks)

    def masked(gray: Gray) -> ViewPattern:
        gray[: round(HEIGHT * 0.45), : round(WIDTH * 0.9)] = 0
        return compared(gray, pixels)

    found = match_views(masked(view(0.02, sample=1)), masked(view())).transform
    assert found is not None
    assert found.x == pytest.approx(0.02, abs=0.002)


def test_captions_are_not_compared_and_larger_ignored_areas_are() -> None:
    caption, half = (((0.0, 0.4), (width, 0.4), (width, 0.6), (0.0, 0.6)) for width in (0.5, 1.0))
    assert not compared_pixels((), (caption,))[80:100, :150].any()
    assert compared_pixels((), (caption, half, ((0.0, 0.0), (1.0, 0.0), (1.0, 0.3)))).all()


def test_a_dark_image_cannot_be_compared() -> None:
    dark = np.full((HEIGHT, WIDTH), 3, np.uint8)
    assert pattern(dark).areas == 0
    assert match_views(pattern(dark), pattern(view())).transform is None
