"""Disturbances of frames and of parts of them: found where an image is broken or noisy, not in ordinary scenes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.anonymize.frame_disturbance import measure_disturbance, most_disturbed_part
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.demo.plate_scene import images
from pipeline.domain.frame import BgrImage

SIZE = (1280, 720)
CLIPS = ("people-walking", "person-bicycle-car-detection", "car-detection", "highway-motorbike", "traffic-plates-nz")


@pytest.fixture(scope="module")
def street(data_dir: Path) -> BgrImage:
    return first_frame(data_dir / "clips" / "people-walking.mp4")


def first_frame(path: Path) -> BgrImage:
    return next(FileVideo(path, DecodeSettings()).frames()).image.bgr().copy()


def bars(image: BgrImage, pitch: int, width: int, *, upright: bool) -> BgrImage:
    """Gray bars, `width` of every `pitch` pixels."""
    changed = image.copy()
    place = np.arange(image.shape[1 if upright else 0]) % pitch < width
    changed[(slice(None), place) if upright else place] = 90
    return changed


def shifted_lines(image: BgrImage, lines: int) -> BgrImage:
    """Groups of lines, to the left and to the right in turn."""
    changed = image.copy()
    for number, top in enumerate(range(0, len(image), lines)):
        changed[top : top + lines] = np.roll(image[top : top + lines], 24 if number % 2 else -24, axis=1)
    return changed


def inverted_blocks(image: BgrImage, px: int) -> BgrImage:
    """Negative and positive blocks in turn."""
    odd = np.add.outer(np.arange(image.shape[0]) // px, np.arange(image.shape[1]) // px) % 2 == 1
    return np.where(odd[..., None], 255 - image, image)


def grained(image: BgrImage, deviation: float, px: int) -> BgrImage:
    """Noise whose grains are `px` pixels wide."""
    rows, columns = -(-image.shape[0] // px), -(-image.shape[1] // px)
    coarse = np.random.default_rng(3).normal(0, deviation, (rows, columns))
    fine = np.kron(coarse, np.ones((px, px)))[: image.shape[0], : image.shape[1]]
    return np.clip(image + fine[..., None], 0, 255).astype(np.uint8)


def enlarged_noise(image: BgrImage, deviation: float, times: int) -> BgrImage:
    """As of a noisy camera of few pixels, whose image was enlarged."""
    height, width = image.shape[:2]
    small = np.asarray(cv2.resize(image, (width // times, height // times), interpolation=cv2.INTER_AREA), np.uint8)
    return cv2.resize(grained(small, deviation, 1), (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def in_part(image: BgrImage, changed: BgrImage, rows: slice, columns: slice) -> BgrImage:
    """A part of the image changed, the rest as it was."""
    mixed = image.copy()
    mixed[rows, columns] = changed[rows, columns]
    return mixed


@pytest.mark.parametrize(("pitch", "width"), [(6, 2), (20, 10), (24, 12), (40, 20), (60, 30)])
def test_bars_and_slats_are_a_pattern(pitch: int, width: int, street: BgrImage) -> None:
    slats, grille = (measure_disturbance(bars(street, pitch, width, upright=one)) for one in (False, True))
    assert 2 <= slats.row_px <= pitch - width + 1
    assert slats.column_px == 0
    assert 2 <= grille.column_px <= pitch - width + 1
    assert grille.row_px == 0


@pytest.mark.parametrize(
    ("rows", "columns"),
    [(np.s_[:], np.s_[:426]), (np.s_[:], np.s_[256:678]), (np.s_[480:], np.s_[:]), (np.s_[360:], np.s_[640:])],
    ids=["left third", "between", "lower third", "quarter"],
)
@pytest.mark.parametrize("upright", [False, True])
def test_a_fence_on_a_part_of_the_image_is_found_there(
    upright: bool, rows: slice, columns: slice, street: BgrImage
) -> None:
    part = most_disturbed_part(in_part(street, bars(street, 24, 12, upright=upright), rows, columns))
    assert part.disturbance.has_pattern
    fenced = np.zeros(street.shape[:2], bool)
    fenced[rows, columns] = True
    assert fenced[part.rows, part.columns].mean() > 0.2


def test_noise_of_an_enlarged_image_is_as_strong_and_smooth_as_it_was(street: BgrImage) -> None:
    found = measure_disturbance(enlarged_noise(street, 40, 4))
    assert (found.grain_px, found.smooth) == (4, True)
    assert found.noise == pytest.approx(40, rel=0.25)
    grain = found.grain(101, 70)
    assert grain.shape == (101, 70)
    assert np.abs(np.diff(grain, axis=0)).max() < grain.std() * 2, "no edges between grains"
    assert not measure_disturbance(grained(street, 40, 4)).smooth


def test_noise_on_a_part_of_the_image_is_found_there(street: BgrImage) -> None:
    part = most_disturbed_part(in_part(street, grained(street, 60, 2), np.s_[:], np.s_[854:]))
    assert part.columns.stop == 1280
    assert part.disturbance.noise > 30
    everywhere = most_disturbed_part(grained(street, 40, 1))
    assert (everywhere.rows.stop - everywhere.rows.start, everywhere.disturbance.grain_px) == (360, 1)


def test_lost_synchronization_and_inverted_blocks_are_patterns(street: BgrImage) -> None:
    torn, inverted = measure_disturbance(shifted_lines(street, 16)), measure_disturbance(inverted_blocks(street, 24))
    assert (torn.row_px, torn.column_px) == (16, 0)
    assert (inverted.row_px, inverted.column_px) == (24, 24)
    pattern = inverted.visible(96, 96)
    assert pattern.mean() == 0.25
    assert pattern[:24, :24].all()
    assert not pattern[24:48].any()


@pytest.mark.parametrize("px", [1, 2, 4])
def test_noise_is_measured_with_its_grain(px: int, street: BgrImage) -> None:
    found = measure_disturbance(grained(street, 25, px))
    assert found.grain_px == px
    assert found.noise == pytest.approx(25, rel=0.4)
    grain = found.grain(100, 70)
    assert grain.shape == (100, 70)
    assert grain.std() == pytest.approx(found.noise, rel=0.15)
    assert (grain[:px, :px] == grain[0, 0]).all()


def _fog(image: BgrImage) -> BgrImage:
    return np.asarray(image * 0.35 + 140, np.uint8)


def _night(image: BgrImage) -> BgrImage:
    return grained(np.asarray(image * 0.3, np.uint8), 4, 1)


def _gray(image: BgrImage) -> BgrImage:
    return np.asarray(cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), np.uint8)


def _captioned(image: BgrImage) -> BgrImage:
    changed, height = image.copy(), len(image)
    for line in range(3):
        at = (4, height - 6 - line * height // 24)
        text = "CAM 042  2026-11-22 08:00:00  AV. DO CPA  SENTIDO CENTRO  40 km/h" * 3
        cv2.putText(changed, text, at, cv2.FONT_HERSHEY_PLAIN, height / 500, (255, 255, 255), 1)
    return changed


def _framed(image: BgrImage) -> BgrImage:
    """Black bars above and below, and a cable in front."""
    changed, height = image.copy(), len(image)
    changed[: height // 8] = changed[-height // 8 :] = 0
    changed[height // 2 : height // 2 + 4] = 20
    return changed


@pytest.mark.parametrize("change", [np.copy, _fog, _night, _gray, _captioned, _framed])
@pytest.mark.parametrize("clip", CLIPS)
def test_ordinary_scenes_have_no_pattern_and_little_noise(
    clip: str, change: Callable[[BgrImage], BgrImage], data_dir: Path
) -> None:
    found = measure_disturbance(change(first_frame(data_dir / "clips" / f"{clip}.mp4")))
    assert (found.row_px, found.column_px) == (0, 0)
    assert found.noise < 15
    assert found.visible(40, 30).all()
    part = most_disturbed_part(change(first_frame(data_dir / "clips" / f"{clip}.mp4")))
    assert not part.disturbance.has_pattern


@pytest.mark.parametrize("size", [(128, 128), (160, 1200), (1200, 160), SIZE])
def test_frames_of_any_shape_are_measured(size: tuple[int, int]) -> None:
    flat = measure_disturbance(np.full((size[1], size[0], 3), 90, np.uint8))
    assert (flat.row_px, flat.column_px, flat.noise) == (0, 0, 0)
    drawn = measure_disturbance(next(images(plates=["ABC1D23"], seconds=1, fps=1, size=size)))
    assert (drawn.row_px, drawn.column_px) == (0, 0)
