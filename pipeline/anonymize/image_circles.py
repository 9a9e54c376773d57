"""Circles and ellipses of an image on an empty border: whole or cut off, anywhere in a frame, and several of them.

An image that ends at an ellipse has an outline that is one, and a border without edges that is darker. The frame itself
is measured, its halves, and its quarters: two or four circles may touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import BgrImage

_SHORTER_SIDE: Final = 240
"""To which a frame or a part of it is reduced …"""
_MOST_LENGTH: Final = 3
"""… unless its longer side is more than so many shorter ones."""
_HALVED: Final = 1.4
"""Sides of a frame from which it is halved."""
_EMPTY_LEVELS: Final = 20
"""By which colors differ at most around a pixel of a border."""
_MIN_SIDE: Final = 0.3
"""Of an image on a border, as a share of the frame's."""
_MIN_AXES: Final = 0.4
"""Shorter axis of an ellipse, as a share of the longer one."""
_FRAME_EDGE_PX: Final = 3
"""At the frame's edge an outline is cut off."""
_MIN_OUTLINE_PX, _MIN_OUTLINE = 60, 0.25
"""Of the outline that is not cut off: pixels, and share …"""
_FAR_PX, _ON_ELLIPSE = 2.5, 0.93
"""… of which so much is no farther from an ellipse …"""
_DEGREES, _MIN_DIRECTIONS = 10, 8
"""… in at least so many directions from its center, each of so many degrees: most of a quarter of a circle."""
_GAP_PX, _AROUND = 6, 1.25
"""Between an ellipse and what is compared; size of the border around it, as a multiple of it."""
_EMPTY_SHARE: Final = 0.97
"""Of that border …"""
_BORDER_SHARE: Final = 0.06
"""… which is at least this share of the frame …"""
_DARKER: Final = 10.0
"""… and darker than the image by so many gray levels."""

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def has_image_circle(frame: BgrImage) -> bool:
    """Whether a frame (height, width, 3) BGR has an image that ends at an ellipse."""
    return any(_has_ellipse(part) for part in _frame_and_parts(frame))


def _frame_and_parts(frame: BgrImage) -> list[BgrImage]:
    height, width = frame.shape[:2]
    rows, columns = height // 2, width // 2
    parts = [frame]
    if width >= _HALVED * height:
        parts += [frame[:, :columns], frame[:, columns:]]
    if height >= _HALVED * width:
        parts += [frame[:rows], frame[rows:]]
    return parts + [
        half[:, side] for half in (frame[:rows], frame[rows:]) for side in (np.s_[:columns], np.s_[columns:])
    ]


def _has_ellipse(image: BgrImage) -> bool:
    if min(image.shape[:2]) < 2 or max(image.shape[:2]) > _MOST_LENGTH * min(image.shape[:2]):
        return False
    scale = _SHORTER_SIDE / min(image.shape[:2])
    size = round(image.shape[1] * scale), round(image.shape[0] * scale)
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    square = np.ones((5, 5), np.uint8)
    ranges = (cv2.dilate(small, square).astype(int) - cv2.erode(small, square)).max(axis=2)
    empty = cv2.morphologyEx((ranges <= _EMPTY_LEVELS).astype(np.uint8), cv2.MORPH_OPEN, square) > 0
    gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
    found = [_ellipse(outline, empty.shape) for outline in _outlines(empty)]
    return any(one.ends_at_border(gray, empty) for one in found if one is not None)


def _outlines(empty: Mask) -> list[Floats]:
    """(n, 2) x and y around each image on a border, without dents: what is empty in the image is part of it."""
    count, numbers, facts, _ = cv2.connectedComponentsWithStats((~empty).astype(np.uint8), connectivity=8)
    large = [one for one in range(1, count) if min(facts[one, 2:4]) >= _MIN_SIDE * _SHORTER_SIDE]
    outlines = []
    for one in large:
        contours, _ = cv2.findContours((numbers == one).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        filled = np.zeros(empty.shape, np.uint8)
        cv2.fillConvexPoly(filled, cv2.convexHull(max(contours, key=len)), 1)
        contours, _ = cv2.findContours(filled, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        outlines.append(np.asarray(contours[0][:, 0], np.float32))
    return outlines


@dataclass(frozen=True, slots=True)
class _Ellipse:
    """An ellipse: its center (2,) x and y, semi-axes (2,), and their directions (2, 2) in columns."""

    center: Floats
    axes: Floats
    directions: Floats

    def placed(self, points: Floats) -> Floats:
        """Points (..., 2) as those of a circle of radius 1 around 0."""
        return np.asarray((points - self.center) @ self.directions / self.axes, np.float32)

    def has_outline(self, points: Floats) -> bool:
        """Whether points (n, 2) lie on it, and around a good part of it."""
        placed = self.placed(points)
        far = np.abs(np.hypot(placed[:, 0], placed[:, 1]) - 1) * self.axes.min()
        turns = np.degrees(np.arctan2(placed[:, 1], placed[:, 0])) // _DEGREES
        return bool((far <= _FAR_PX).mean() >= _ON_ELLIPSE) and len(np.unique(turns)) >= _MIN_DIRECTIONS

    def ends_at_border(self, gray: npt.NDArray[np.uint8], empty: Mask) -> bool:
        """Whether it is surrounded by emptiness that is darker than itself."""
        rows, columns = np.indices(empty.shape)
        placed = self.placed(np.stack([columns, rows], axis=-1).astype(np.float32))
        distance = np.hypot(placed[..., 0], placed[..., 1])
        gap = _GAP_PX / self.axes.min()
        border = (distance > 1 + gap) & (distance < _AROUND)
        within = (distance < 1 - gap) & (distance > 1 - 4 * gap)
        if border.mean() < _BORDER_SHARE or not within.any() or empty[border].mean() < _EMPTY_SHARE:
            return False
        return float(np.median(gray[border])) <= float(np.median(gray[within])) - _DARKER


def _ellipse(outline: Floats, shape: tuple[int, ...]) -> _Ellipse | None:
    """The ellipse on which an outline lies as far as the frame does not cut it off."""
    last = np.array([shape[1], shape[0]]) - 1 - _FRAME_EDGE_PX
    seen = outline[((outline > _FRAME_EDGE_PX) & (outline < last)).all(axis=1)]
    if len(seen) < max(_MIN_OUTLINE_PX, _MIN_OUTLINE * len(outline)):
        return None
    center, lengths, degrees = cv2.fitEllipseDirect(seen)
    if not np.isfinite([*center, *lengths]).all() or min(lengths) < max(
        _MIN_SIDE * _SHORTER_SIDE, _MIN_AXES * max(lengths)
    ):
        return None
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    directions = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    found = _Ellipse(np.array(center, np.float32), np.array(lengths, np.float32) * np.float32(0.5), directions)
    return found if found.has_outline(seen) else None
