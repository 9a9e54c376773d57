"""Static privacy masks, filled with black before any other code gets a frame (decree 18.743/2014 art. 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.domain.plural import counted

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners (x, y) relative to the upright image, 0 to 1, origin top left; at least three."""

_Edge: TypeAlias = tuple[tuple[float, float], tuple[float, float]]
_Plane = npt.NDArray[np.uint8]


def check_polygons(polygons: Sequence[Polygon]) -> tuple[Polygon, ...]:
    """The polygons, checked.

    Raises:
        ValueError: fewer than three corners, or a corner outside 0 to 1.
    """
    return tuple(check_polygon(polygon) for polygon in polygons)


def check_polygon(polygon: Polygon) -> Polygon:
    """The polygon, checked.

    Raises:
        ValueError: fewer than three corners, or a corner outside 0 to 1.
    """
    checked = tuple((float(x), float(y)) for x, y in polygon)
    if len(checked) < 3:
        raise ValueError(f"a polygon needs three corners or more, not {counted(len(checked), 'corner')}")
    for number, corner in enumerate(checked, 1):
        if not all(0.0 <= value <= 1.0 for value in corner):
            raise ValueError(
                f"corner {number}, {corner}, lies outside 0 to 1: corners are fractions of the image's width and "
                "height, so divide pixels by them"
            )
    return checked


def polygon_share(polygon: Polygon) -> float:
    """Area of a polygon whose edges do not cross, as share of the image, 0 to 1."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _edges(polygon))) / 2


def edges_cross(polygon: Polygon) -> bool:
    """Whether two edges of a polygon cross: its corners are not in the order around it, and a part is not filled."""
    edges = _edges(polygon)
    return any(_cross(a, b) for number, a in enumerate(edges) for b in edges[number + 2 :])


def _edges(polygon: Polygon) -> list[_Edge]:
    return list(zip(polygon, (*polygon[1:], polygon[0]), strict=True))


def _cross(one: _Edge, other: _Edge) -> bool:
    """Whether two edges cross between their ends."""
    return all(_side(a, b[0]) * _side(a, b[1]) < 0 for a, b in ((one, other), (other, one)))


def _side(edge: _Edge, point: tuple[float, float]) -> float:
    """On which side of an edge a point lies, by the sign."""
    (x1, y1), (x2, y2) = edge
    return (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)


def _turned_back(x: float, y: float, turns: int) -> tuple[float, float]:
    """A corner of the upright image in the stored one, which `turns` clockwise quarter turns make upright."""
    for _ in range(turns % 4):
        x, y = y, 1.0 - x
    return x, y


@dataclass(frozen=True, slots=True, eq=False)
class _Stencil:
    """One mask on one plane: its bounding rectangle, and which of its samples are masked."""

    rows: slice
    columns: slice
    masked: npt.NDArray[np.bool_]

    def fill(self, plane: _Plane, value: int) -> None:
        np.copyto(
            plane[self.rows, self.columns], value, where=self.masked[..., None] if plane.ndim == 3 else self.masked
        )


class MaskBurner:
    """Draws masks into planes; the stencils are made once per size.

    Every sample that a polygon touches is masked, and one more around it, so that no interpolation of a decoder or
    scaler reveals what lies at the edge.

    Args:
        polygons: see `Polygon`.

    Raises:
        ValueError: see `check_polygons`.
    """

    def __init__(self, polygons: Sequence[Polygon] = ()) -> None:
        self._polygons = check_polygons(polygons)
        self._stencils: dict[tuple[int, int, int, int], tuple[_Stencil, ...]] = {}

    @property
    def polygons(self) -> tuple[Polygon, ...]:
        """The masks that are drawn."""
        return self._polygons

    def __bool__(self) -> bool:
        return bool(self._polygons)

    def burn_planes(self, planes: Sequence[_Plane], turns: int) -> None:
        """Black out Y, U and V planes, (h, w) and twice (ceil(h/2), ceil(w/2)), of a stored image, in place."""
        height, width = planes[0].shape
        for plane, value, factor in zip(planes, (0, 128, 128), (1, 2, 2), strict=True):
            for stencil in self._for(width, height, turns, factor):
                stencil.fill(plane, value)

    def burn_image(self, image: _Plane) -> None:
        """Black out an upright (h, w, 3) image, in place."""
        for stencil in self._for(image.shape[1], image.shape[0], 0, 1):
            stencil.fill(image, 0)

    def _for(self, width: int, height: int, turns: int, factor: int) -> tuple[_Stencil, ...]:
        key = (width, height, turns, factor)
        if key not in self._stencils:
            if len(self._stencils) > 8:  # bounded, in case a stream keeps changing its size
                self._stencils.clear()
            self._stencils[key] = tuple(self._stencil(p, *key) for p in self._polygons)
        return self._stencils[key]

    @staticmethod
    def _stencil(polygon: Polygon, width: int, height: int, turns: int, factor: int) -> _Stencil:
        import cv2  # here: a configuration is read by commands that need no OpenCV

        corners = [_turned_back(x, y, turns) for x, y in polygon]
        points = np.array([(min(x * width, width - 1), min(y * height, height - 1)) for x, y in corners])
        canvas = np.zeros((height, width), np.uint8)
        cv2.fillPoly(canvas, [np.floor(points).astype(np.int32)], 1)
        cv2.fillPoly(canvas, [np.ceil(points).astype(np.int32)], 1)
        canvas = np.asarray(cv2.dilate(canvas, np.ones((3, 3), np.uint8)), np.uint8)
        if factor > 1:
            padded = np.pad(canvas, ((0, -height % factor), (0, -width % factor)), mode="edge")
            canvas = padded.reshape(padded.shape[0] // factor, factor, -1, factor).max(axis=(1, 3))
        rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
        box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        return _Stencil(*box, canvas[box].astype(bool))
