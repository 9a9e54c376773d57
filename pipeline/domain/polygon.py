"""Polygons on images: corners as shares of the image, checks, area, and the points inside."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.domain.plural import counted

Corner: TypeAlias = tuple[float, float]
"""x and y relative to the upright image, 0 to 1, origin top left."""
Polygon: TypeAlias = tuple[Corner, ...]
"""At least three corners, in their order around the polygon."""
Points: TypeAlias = npt.NDArray[np.float64]
"""(n, 2) float64, x and y, in the unit of the corners."""

_Edge: TypeAlias = tuple[Corner, Corner]
_LEAST_SHARE: Final = 0.0001
"""Of the image; a smaller area is a slip of the pen."""


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


def polygon_area(polygon: Sequence[Corner]) -> float:
    """Area of a polygon whose edges do not cross: as share of the image, or in square meters for corners in meters."""
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in _edges(polygon))) / 2


def edges_cross(polygon: Polygon) -> bool:
    """Whether two edges of a polygon cross: its corners are not in the order around it, and a part is not filled."""
    edges = _edges(polygon)
    return any(_cross(a, b) for number, a in enumerate(edges) for b in edges[number + 2 :])


class PolygonFlaw(StrEnum):
    """Why a polygon that may be used hardly is the intended area."""

    EDGES_CROSS = "its edges cross, so a part of the area is left out; list the corners in their order around it"
    NEXT_TO_NO_AREA = "it has next to no area; do its corners lie on one line?"


def polygon_flaw(polygon: Polygon) -> PolygonFlaw | None:
    """What is wrong with a mask or an ignored area; None if nothing is."""
    if edges_cross(polygon):
        return PolygonFlaw.EDGES_CROSS
    return PolygonFlaw.NEXT_TO_NO_AREA if polygon_area(polygon) < _LEAST_SHARE else None


def points_inside(polygon: Polygon, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which points lie inside a polygon, by the number of edges to the right of each (even-odd rule).

    A point on an edge belongs to exactly one of two polygons that share the edge.

    Args:
        polygon: in the unit of the points.
        points: (n, 2), x and y; NaN lies outside.

    Returns:
        (n,) bool.
    """
    x, y = np.asarray(points, np.float64).reshape(-1, 2).T[:, :, None]
    x1, y1, x2, y2 = _edge_arrays(polygon)
    beside = (y1 > y) != (y2 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = beside & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    inside: npt.NDArray[np.bool_] = right.sum(axis=1) % 2 == 1
    return inside


@lru_cache(maxsize=4096)
def _edge_arrays(polygon: Polygon) -> tuple[npt.NDArray[np.float64], ...]:
    """x1, y1, x2 and y2 of the edges, (edges,) each; read-only."""
    ends = np.array([(*a, *b) for a, b in _edges(polygon)], np.float64).T.copy()
    ends.flags.writeable = False
    return tuple(ends)


def _edges(polygon: Sequence[Corner]) -> list[_Edge]:
    return list(zip(polygon, (*polygon[1:], polygon[0]), strict=True))


def _cross(one: _Edge, other: _Edge) -> bool:
    """Whether two edges cross between their ends."""
    return all(_side(a, b[0]) * _side(a, b[1]) < 0 for a, b in ((one, other), (other, one)))


def _side(edge: _Edge, point: Corner) -> float:
    """On which side of an edge a point lies, by the sign."""
    (x1, y1), (x2, y2) = edge
    return (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)
