"""Bends of a frame's edges: ripples of water or glass, in which networks find no person and a human still does.

Edges of streets, houses, vehicles and persons run on in their direction. A smooth distortion bends all of them; it
lets them turn this way and that within a few pixels. Foliage and noise have no edges that are smooth from near.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.float32]
Boxes = npt.NDArray[np.float32]
NO_BOXES: Final[Boxes] = np.empty((0, 4), np.float32)
_LONGER_SIDE: Final = 800
"""To which a larger frame is reduced."""
_LEAST_STRAIGHT: Final = ((1, 12, 0.48), (1, 24, 0.16), (2, 24, 0.2))
"""Reduction, distance along an edge in pixels, and least straightness over it of ordinary frames: streets have 0.7."""
_STRAIGHT_FROM_NEAR: Final = 0.55
"""Straightness over `_FAR` pixels from which edges are not bent farther away: few and short ones end before."""
_FAR: Final = 24
_MIN_PAIRS, _MIN_PAIRS_OF_PART = 2500, 800
"""Pairs of points of edges from which straightness is measured, in a frame and in a part of it."""
_MUCH_BENT: Final = 0.3
"""Straightness that a part lacks, from which it is bent: foliage and wheels lack up to so much."""
_MANY: Final = 8
"""Of a queue of cars 11 to 25 are recognized in a part, and 0 to 4 where it is rippled."""
_BESIDE: Final = 0.1
"""Of the sides of a recognized object, around which its edges reach."""
_COHERENT, _STILL_COHERENT = 0.85, 0.5
"""Coherence of the structure tensor at a point of an edge, and further along it."""
_EDGES: Final = 70
"""Percentile of the gradients from which they are edges …"""
_MIN_GRADIENT: Final = 20.0
"""… and at least this, in the units of a 3 × 3 Sobel filter."""
_LEAST_BEND, _BEND_BY, _MOST_BEND = 0.15, 0.6, 0.3
"""Amplitude as a share of the period: at the least straightness, more per straightness lost, and at most."""


@dataclass(frozen=True, slots=True)
class Bend:
    """A ripple that bends objects as those of a frame are.

    Attributes:
        period_px: of the ripple in the frame's pixels; 0 without one.
        amplitude_px: of the ripple.
    """

    period_px: float = 0.0
    amplitude_px: float = 0.0

    def bent(self, sprite: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """An image (height, width, channels) of the same size, rippled both ways; zeros where nothing is."""
        if not self.period_px:
            return sprite
        rows, columns = np.indices(sprite.shape[:2], np.float32)
        across = columns + self.amplitude_px * np.sin(2 * np.pi * rows / self.period_px)
        down = rows + self.amplitude_px * np.sin(2 * np.pi * columns / self.period_px)
        moved = cv2.remap(sprite, across.astype(np.float32), down.astype(np.float32), cv2.INTER_LINEAR)
        return np.asarray(moved, np.uint8)


NO_BEND: Final = Bend()
"""Of ordinary frames."""


class EdgeDirections:
    """Directions of a frame's edges, measured once at each size for the frame and all parts of it.

    Args:
        gray: (height, width) of the frame, gray levels.
        recognized: (n, 4) xyxy, objects in it that networks are sure of. Where many are in a part, their edges say
            nothing: a queue of cars has as many curves as a ripple, in which networks would find none of them.
    """

    def __init__(self, gray: Gray, recognized: Boxes = NO_BOXES) -> None:
        self._gray = gray
        self._recognized = recognized
        self._reduced = min(1.0, _LONGER_SIDE / max(gray.shape))
        self._structures: dict[int, _Structure] = {}

    def bend(self) -> Bend:
        """The bend of the frame's edges."""
        height, width = self._gray.shape
        return self._measured(slice(0, height), slice(0, width), _MIN_PAIRS)

    def bend_of_part(self, rows: slice, columns: slice) -> Bend:
        """The same of a part of the frame, where it is bent far more than parts of ordinary frames."""
        bend = self._measured(rows, columns, _MIN_PAIRS_OF_PART, _MUCH_BENT)
        if bend.period_px and len(known := self._many_in(rows, columns)):
            return self._measured(rows, columns, _MIN_PAIRS_OF_PART, _MUCH_BENT, without=known)
        return bend

    def _measured(
        self, rows: slice, columns: slice, min_pairs: int, much: float = 0.0, *, without: Boxes = NO_BOXES
    ) -> Bend:
        worst, distance_px = much, 0.0
        for reduction, distance, least in _LEAST_STRAIGHT:
            scale = self._reduced / reduction
            structure = self._structure(reduction).without(without * scale)
            part = structure.part(_scaled(rows, scale), _scaled(columns, scale))
            straight = part.straightness(distance, min_pairs)
            worst, distance_px = max((worst, distance_px), (least - straight, distance / scale))
            if distance * reduction >= _FAR and straight >= _STRAIGHT_FROM_NEAR:
                break
        if not distance_px:
            return NO_BEND
        period = 2 * distance_px
        return Bend(period, period * min(_MOST_BEND, _LEAST_BEND + _BEND_BY * worst))

    def _many_in(self, rows: slice, columns: slice) -> Boxes:
        """The recognized objects in a part, if they are many."""
        centers = (self._recognized[:, :2] + self._recognized[:, 2:]) / 2
        inside = (centers >= [columns.start, rows.start]) & (centers < [columns.stop, rows.stop])
        found = self._recognized[inside.all(axis=1)]
        return found if len(found) >= _MANY else NO_BOXES

    def _structure(self, reduction: int) -> _Structure:
        if reduction not in self._structures:
            self._structures[reduction] = _Structure.of(_resized(self._gray, self._reduced / reduction))
        return self._structures[reduction]


@dataclass(frozen=True, slots=True)
class _Structure:
    """The structure tensor around each pixel (height, width).

    Attributes:
        strength: of the gradient.
        difference, cross: twice the angle of the edge, weighted; directed: the length of both.
    """

    strength: Gray
    difference: Gray
    cross: Gray
    directed: Gray

    @classmethod
    def of(cls, gray: Gray) -> _Structure:
        smooth = cv2.GaussianBlur(gray, (0, 0), 1.0)
        x, y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
        first, second, third = (cv2.GaussianBlur(one, (0, 0), 2.0) for one in (x * x, y * y, x * y))
        difference, cross = first - second, 2 * third
        parts = np.sqrt(first + second), difference, cross, np.hypot(difference, cross)
        return cls(*(np.asarray(one, np.float32) for one in parts))

    def without(self, boxes: Boxes) -> _Structure:
        """That without edges in and beside boxes (n, 4)."""
        if not len(boxes):
            return self
        strength = self.strength.copy()
        beside = np.tile((boxes[:, 2:] - boxes[:, :2]) * _BESIDE, 2) * [-1, -1, 1, 1]
        for x1, y1, x2, y2 in np.rint(np.maximum(boxes + beside, 0)).astype(int).tolist():
            strength[y1:y2, x1:x2] = 0
        return replace(self, strength=strength)

    def part(self, rows: slice, columns: slice) -> _Structure:
        """That of a part."""
        every = self.strength, self.difference, self.cross, self.directed
        return _Structure(*(one[rows, columns] for one in every))

    def straightness(self, distance: int, min_pairs: int) -> float:
        """Mean cosine of twice the angle that edges turn by over a distance along them; 1 with too few edges."""
        height, width = self.strength.shape
        strong = self.strength > max(_MIN_GRADIENT, float(np.percentile(self.strength, _EDGES)))
        coherence = self.directed / (self.strength**2 + 1e-3)
        rows, columns = np.nonzero(strong & (coherence > _COHERENT))
        cosine, sine = (one[rows, columns] / self.directed[rows, columns] for one in (self.difference, self.cross))
        angle = np.arctan2(sine, cosine) / 2
        along_x, along_y = -np.sin(angle) * distance, np.cos(angle) * distance
        reached = strong & (coherence > _STILL_COHERENT)
        similar = []
        for sign in (1, -1):
            to_x, to_y = np.rint(columns + sign * along_x).astype(int), np.rint(rows + sign * along_y).astype(int)
            inside = (to_x >= 0) & (to_x < width) & (to_y >= 0) & (to_y < height)
            inside[inside] = reached[to_y[inside], to_x[inside]]
            at = to_y[inside], to_x[inside]
            turned = self.difference[at] * cosine[inside] + self.cross[at] * sine[inside]
            similar.append(turned / self.directed[at])
        pairs = np.concatenate(similar)
        return float(pairs.mean()) if len(pairs) >= min_pairs else 1.0


def _scaled(part: slice, scale: float) -> slice:
    return slice(round(part.start * scale), max(1, round(part.stop * scale)))


def _resized(gray: Gray, scale: float) -> Gray:
    if scale == 1:
        return gray
    size = max(8, round(gray.shape[1] * scale)), max(8, round(gray.shape[0] * scale))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)
