"""Redaction styles and the overlay: no information of the original remains under a mask."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.anonymize.mask_rendering import FILL, MOSAIC_BLOCKS, draw_masks, masked_share, snap_to_chroma
from pipeline.anonymize.overlay import Overlay
from pipeline.anonymize.redaction_masks import FrameMasks
from pipeline.domain.labels import Label
from pipeline.domain.redaction import OverlayText, RedactionStyle
from pipeline.domain.video import Planes

BOX = (101.0, 51.0, 160.5, 171.2)


def planes(seed: int, width: int = 320, height: int = 240) -> Planes:
    rng = np.random.default_rng(seed)
    chroma = (height + 1) // 2, (width + 1) // 2
    return Planes(*(rng.integers(0, 256, size, dtype=np.uint8) for size in ((height, width), chroma, chroma)))


def masks(*boxes: tuple[float, float, float, float], label: Label = Label.PERSON) -> FrameMasks:
    return FrameMasks(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), label, np.int16),
        np.zeros((len(boxes), 2), np.float32),
    )


@pytest.mark.parametrize("style", [RedactionStyle.FILL, RedactionStyle.SILHOUETTE])
@pytest.mark.parametrize("label", [Label.PERSON, Label.FACE, Label.PLATE, Label.CAR])
def test_two_people_are_indistinguishable_under_a_mask(style: RedactionStyle, label: Label) -> None:
    """If the image outside is the same, pixels under the mask do not change a single encoded sample."""
    one, two = planes(1), planes(1)
    x1, y1, x2, y2 = snap_to_chroma(np.array([BOX], np.float32), 320, 240)[0].tolist()
    for plane, other, step in zip(two, planes(2), (1, 2, 2), strict=True):
        part = (slice(y1 // step, y2 // step), slice(x1 // step, x2 // step))
        plane[part] = other[part]
    assert any((a != b).any() for a, b in zip(one, two, strict=True))
    for each in (one, two):
        draw_masks(each, masks(BOX, label=label), style)
    assert all((a == b).all() for a, b in zip(one, two, strict=True))


def test_the_fill_is_one_color_and_stays_inside_its_box() -> None:
    before, after = planes(1), planes(1)
    draw_masks(after, masks(BOX), RedactionStyle.FILL)
    x1, y1, x2, y2 = snap_to_chroma(np.array([BOX], np.float32), 320, 240)[0].tolist()
    assert (x1, y1, x2, y2) == (100, 50, 162, 172), "enlarged to whole chroma samples"
    assert (after.y[y1:y2, x1:x2] == FILL[0]).all()
    assert (after.u[y1 // 2 : y2 // 2, x1 // 2 : x2 // 2] == FILL[1]).all()
    outside = np.ones(after.y.shape, bool)
    outside[y1:y2, x1:x2] = False
    assert (after.y[outside] == before.y[outside]).all()


def test_a_mosaic_leaves_a_few_blocks_whatever_the_size() -> None:
    for size in (40, 120, 230):
        image = planes(3)
        draw_masks(image, masks((0, 0, size, size)), RedactionStyle.MOSAIC)
        part = image.y[:size, :size]
        assert len(np.unique(part)) <= (MOSAIC_BLOCKS + 1) ** 2


def test_a_blur_grows_with_its_object() -> None:
    def sharpness(size: int) -> float:
        image = planes(4)
        draw_masks(image, masks((0, 0, size, size)), RedactionStyle.BLUR)
        return float(image.y[:size, :size].astype(float).std())

    assert sharpness(200) < 12 < planes(4).y.std()


@pytest.mark.parametrize("style", list(RedactionStyle))
@pytest.mark.parametrize("size", [(3, 3), (5, 2), (321, 241)])
def test_odd_and_tiny_images_are_masked_to_their_edges(style: RedactionStyle, size: tuple[int, int]) -> None:
    image = planes(5, *size)
    draw_masks(image, masks((-20, -20, 500, 500), (size[0] - 1.5, 0, size[0], 1)), style)
    if style is RedactionStyle.FILL:
        assert all((plane == value).all() for plane, value in zip(image, FILL, strict=True))


def test_the_masked_share_counts_overlaps_once() -> None:
    assert masked_share(masks((0, 0, 160, 240), (0, 0, 160, 240)), 320, 240) == pytest.approx(0.5, abs=0.01)
    assert masked_share(masks(), 320, 240) == 0


@pytest.mark.parametrize("size", [(160, 120), (426, 240), (1280, 720), (3840, 2160)])
def test_the_overlay_is_legible_and_wraps_in_narrow_images(size: tuple[int, int]) -> None:
    text = OverlayText(
        "Secretaria de Segurança Pública de Mato Grosso", "Avenida do CPA", "novembro de 2026", "2026/000123"
    )
    overlay = Overlay(text, *size)
    width, height = overlay.size
    assert width <= size[0]
    assert height <= size[1]
    assert height >= max(12, size[1] // 30)
    image = planes(6, *size)
    overlay.draw(image)
    strip = image.y[size[1] - height :, :width]
    assert strip.min() < 60
    assert strip.max() > 200, "bright letters on a dark background"


def test_the_overlay_has_the_accents_of_portuguese() -> None:
    """A font without them draws the same box for each."""
    drawn = {Overlay(OverlayText(letter * 4), 320, 240)._strip.tobytes() for letter in "áãçéíóõúºÁÃÇ"}
    assert len(drawn) == 12


def test_a_tiny_image_shows_the_number_only() -> None:
    text = OverlayText("Secretaria de Segurança Pública", "Avenida do CPA", "novembro de 2026", "2026/7")
    assert Overlay(text, 96, 48).size == Overlay(OverlayText(number="2026/7"), 96, 48).size


def test_an_overlay_without_text_reads_anonymized() -> None:
    assert OverlayText().parts() == ["anonymized"]
    assert OverlayText("SSP-MT", number="7").parts() == ["SSP-MT", "nº 7"]
