"""Every way to wear an image keeps its shape, changes it, and depends on the seed alone."""

from __future__ import annotations

import numpy as np
import pytest

from models.training import degrade
from models.training.degrade import Degradation, Image

WAYS = [
    degrade.exposure,
    degrade.night,
    degrade.infrared,
    degrade.shadow,
    degrade.noise,
    degrade.out_of_focus,
    degrade.motion,
    degrade.rain,
    degrade.jpeg,
]


def image() -> Image:
    return np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)


@pytest.mark.parametrize("way", WAYS)
def test_a_worn_image(way: Degradation) -> None:
    worn = way(image(), np.random.default_rng(5))
    again = way(image(), np.random.default_rng(5))
    assert worn.shape == (60, 80, 3)
    assert worn.dtype == np.uint8
    assert (worn == again).all()
    assert (worn != image()).any()


def test_made_small_it_has_fewer_details() -> None:
    small = degrade.small(image(), np.random.default_rng(1), 12)
    assert small.shape == (60, 80, 3)
    assert np.abs(np.diff(small.astype(int), axis=0)).mean() < np.abs(np.diff(image().astype(int), axis=0)).mean() / 2


def test_none_of_the_ways_is_no_change() -> None:
    assert (degrade.some(image(), np.random.default_rng(1), [(0.0, degrade.night)]) == image()).all()
