"""Rendered plates have the text, the shape and the colors they claim; crops are cut where the plate is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.training.plates import render
from models.training.plates.crops import Scene, Shares, cut, not_a_plate, real_scenes, rendered_scene, set_in, stream
from models.training.plates.layouts import any_plate, grouped
from models.training.plates.network import ALPHABET
from models.training.plates.text import MERCOSUL, OLD, foreign, spell
from models.training.sources import Part
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


def test_texts_are_grouped_where_letters_and_digits_meet() -> None:
    assert [grouped(text) for text in ("AB123CD", "ABC123", "1A2B3C4")] == ["AB 123 CD", "ABC 123", "1A2B3C4"]


def test_plates_of_neighbors_are_rendered_as_they_are() -> None:
    chance = rng()
    lengths = {len(text) for text, _ in (any_plate(chance) for _ in range(200))}
    assert {6, 7} < lengths


def test_a_caption_and_a_plate_on_its_side_have_the_empty_answer() -> None:
    scene = Scene(rng().integers(0, 256, (120, 300, 3), dtype=np.uint8), (60, 40, 240, 90), "ABC1234", "openalpr-eu")
    assert not_a_plate([scene], rng()).shape == (64, 128, 3)
    crops = stream([scene], [], Shares(labeled=0, answered=0, rendered=0, not_plates=1), 3)
    assert all((answer.argmax(axis=1) == ALPHABET.index("_")).all() for _, answer in (next(crops) for _ in range(20)))
    crops = stream([scene], [], Shares(labeled=1, answered=0, rendered=0, not_plates=0), 3)
    texts = ["".join(ALPHABET[i] for i in next(crops)[1].argmax(axis=1)).rstrip("_") for _ in range(200)]
    assert set(texts) == {"ABC1234", ""}
    assert texts.count("ABC1234") > 140


@pytest.mark.real
def test_scenes_of_the_parts_share_no_text_and_dress_rendered_plates(data_dir: Path) -> None:
    scenes = {part: real_scenes(data_dir, part) for part in Part}
    texts = [{scene.text for scene in those} for those in scenes.values()]
    assert sum(map(len, texts)) == len(set().union(*texts))
    assert "openalpr-br" not in {scene.source for part in (Part.TRAIN, Part.CHOOSE) for scene in scenes[part]}
    assert {scene.source for scene in scenes[Part.JUDGE]} >= {"openalpr-br", "openalpr-us", "br-phone-plates"}
    made = rendered_scene(scenes[Part.JUDGE], rng())
    assert made.source == "rendered"
    assert made.image.shape[0] > made.box[3] - made.box[1]
