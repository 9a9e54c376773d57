"""Rendered plates have the text, the shape and the colors they claim; crops are cut where the plate is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training.plates import render
from models.training.plates.crops import Scene, cut, real_scenes, rendered_scene, set_in
from models.training.plates.text import MERCOSUL, OLD, foreign, spell
from pipeline.domain.plate import Layout, layout_of

try:
    render.fonts()
except FileNotFoundError as error:
    pytest.skip(str(error), allow_module_level=True)


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_texts_follow_their_syntax_and_use_every_character() -> None:
    chance = rng()
    old = [spell(OLD, chance) for _ in range(400)]
    new = [spell(MERCOSUL, chance) for _ in range(400)]
    assert {layout_of(text) for text in old} == {Layout.BR_OLD}
    assert {layout_of(text) for text in new} == {Layout.BR_MERCOSUL}
    assert len({text[0] for text in new}) == 26
    assert {text[4] for text in old} == set("0123456789")
    assert all(4 <= len(foreign(chance)) <= 9 for _ in range(100))


@pytest.mark.parametrize(
    ("draw", "text", "size"),
    [
        (render.old_car, "ABC1234", (130, 400)),
        (render.old_motorcycle, "ABC1234", (170, 200)),
        (render.mercosul_car, "ABC1D23", (130, 400)),
        (render.mercosul_motorcycle, "ABC1D23", (170, 200)),
    ],
)
def test_a_plate_has_its_shape_and_its_text_is_ink(draw: object, text: str, size: tuple[int, int]) -> None:
    plate = draw(text, rng())  # type: ignore[operator]
    other = draw("XYZ9876"[: len(text)], rng())  # type: ignore[operator]
    assert plate.shape[:2] == size
    assert (plate != other).any(axis=2).mean() > 0.03, "another text is another image"


def test_the_band_of_a_mercosul_plate_is_blue() -> None:
    plate = render.mercosul_car("ABC1D23", rng())
    blue, green, red = plate[15, 100].astype(int)
    assert blue > green > red


def test_the_box_of_a_laid_in_plate_is_where_it_lies() -> None:
    white = np.full((130, 400, 3), 255, np.uint8)
    scene = set_in(white, "ABC1234", np.zeros((50, 50, 3), np.uint8), rng())
    rows, columns = np.nonzero(scene.image[:, :, 0] > 128)
    seen = (columns.min(), rows.min(), columns.max(), rows.max())
    assert seen == pytest.approx(scene.box, abs=3)


def test_crops_have_the_networks_shape_and_differ() -> None:
    scene = Scene(rng().integers(0, 256, (120, 300, 3), dtype=np.uint8), (60, 40, 240, 90), "ABC1234", "openalpr-br")
    first, second = cut(scene, rng(1)), cut(scene, rng(2))
    assert first.shape == (64, 128, 3)
    assert (first != second).any()


@pytest.mark.real
def test_scenes_of_the_two_parts_share_no_text_and_dress_rendered_plates(data_dir: Path) -> None:
    held_out = real_scenes(data_dir, validation=True)
    assert {scene.source for scene in held_out} >= {"openalpr-br", "br-phone-plates"}
    made = rendered_scene(held_out, rng())
    assert made.source == "rendered"
    assert made.image.shape[0] > made.box[3] - made.box[1]
