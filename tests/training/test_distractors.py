"""Objects that are taken for plates: drawn at a plate's sizes, laid where nothing labeled is hidden, never labeled."""

from __future__ import annotations

import numpy as np
import pytest

from models.training.traffic import compose
from models.training.traffic.bank import Bank, Labeled
from models.training.traffic.distractors import DISTRACTORS, Distractor, badge, laid, slanted


@pytest.mark.parametrize("draw", [*(draw for _, draw in DISTRACTORS)])
def test_each_kind_changes_pixels_inside_its_place_only(draw: Distractor) -> None:
    image = np.full((360, 640, 3), 120, np.uint8)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        patch = slanted(draw((640, 360), rng), rng)
        made = laid(image, patch, (0, 0), rng)
        assert (made[: patch.height, : patch.width] != 120).any()
        assert (made[patch.height :] == 120).all()
        assert (made[:, patch.width :] == 120).all()
    assert (image == 120).all()


def test_a_badge_has_no_ground() -> None:
    alpha = np.asarray(badge((640, 360), np.random.default_rng(1)))[..., 3]
    assert (alpha == 0).mean() > 0.2
    assert (alpha > 200).any()


def test_distractors_hide_no_label_and_get_none() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (360, 640, 3), dtype=np.uint8)
    boxes = np.array([[50, 60, 90, 200], [300, 100, 520, 300], [380, 240, 440, 262]], np.float32)
    base = Labeled(noise, boxes, ["person", "car", "plate"])
    on_the_car = beside = 0
    for seed in range(40):
        made = compose._distracted(base, np.random.default_rng(seed))
        changed = (made.image != noise).any(axis=2)
        assert made.words == base.words
        assert not changed[60:200, 50:90].any(), "the person"
        assert not changed[240:262, 380:440].any(), "the plate"
        on_the_car += changed[100:300, 300:520].any()
        beside += changed.any() and not changed[100:300, 300:520].any()
    assert on_the_car > 3
    assert beside > 3


def test_a_composed_image_of_nothing_but_distractors_has_no_plate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "_CLOSE_UPS", 0.0)
    noise = np.full((360, 640, 3), 90, np.uint8)
    made = [
        compose.compose(Labeled(noise, np.zeros((0, 4), np.float32), []), Bank([], {}), np.random.default_rng(seed))
        for seed in range(12)
    ]
    assert any(not len(image.words) and image.image.std() > 1 for image in made)
