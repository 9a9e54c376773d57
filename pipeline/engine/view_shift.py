"""Shift, zoom and turn between two views of one scene, by the directions of their edges.

Orientation correlation (A. J. Fitch et al., British Machine Vision Conference 2002): the directions of edges stay where
light, exposure and time of day change. They are compared in areas, so that vehicles in some of them change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import Image, LumaImage
from pipeline.domain.polygon import Polygon

VIEW_PX: Final = (320, 180)
"""Width and height to which images are scaled before they are compared."""
_REACH: Final = 20
"""Pixels in each direction within which an area is searched: 6 % of the width, 12 % at half the size."""
_LEVELS: Final = 6.0
"""Gray levels by which an edge differs on its two sides to count half; more where the image is noisy."""
_MARGIN_PX: Final = 4
"""Around privacy masks and ignored areas, whose edges never move."""
_MOST_IGNORED: Final = 0.25
"""Share of the view that is left out for ignored areas: they are for captions, and larger ones show the scene."""
_LEAST_TEXTURE: Final = 0.015
"""Mean weight of edges in an area: below, it shows nothing to compare."""
_SIGNIFICANT: Final = 5.0
"""Standard deviations by which the best place of an area stands out: chance gives 4 in 1,681 places."""
_AGREEING: Final = 0.35
"""Share of such areas that agree with one transformation, so that it is not one of many that chance finds."""
_JOINTLY_SIGNIFICANT: Final = 7.0
_STILL: Final = 0.5
"""Likeness of an area from sample to sample where nothing moves: 0.9 by day, 0.6 with the noise of a night."""
_KNOWN: Final = 0.25
"""Likeness of an area to itself in another light: 0.3 and more; of two areas that have nothing in common 0.1."""
_ALIKE_PX: Final = 1.3
"""Distance from the common transformation up to which an area agrees with it."""
_LEAST_AREAS: Final = 4
_LEAST_SPAN: Final = 0.26
"""Distance of two areas whose places give a zoom and a turn, as a share of the width."""

Directions = npt.NDArray[np.complex64]
"""(h, w) complex64 of `VIEW_PX`: twice the angle of each pixel's edge, with its weight, 0 to 1, as length."""
_Spectra = npt.NDArray[np.float32]
_Floats = npt.NDArray[np.float64]


class _Grid:
    """Areas in which views are compared. Those of the upper and lower eighth have no part: cameras draw captions there.

    Args:
        width, height: pixels of the view; side: of an area; lefts, tops: edges of the areas.
    """

    def __init__(self, width: int, height: int, side: int, lefts: Sequence[int], tops: Sequence[int]) -> None:
        self.width = width
        self.side = side
        self.places = [(left, top) for top in tops for left in lefts]
        self.centers = np.array(self.places) + side / 2 - np.array((width, height)) / 2
        self.window = np.outer(*[np.hanning(side + 2)[1:-1] ** 0.5] * 2).astype(np.float32)


_FINE: Final = _Grid(*VIEW_PX, 64, (0, 43, 85, 128, 171, 213, 256), (22, 58, 94))
_COARSE: Final = _Grid(VIEW_PX[0] // 2, VIEW_PX[1] // 2, 48, (0, 28, 56, 84, 112), (10, 31))


@dataclass(frozen=True, slots=True)
class Transform:
    """Where a view lies within another one.

    Attributes:
        x, y: shift of the image's center, as a share of its width.
        zoom: share by which it is larger; turn: degrees clockwise.
    """

    x: float = 0.0
    y: float = 0.0
    zoom: float = 0.0
    turn: float = 0.0

    @property
    def shift(self) -> float:
        """Length of the shift, as a share of the width."""
        return math.hypot(self.x, self.y)

    def after(self, other: Transform) -> Transform:
        """Both, one after the other; exact enough for the small ones that are compared."""
        return Transform(self.x + other.x, self.y + other.y, self.zoom + other.zoom, self.turn + other.turn)

    def reversed(self) -> Transform:
        """The movement back."""
        return Transform(-self.x, -self.y, -self.zoom, -self.turn)

    def excess(self, limits: Transform) -> float:
        """The largest of shift, zoom and turn, as a share of its limit.

        Args:
            limits: their limits; of the shift, `x`.
        """
        return max(self.shift / limits.x, abs(self.zoom) / limits.zoom, abs(self.turn) / limits.turn)


NO_MOVEMENT: Final = Transform()


def view_luma(image: Image) -> npt.NDArray[np.uint8]:
    """The brightness of an image, of `VIEW_PX`."""
    if isinstance(image, LumaImage):
        return image.luma(*VIEW_PX)
    return np.asarray(cv2.cvtColor(image.resized(*VIEW_PX), cv2.COLOR_BGR2GRAY), np.uint8)


def edge_directions(luma: npt.NDArray[np.uint8], compared: npt.NDArray[np.bool_]) -> Directions:
    """The directions of the edges of an image of `VIEW_PX`; 0 where it is not compared.

    Twice the angle: an edge is the same whichever of its sides is brighter, as by day and in the light of lamps.
    """
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.0).astype(np.float32)
    gx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.25)
    gy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.25)
    square = gx * gx + gy * gy
    noise = float(np.median(square[::3, ::3]))
    weight = compared / (square + max(_LEVELS**2, 4 * noise))
    directions = np.empty(luma.shape, np.complex64)
    directions.real = (gx * gx - gy * gy) * weight
    directions.imag = 2 * gx * gy * weight
    return directions


def view_stretch(image: Image) -> float:
    """By how much an image is scaled less in height than in width to `VIEW_PX`; 1 of a view of 16:9."""
    width, height = VIEW_PX
    return image.height / image.sample_aspect / image.width * width / height


def compared_pixels(masks: Sequence[Polygon], ignored: Sequence[Polygon] = ()) -> npt.NDArray[np.bool_]:
    """The pixels of `VIEW_PX` that lie outside privacy masks, ignored areas and a margin around them.

    Ignored areas that hide more than `_MOST_IGNORED` of the view together are compared, so that they never end the
    watch over the masks.
    """
    hidden, captions = _drawn(masks), _drawn(ignored)
    if captions.mean() <= _MOST_IGNORED:
        hidden |= captions
    kernel = np.ones((2 * _MARGIN_PX + 1,) * 2, np.uint8)
    return np.asarray(cv2.dilate(hidden, kernel) == 0, np.bool_)


def _drawn(polygons: Sequence[Polygon]) -> npt.NDArray[np.uint8]:
    canvas = np.zeros(VIEW_PX[::-1], np.uint8)
    for polygon in polygons:
        cv2.fillPoly(canvas, [np.round(np.array(polygon) * VIEW_PX).astype(np.int32)], 1)
    return canvas


class ViewPattern:
    """A view as it is compared with others, area by area; about a megabyte.

    Args:
        directions: of all its edges.
        stretch: by which the image is scaled less in height than in width; 1 of a view of 16:9.

    Attributes:
        spectra: of its areas, (areas, side, side, 2) float32.
        norms: (areas,) lengths of their directions; textured: (areas,) whether they show enough to compare.
    """

    def __init__(self, directions: Directions, stretch: float = 1.0, grid: _Grid = _FINE) -> None:
        self.stretch = stretch
        self.grid = grid
        side = grid.side
        tiles = np.stack([directions[y : y + side, x : x + side] for x, y in grid.places]) * grid.window
        lengths = np.abs(tiles)
        self.norms = np.sqrt(np.square(lengths).sum(axis=(1, 2), dtype=np.float64))
        self.textured = lengths.mean(axis=(1, 2)) >= _LEAST_TEXTURE
        self.spectra: _Spectra = np.stack([cv2.dft(_as_pairs(tile)) for tile in tiles])
        self._half = _halved(directions) if grid is _FINE else None

    @cached_property
    def coarse(self) -> ViewPattern:
        """The view at half the size, in which larger movements are found."""
        if self._half is None:
            raise ValueError("the pattern is that of half the size")
        return ViewPattern(self._half, self.stretch, _COARSE)

    @property
    def areas(self) -> int:
        """How many of its areas show enough to compare."""
        return int(np.count_nonzero(self.textured))


def _halved(directions: Directions) -> Directions:
    height, width = directions.shape
    return np.asarray(directions.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)), np.complex64)


@dataclass(frozen=True, slots=True)
class ViewMatch:
    """Result of a comparison of two views.

    Attributes:
        transform: of one to the other; None where none is found.
        areas: areas that agree with it; 0 where it was found in the sum of all areas.
        compared: areas in which both show enough.
    """

    transform: Transform | None
    areas: int
    compared: int


def match_views(here: ViewPattern, there: ViewPattern) -> ViewMatch:
    """Where a view lies within another one, as most of its areas say; else as the sum of all areas does."""
    fine = _match(here, there)
    if fine.areas or fine.compared < _LEAST_AREAS:
        return fine
    coarse = _match(here.coarse, there.coarse)
    return coarse if coarse.areas else fine


def _match(here: ViewPattern, there: ViewPattern) -> ViewMatch:
    both = np.flatnonzero(here.textured & there.textured)
    if len(both) < _LEAST_AREAS:
        return ViewMatch(None, 0, len(both))
    surfaces = np.stack([_surface(here.spectra[one], there.spectra[one]) for one in both])
    surfaces /= surfaces.std(axis=(1, 2), keepdims=True) + 1e-9
    moves, heights = _peaks(surfaces)
    clear = heights >= _SIGNIFICANT
    if np.count_nonzero(clear) >= _LEAST_AREAS:
        transform, agreeing = _common(here.grid, both[clear], moves[clear], here.stretch)
        if agreeing >= max(_LEAST_AREAS, _AGREEING * np.count_nonzero(clear)):
            return ViewMatch(transform, agreeing, len(both))
    joint = surfaces.sum(axis=0)[None] / math.sqrt(len(both))
    move, height = _peaks(joint)
    if height[0] / joint.std() >= _JOINTLY_SIGNIFICANT:
        return ViewMatch(_shift(here.grid, move[0, 0], move[0, 1] * here.stretch), 0, len(both))
    return ViewMatch(None, 0, len(both))


def still_areas(here: ViewPattern, before: ViewPattern) -> npt.NDArray[np.bool_]:
    """(areas,) that show enough, and the same as in the sample before."""
    return np.asarray(here.textured & before.textured & (likeness(here, before) > _STILL), np.bool_)


def known_areas(here: ViewPattern, there: ViewPattern) -> npt.NDArray[np.bool_]:
    """(areas,) that show enough, and what another view has at the same place, be it in another light."""
    return np.asarray(here.textured & there.textured & (likeness(here, there) > _KNOWN), np.bool_)


def likeness(here: ViewPattern, there: ViewPattern) -> _Floats:
    """(areas,) by which the areas of two views are alike at the same place, 0 to 1."""
    count, side = len(here.spectra), here.grid.side
    one, other = (pattern.spectra.reshape(count, -1) for pattern in (here, there))
    alike = np.einsum("tn,tn->t", one, other) / side**2  # Parseval: as the sum over the pixels
    return np.asarray(alike / np.maximum(1e-6, here.norms * there.norms), np.float64)


def _as_pairs(values: Directions) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(values).view(np.float32).reshape(*values.shape, 2)


def _surface(here: npt.NDArray[np.float32], there: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How alike an area is at each shift within `_REACH`: (2 * _REACH + 1, 2 * _REACH + 1), no shift in the middle."""
    product = cv2.mulSpectrums(here, there, 0, conjB=True)
    real = cv2.idft(product, flags=cv2.DFT_SCALE)[..., 0]
    return np.asarray(np.roll(real, (_REACH, _REACH), (0, 1))[: 2 * _REACH + 1, : 2 * _REACH + 1], np.float32)


def _peaks(surfaces: npt.NDArray[np.float32]) -> tuple[_Floats, _Floats]:
    """(n, 2) best shift of each surface, in parts of pixels, and (n,) its height."""
    count, side, _ = surfaces.shape
    best = surfaces.reshape(count, -1).argmax(axis=1)
    rows, columns = np.clip(best // side, 1, side - 2), np.clip(best % side, 1, side - 2)
    numbers = np.arange(count)
    height = surfaces[numbers, rows, columns].astype(np.float64)
    found = []
    for down, right in ((0, 1), (1, 0)):
        before = surfaces[numbers, rows - down, columns - right]
        after = surfaces[numbers, rows + down, columns + right]
        curve = np.minimum(before - 2 * height + after, -1e-6)
        found.append(np.clip(0.5 * (before - after) / curve, -0.5, 0.5))
    moves = np.stack([columns + found[0], rows + found[1]], axis=1) - _REACH
    return moves, height


@lru_cache(maxsize=64)
def _pairs(count: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    first, second = np.triu_indices(count, 1)
    return first, second


def _common(grid: _Grid, areas: npt.NDArray[np.intp], moves: _Floats, stretch: float) -> tuple[Transform, int]:
    """The transformation with which most areas agree, fitted to them, and how many they are.

    Args:
        grid: of the areas with these numbers; moves: (n, 2) their shifts, pixels.
        stretch: see `ViewPattern`.
    """
    centers = grid.centers[areas]
    p, d = centers[:, 0] + 1j * stretch * centers[:, 1], moves[:, 0] + 1j * stretch * moves[:, 1]
    first, second = _pairs(len(p))
    far = abs(p[first] - p[second]) >= _LEAST_SPAN * grid.width
    first, second = first[far], second[far]
    linear = np.concatenate([np.zeros(len(p)), (d[first] - d[second]) / (p[first] - p[second])])
    shifts = np.concatenate([d, d[first] - linear[len(p) :] * p[first]])
    agree = abs(shifts[:, None] + linear[:, None] * p - d) <= _ALIKE_PX
    inliers = agree[int(agree.sum(axis=1).argmax())]
    for _ in range(2):
        fitted = np.stack([np.ones(np.count_nonzero(inliers)), p[inliers]], axis=1)
        (shift, scale), *_ = np.linalg.lstsq(fitted, d[inliers], rcond=None)
        inliers = abs(shift + scale * p - d) <= _ALIKE_PX
        if np.count_nonzero(inliers) < _LEAST_AREAS:
            return Transform(), 0
    factor = 1 + scale
    shifted = _shift(grid, shift.real, shift.imag)
    turn = math.degrees(math.atan2(factor.imag, factor.real))
    return Transform(shifted.x, shifted.y, float(abs(factor)) - 1, turn), int(np.count_nonzero(inliers))


def _shift(grid: _Grid, x: float, y: float) -> Transform:
    return Transform(float(x) / grid.width, float(y) / grid.width)
