"""Bends of a frame's edges: ripples of water or glass, in which networks find no person and a human still does.

Edges of streets, houses, vehicles and persons run on in their direction. A smooth distortion bends all of them; it
lets them turn this way and that within a few pixels. Foliage and noise have no edges that are smooth from near.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.float32]
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


def measure_bend(gray: Gray) -> Bend:
    """The bend of a frame's edges (height, width), gray levels."""
    return _measured(gray, min(1.0, _LONGER_SIDE / max(gray.shape)), _MIN_PAIRS)


def bend_of_part(gray: Gray, frame_side: int) -> Bend:
    """The same of a part of a frame, where it is bent far more than parts of ordinary frames.

    Args:
        gray: (height, width) of the part; frame_side: the longer side of the frame.
    """
    return _measured(gray, min(1.0, _LONGER_SIDE / frame_side), _MIN_PAIRS_OF_PART, _MUCH_BENT)


def _measured(gray: Gray, reduced: float, min_pairs: int, much: float = 0.0) -> Bend:
    worst, distance_px = much, 0.0
    for reduction, distance, least in _LEAST_STRAIGHT:
        straight = _straightness(_resized(gray, reduced / reduction), distance, min_pairs)
        worst, distance_px = max((worst, distance_px), (least - straight, distance * reduction / reduced))
        if distance * reduction >= _FAR and straight >= _STRAIGHT_FROM_NEAR:
            break
    if not distance_px:
        return NO_BEND
    period = 2 * distance_px
    return Bend(period, period * min(_MOST_BEND, _LEAST_BEND + _BEND_BY * worst))


def _straightness(gray: Gray, distance: int, min_pairs: int) -> float:
    """Mean cosine of twice the angle that edges turn by over a distance along them; 1 with too few edges."""
    x, y, both = _structure(gray)
    energy, difference, cross = x + y, x - y, 2 * both
    directed = np.hypot(difference, cross)
    coherence = directed / (energy + 1e-3)
    strong = energy > max(_MIN_GRADIENT, float(np.percentile(np.sqrt(energy), _EDGES))) ** 2
    rows, columns = np.nonzero(strong & (coherence > _COHERENT))
    cosine, sine = (one[rows, columns] / directed[rows, columns] for one in (difference, cross))
    angle = np.arctan2(sine, cosine) / 2
    along_x, along_y = -np.sin(angle) * distance, np.cos(angle) * distance
    reached = strong & (coherence > _STILL_COHERENT)
    similar = []
    for sign in (1, -1):
        to_x, to_y = np.rint(columns + sign * along_x).astype(int), np.rint(rows + sign * along_y).astype(int)
        inside = (to_x >= 0) & (to_x < gray.shape[1]) & (to_y >= 0) & (to_y < gray.shape[0])
        inside[inside] = reached[to_y[inside], to_x[inside]]
        at = to_y[inside], to_x[inside]
        similar.append((difference[at] * cosine[inside] + cross[at] * sine[inside]) / directed[at])
    pairs = np.concatenate(similar)
    return float(pairs.mean()) if len(pairs) >= min_pairs else 1.0


def _structure(gray: Gray) -> tuple[Gray, Gray, Gray]:
    """The structure tensor: squared gradients along x, along y, and their product, around each pixel."""
    smooth = cv2.GaussianBlur(gray, (0, 0), 1.0)
    x, y = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    first, second, third = (cv2.GaussianBlur(one, (0, 0), 2.0) for one in (x * x, y * y, x * y))
    return np.asarray(first, np.float32), np.asarray(second, np.float32), np.asarray(third, np.float32)


def _resized(gray: Gray, scale: float) -> Gray:
    if scale == 1:
        return gray
    size = max(8, round(gray.shape[1] * scale)), max(8, round(gray.shape[0] * scale))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.float32)
