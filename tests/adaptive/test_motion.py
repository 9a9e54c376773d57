"""What counts as motion: objects do; noise, exposure, shaking and what has left do not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from pipeline.adaptive.motion import Cells, MotionDetector, is_other_scene, luma_of
from pipeline.domain.frame import LumaImage
from tests.adaptive.scenes import FPS, HEIGHT, WIDTH, Luma, Street, frame
from tests.engine.frames import PlainImage

CAR = (300, 200, 360, 240)


def changes(images: Iterable[Luma], *, analyzed: int = 0) -> list[Cells]:
    """The changed cells of each image after the one with index `analyzed`, which is the last that was analyzed."""
    motion, found = MotionDetector(), []
    for index, luma in enumerate(images):
        cells = motion.changed(luma_of(frame(luma, index).image), index / FPS)
        if index <= analyzed:
            motion.analyzed()
        else:
            found.append(cells)
    return found


@pytest.mark.parametrize(("level", "noise"), [(110.0, 3.0), (20.0, 14.0)], ids=["day", "night"])
def test_noise_is_no_motion(level: float, noise: float) -> None:
    street = Street(level, noise)
    assert not any(cells.any() for cells in changes(street.luma() for _ in range(40)))


def test_a_vehicle_is_motion_where_it_is() -> None:
    street = Street()
    *still, cells = changes([*(street.luma() for _ in range(5)), street.luma(CAR)])
    assert not np.any(still)
    rows, columns = np.nonzero(cells)
    assert len(rows) >= 80
    assert (columns.min(), columns.max() + 1) == pytest.approx((CAR[0] / 4, CAR[2] / 4), abs=1)
    assert (rows.min(), rows.max() + 1) == pytest.approx((CAR[1] / 4, CAR[3] / 4), abs=1)


def test_a_change_of_exposure_is_no_motion() -> None:
    street = Street()
    assert not any(cells.any() for cells in changes([street.luma(), street.luma(gain=1.1), street.luma(gain=0.9)]))


def test_a_camera_that_shakes_is_no_motion() -> None:
    street = Street()
    assert not any(cells.any() for cells in changes(street.luma(shift=shift) for shift in (0, 2, -3, 3, 1)))


def test_what_has_left_is_no_motion() -> None:
    street = Street()
    images = [street.luma(), *(street.luma(CAR) for _ in range(3)), street.luma()]
    assert not changes(images, analyzed=3)[0].any()


def test_another_scene_changes_most_of_the_image() -> None:
    (cells,) = changes([Street().luma(), np.rot90(Street().luma(), 2).copy()])
    assert is_other_scene(cells)


def test_an_image_of_another_size_is_another_scene() -> None:
    motion = MotionDetector()
    motion.changed(np.zeros((90, 160), np.float32), 0.0)
    motion.analyzed()
    assert is_other_scene(motion.changed(np.zeros((120, 160), np.float32), 0.1))


def test_the_brightness_of_an_image_needs_no_color() -> None:
    luma = Street().luma()
    image = frame(luma, 0).image
    assert isinstance(image, LumaImage)
    assert luma_of(image) == pytest.approx(luma.reshape(HEIGHT // 4, 4, WIDTH // 4, 4).mean(axis=(1, 3)), abs=1)
    assert luma_of(PlainImage(64, 36)).shape == (90, 160)
