"""Pixel aspect ratio of a stream: declared by it, or that of 4:3 where a squeezed television format declares none."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

_SQUEEZED: Final = frozenset(
    {(width, height) for width in (640, 704, 720) for height in (240, 288)}
    | {(width, height) for width in (352, 360) for height in (480, 576)}
)
"""Sizes of half a television image, as analog recorders store it: one field, or every second column."""
_TELEVISION: Final = Fraction(4, 3)
_LARGEST: Final = 8
"""No camera squeezes its image more; what declares more is malformed."""


def sample_aspect_of(declared: Fraction | None, width: int, height: int) -> Fraction:
    """Width of one stored pixel over its height.

    Args:
        declared: by the stream; None or 0 where it declares none; absurd values count as none.
        width, height: pixels of the stored image.
    """
    if declared and Fraction(1, _LARGEST) <= declared <= _LARGEST:
        return declared
    if (width, height) in _SQUEEZED:
        return _TELEVISION * height / width
    return Fraction(1)
