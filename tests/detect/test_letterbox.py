"""Images of any shape are letterboxed without distortion, and boxes are mapped back to their pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.detect.image_region import ImageRegion, WholeImage
from pipeline.detect.letterbox import PAD, Letterbox
from pipeline.weights.model_card import CardInput
from tests.detect.images import plain

CENTERED = CardInput(width=640, height=640)
CORNER = CardInput(width=416, height=416, channels="bgr", range="0-255", letterbox="top-left")


@given(width=st.integers(1, 5000), height=st.integers(1, 5000), tight=st.booleans())
def test_boxes_are_mapped_back_to_their_pixels(width: int, height: int, tight: bool) -> None:
    image = plain(1, 1)
    image = WholeImage(np.broadcast_to(image.pixels[0, 0], (height, width, 3)))
    make = Letterbox.fit_tight if tight else Letterbox.fit
    box = make(image, CENTERED, 640, 640)
    assert box.left + box.content_width <= box.width <= 640
    assert box.top + box.content_height <= box.height <= 640
    assert box.width % 32 == box.height % 32 == 0
    whole = np.array(
        [[box.left, box.top, box.left + box.content_width, box.top + box.content_height]], dtype=np.float32
    )
    np.testing.assert_allclose(box.unmap(whole)[0], [0, 0, width, height], rtol=1e-4, atol=1e-3)
    beyond = np.array([[-50, -50, 900, 900]], dtype=np.float32)
    np.testing.assert_allclose(box.unmap(beyond)[0], [0, 0, width, height])


def test_a_wide_image_gets_a_small_input_if_the_network_has_a_dynamic_size() -> None:
    box = Letterbox.fit_tight(plain(1920, 1080), CENTERED, 640, 640)
    assert (box.width, box.height, box.content_height) == (640, 384, 360)


@pytest.mark.parametrize(("width", "height", "aspect"), [(240, 540, 4.0), (960, 180, 1 / 3), (352, 576, 64 / 22)])
def test_networks_see_square_pixels_however_the_image_is_stored(width: int, height: int, aspect: float) -> None:
    image = WholeImage(np.zeros((height, width, 3), np.uint8), aspect)
    box = Letterbox.fit_tight(image, CENTERED, 640, 640)
    assert box.content_width == 640
    assert box.content_height == pytest.approx(640 * height / (width * aspect), abs=1)
    content = np.array([[box.left, box.top, box.left + box.content_width, box.top + box.content_height]], np.float32)
    np.testing.assert_allclose(box.unmap(content)[0], [0, 0, width, height], rtol=1e-4, atol=1e-3)
    region = ImageRegion(image, 10, 10, 110, 60)
    fitted = Letterbox.fit(region, CENTERED, 640, 640)
    assert fitted.content_width / fitted.content_height == pytest.approx(2 * aspect, rel=0.02)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_centered_rgb_from_0_to_1(dtype: type[np.floating]) -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image[..., 0], image[..., 2] = 255, 51  # blue 1, red 0.2
    box = Letterbox.fit(WholeImage(image), CENTERED, 640, 640)
    out = np.full((3, 640, 640), np.nan, dtype)
    box.fill(WholeImage(image), CENTERED, out)
    assert (box.top, box.content_height) == (160, 320)
    np.testing.assert_allclose(out[:, 320, 320], [0.2, 0.0, 1.0], atol=1e-3)
    np.testing.assert_allclose(out[:, 159, 0], PAD / 255, atol=1e-3)
    np.testing.assert_allclose(out[:, 480, 639], PAD / 255, atol=1e-3)
    assert np.isfinite(out).all()


def test_corner_bgr_from_0_to_255() -> None:
    image = np.zeros((200, 100, 3), np.uint8)
    image[..., 0], image[..., 2] = 200, 50
    box = Letterbox.fit(WholeImage(image), CORNER, 416, 416)
    out = np.empty((3, 416, 416), np.float32)
    box.fill(WholeImage(image), CORNER, out)
    np.testing.assert_array_equal(out[:, 0, 0], [200, 0, 50])
    np.testing.assert_array_equal(out[:, 0, 208], [PAD] * 3)
    assert (box.left, box.top, box.content_width) == (0, 0, 208)


def test_integer_networks_receive_integers() -> None:
    out = np.zeros((3, 416, 416), np.uint8)
    image = plain(416, 416, 200)
    Letterbox.fit(image, CORNER, 416, 416).fill(image, CORNER, out)
    assert (out == 200).all()


def test_images_of_one_pixel_and_of_one_row_are_accepted() -> None:
    for image in (plain(1, 1), plain(3000, 1), plain(1, 3000)):
        box = Letterbox.fit(image, CENTERED, 640, 640)
        out = np.empty((3, 640, 640), np.float32)
        box.fill(image, CENTERED, out)
        assert np.isfinite(out).all()
