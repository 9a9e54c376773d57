"""Plates in crops rectified by their corners: level, upright, as seen from the front."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage

Corners = npt.NDArray[np.float32]
"""(4, 2) x, y in pixels: first the corner left above the first character, then clockwise as the plate is read."""
CONTEXT: Final = 1.2
"""Side of the network's square input over the crop's longer side; the crop's border is repeated around it."""
TWO_LINE_ASPECT: Final = 2.0
"""Rectified plates narrower than this may have two lines; a Brazilian motorcycle's is 200 × 170 mm (1.2), a car's
400 × 130 mm (3.1)."""
_WIDTH: Final = 256
"""Of a rectified plate with its margins, pixels."""
_BESIDE: Final = 0.05
_ABOVE: Final = 0.09
"""Margins of a rectified plate, as fractions of the whole: as much as crops have."""
_LEAST_PX: Final = 4.0
_LEAST_SHARE: Final = 0.08
"""Plates with shorter edges, or a smaller share of the crop, are misses: a box fits its plate."""
_OUTSIDE: Final = 0.3
"""Farthest that a corner may lie outside the crop, as a fraction of its width or height."""


def network_input(crop: BgrImage, size: int) -> tuple[BgrImage, npt.NDArray[np.float32]]:
    """The crop in the middle of a square of `size` pixels, and the 2 × 3 matrix from the crop to it."""
    height, width = crop.shape[:2]
    scale = size / (CONTEXT * max(height, width))
    to_input = np.array([[scale, 0, (size - scale * width) / 2], [0, scale, (size - scale * height) / 2]], np.float32)
    return sampled(crop, to_input, size), to_input


def sampled(image: BgrImage, to_input: npt.NDArray[np.float32], size: int) -> BgrImage:
    """A square of `size` pixels under a 2 × 3 matrix of rotation and scale; the image's border is repeated."""
    scale = float(np.hypot(to_input[0, 0], to_input[1, 0]))
    if scale < 0.5:  # a linear sample of a large image has aliases
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 / scale), np.uint8)
    square = cv2.warpAffine(image, to_input, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(square, np.uint8)


def moved(corners: Corners, matrix: npt.NDArray[np.float32]) -> Corners:
    """Corners under a 2 × 3 matrix."""
    return np.asarray(np.column_stack([corners, np.ones(len(corners))]) @ matrix.T, np.float32)


def rectified_views(crop: BgrImage, corners: Corners) -> list[BgrImage]:
    """The plate seen from the front, and its two lines side by side if it may have two; none if it is implausible."""
    if not plausible(corners, crop):
        return []
    top, right, bottom, left = (float(np.linalg.norm(corners[n] - corners[(n + 1) % 4])) for n in range(4))
    aspect = (top + bottom) / (right + left)
    width, height = _WIDTH, max(32, min(_WIDTH, round(_WIDTH / aspect)))
    beside, above = _BESIDE * width, _ABOVE * height
    places = [(beside, above), (width - beside, above), (width - beside, height - above), (beside, height - above)]
    warp = cv2.getPerspectiveTransform(corners, np.array(places, np.float32))
    plate = cv2.warpPerspective(crop, warp, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    level = np.asarray(plate, np.uint8)
    return [level, side_by_side(level)] if aspect < TWO_LINE_ASPECT else [level]


def turned(crop: BgrImage) -> list[BgrImage]:
    """The crop turned to the left, upside down, and to the right."""
    return [np.ascontiguousarray(np.rot90(crop, quarter_turns)) for quarter_turns in (1, 2, 3)]


def plausible(corners: Corners, crop: BgrImage) -> bool:
    """Whether they are the corners of a plate: convex, in clockwise order (not mirrored), not tiny, not far outside."""
    edges = np.roll(corners, -1, axis=0) - corners
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if not (np.isfinite(corners).all() and (turns > 0).all()):
        return False
    size = np.array([crop.shape[1], crop.shape[0]])
    if (corners < -_OUTSIDE * size).any() or (corners > (1 + _OUTSIDE) * size).any():
        return False
    area = float(cv2.contourArea(corners))
    return bool(np.linalg.norm(edges, axis=1).min() >= _LEAST_PX and area >= _LEAST_SHARE * size.prod())


def side_by_side(plate: BgrImage) -> BgrImage:
    """A two-line plate as one line: the upper half left of the lower one."""
    middle = plate.shape[0] // 2
    return np.hstack([plate[:middle], plate[plate.shape[0] - middle :]])


def inverse(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The 2 × 3 matrix back."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float32)
