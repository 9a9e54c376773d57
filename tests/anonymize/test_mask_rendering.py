"""What is drawn where somebody was, and that nothing of him is under it."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.anonymize.mask_rendering import FILL, MOSAIC_BLOCKS, covered_share, obscure, whole
from pipeline.anonymize.overlay import Mark
from pipeline.anonymize.redaction_masks import Covers
from pipeline.anonymize.settings import Look, MarkText
from pipeline.domain.labels import Label
from pipeline.domain.video import Planes

BOX = (101.0, 51.0, 160.5, 171.2)


def planes(seed: int, width: int = 320, height: int = 240) -> Planes:
    rng = np.random.default_rng(seed)
    chroma = (height + 1) // 2, (width + 1) // 2
    return Planes(*(rng.integers(0, 256, size, dtype=np.uint8) for size in ((height, width), chroma, chroma)))


def covers(*boxes: tuple[float, float, float, float], label: Label = Label.PERSON) -> Covers:
    return Covers(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.full(len(boxes), label, np.int16),
        np.zeros((len(boxes), 2), np.float32),
    )


@pytest.mark.parametrize("look", [Look.FILL, Look.SILHOUETTE])
@pytest.mark.parametrize("label", [Label.PERSON, Label.FACE, Label.PLATE, Label.CAR])
def test_two_people_look_the_same_under_a_cover(look: Look, label: Label) -> None:
    """The video outside being the same, what lies under the cover cannot change a single sample of what is encoded."""
    one, two = planes(1), planes(1)
    x1, y1, x2, y2 = whole(np.array([BOX], np.float32), 320, 240)[0].tolist()
    for plane, other, step in zip(two, planes(2), (1, 2, 2), strict=True):
        part = (slice(y1 // step, y2 // step), slice(x1 // step, x2 // step))
        plane[part] = other[part]
    assert any((a != b).any() for a, b in zip(one, two, strict=True))
    for each in (one, two):
        obscure(each, covers(BOX, label=label), look)
    assert all((a == b).all() for a, b in zip(one, two, strict=True))


def test_the_fill_is_one_color_and_stays_inside_its_box() -> None:
    before, after = planes(1), planes(1)
    obscure(after, covers(BOX), Look.FILL)
    x1, y1, x2, y2 = whole(np.array([BOX], np.float32), 320, 240)[0].tolist()
    assert (x1, y1, x2, y2) == (100, 50, 162, 172), "outwards, to whole samples of color"
    assert (after.y[y1:y2, x1:x2] == FILL[0]).all()
    assert (after.u[y1 // 2 : y2 // 2, x1 // 2 : x2 // 2] == FILL[1]).all()
    outside = np.ones(after.y.shape, bool)
    outside[y1:y2, x1:x2] = False
    assert (after.y[outside] == before.y[outside]).all()


def test_a_mosaic_leaves_a_few_blocks_whatever_the_size() -> None:
    for size in (40, 120, 230):
        image = planes(3)
        obscure(image, covers((0, 0, size, size)), Look.MOSAIC)
        part = image.y[:size, :size]
        assert len(np.unique(part)) <= (MOSAIC_BLOCKS + 1) ** 2


def test_a_blur_grows_with_its_object() -> None:
    def sharpness(size: int) -> float:
        image = planes(4)
        obscure(image, covers((0, 0, size, size)), Look.BLUR)
        return float(image.y[:size, :size].astype(float).std())

    assert sharpness(200) < 12 < planes(4).y.std()


@pytest.mark.parametrize("look", list(Look))
@pytest.mark.parametrize("size", [(3, 3), (5, 2), (321, 241)])
def test_odd_and_tiny_images_are_covered_to_their_edges(look: Look, size: tuple[int, int]) -> None:
    image = planes(5, *size)
    obscure(image, covers((-20, -20, 500, 500), (size[0] - 1.5, 0, size[0], 1)), look)
    if look is Look.FILL:
        assert all((plane == value).all() for plane, value in zip(image, FILL, strict=True))


def test_the_covered_share_counts_what_overlaps_once() -> None:
    assert covered_share(covers((0, 0, 160, 240), (0, 0, 160, 240)), 320, 240) == pytest.approx(0.5, abs=0.01)
    assert covered_share(covers(), 320, 240) == 0


@pytest.mark.parametrize("size", [(160, 120), (426, 240), (1280, 720), (3840, 2160)])
def test_the_mark_is_large_enough_and_wraps_into_narrow_images(size: tuple[int, int]) -> None:
    text = MarkText(
        "Secretaria de Segurança Pública de Mato Grosso", "Avenida do CPA", "novembro de 2026", "2026/000123"
    )
    mark = Mark(text, *size)
    width, height = mark.size
    assert width <= size[0]
    assert height <= size[1]
    assert height >= max(12, size[1] // 30)
    image = planes(6, *size)
    mark.burn(image)
    strip = image.y[size[1] - height :, :width]
    assert strip.min() < 60
    assert strip.max() > 200, "letters as bright as can be on a dark ground"


def test_the_mark_writes_the_accents_of_portuguese() -> None:
    """A font without them would draw the same box for each."""
    drawn = {Mark(MarkText(letter * 4), 320, 240)._strip.tobytes() for letter in "áãçéíóõúºÁÃÇ"}
    assert len(drawn) == 12


def test_a_tiny_image_has_the_number_before_all_else() -> None:
    text = MarkText("Secretaria de Segurança Pública", "Avenida do CPA", "novembro de 2026", "2026/7")
    assert Mark(text, 96, 48).size == Mark(MarkText(number="2026/7"), 96, 48).size


def test_a_mark_without_text_says_that_it_is_anonymized() -> None:
    assert MarkText().parts() == ["anonymized"]
    assert MarkText("SSP-MT", number="7").parts() == ["SSP-MT", "nº 7"]
