"""Variants of a plate crop: a tilted plate leveled, the two lines of a motorcycle's plate side by side.

A detector's box around a tilted plate is much higher than the plate; a reader that stretches crops to its input gets
slanted, flattened characters. The box shows how far the plate is tilted, but not to which side: a plate of the usual
shape that fills a box w × h rises or falls by h less its own height over w. Both sides are tried, and the reader's
confidence decides (benchmarks/results/plates.md).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from pipeline.domain.frame import BgrImage

PLATE_ASPECT: Final = 2.8
"""Width over height of a one-line plate with some margin; a Brazilian car's is 400 × 130 mm (3.1)."""
TILT_ASPECT: Final = 2.5
"""Crops narrower than this may show a tilted one-line plate; a wider one rises by less than a tenth of its width."""
TWO_LINE_ASPECT: Final = 1.7
"""Crops narrower than this may show a two-line plate; a Brazilian motorcycle's is 200 × 170 mm (1.2)."""
SIDEWAYS_ASPECT: Final = 0.8
"""Crops narrower than this may show a plate on its side: a phone held upright stores rotated images."""
_LEAST_PX: Final = 8
"""Smaller crops show nothing that a variant could make legible."""


def views_of(crop: BgrImage) -> list[BgrImage]:
    """The crop itself, then the variants that its shape suggests."""
    height, width = crop.shape[:2]
    views = [crop]
    if min(height, width) < _LEAST_PX:
        return views
    if width < SIDEWAYS_ASPECT * height:
        views += sideways(crop)
    return views + _level(crop)


def last_views_of(crop: BgrImage) -> list[BgrImage]:
    """Variants to try when none of `views_of` shows a text: the turns that the shape did not suggest."""
    height, width = crop.shape[:2]
    if min(height, width) < _LEAST_PX or width < SIDEWAYS_ASPECT * height or width > TILT_ASPECT * height:
        return []
    return sideways(crop)


def sideways(crop: BgrImage) -> list[BgrImage]:
    """The crop turned to either side, each with its variants."""
    views = []
    for quarter_turns in (1, -1):
        turned = np.ascontiguousarray(np.rot90(crop, quarter_turns))
        views += [turned, *_level(turned)]
    return views


def _level(crop: BgrImage) -> list[BgrImage]:
    """Variants of a crop that is not on its side."""
    height, width = crop.shape[:2]
    views = []
    if width < TILT_ASPECT * height:
        views += [set_upright(crop, rise=side) for side in (-1, 1)]
    if width < TWO_LINE_ASPECT * height:
        views.append(side_by_side(crop))
    return views


def set_upright(crop: BgrImage, rise: int) -> BgrImage:
    """The band of a one-line plate that runs from corner to corner, sheared until it is level.

    A shear and not a rotation: on a plate seen from the side the characters' stems stay upright and only the lines
    slant.

    Args:
        crop: (height, width, 3), higher than a level plate of that width.
        rise: 1 for a plate that falls towards the right of the image, −1 for one that rises.
    """
    height, width = crop.shape[:2]
    band = min(height, round(width / PLATE_ASPECT))
    slope = rise * (height - band) / width
    # Row v of the band at column u lies in the crop at v + middle + slope × (u − half the width).
    source = np.array([[1, 0, 0], [slope, 1, (height - band) / 2 - slope * width / 2]], np.float32)
    upright = cv2.warpAffine(
        crop, source, (width, band), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(upright, np.uint8)


def side_by_side(crop: BgrImage) -> BgrImage:
    """A two-line plate as one line: the upper half left of the lower one."""
    middle = crop.shape[0] // 2
    return np.hstack([crop[:middle], crop[crop.shape[0] - middle :]])
