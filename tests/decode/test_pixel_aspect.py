"""Streams have the pixel aspect that they declare; squeezed television sizes without one are shown at 4:3."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pipeline.decode.pixel_aspect import sample_aspect_of


@pytest.mark.parametrize(
    ("declared", "width", "height", "wanted"),
    [
        (Fraction(4), 240, 540, Fraction(4)),
        (Fraction(1), 704, 240, Fraction(1)),
        (None, 704, 240, Fraction(5, 11)),
        (Fraction(0), 352, 576, Fraction(24, 11)),
        (None, 640, 240, Fraction(1, 2)),
        (None, 640, 480, Fraction(1)),
        (None, 1920, 1080, Fraction(1)),
        (Fraction(255), 1920, 1080, Fraction(1)),
        (Fraction(1, 255), 704, 288, Fraction(6, 11)),
    ],
)
def test_the_declared_aspect_counts_if_it_is_plausible_and_else_that_of_the_format(
    declared: Fraction | None, width: int, height: int, wanted: Fraction
) -> None:
    assert sample_aspect_of(declared, width, height) == wanted
