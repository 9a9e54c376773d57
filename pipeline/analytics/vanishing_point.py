"""The vanishing point of a road in the image: where the paths of its vehicles meet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.polygon import Corner
from pipeline.domain.trajectory import TrajectoryPoint

__all__ = ["LEAST_PATHS", "vanishing_point"]

LEAST_PATHS: Final = 8
"""Straight paths that must agree."""
_LEAST_SHARE: Final = 0.4
"""Of the straight paths that must agree: others turn, change lanes, or are two vehicles taken for one."""
_LEAST_WAY: Final = 0.1
_MOST_BEND: Final = 0.03
"""Deviation from a line, as share of the way, of a path that counts as straight."""
_MOST_ANGLE: Final = np.radians(2)
_MOST_PATHS: Final = 60

_Vector = npt.NDArray[np.float64]


def vanishing_point(trajectories: Sequence[Sequence[TrajectoryPoint]], aspect: float) -> Corner | None:
    """Where the straight ones of these paths meet.

    Args:
        trajectories: ground points of vehicles.
        aspect: width of the image over its height.

    Returns:
        x and y as shares of the image, usually above the road and often outside the image; None where too few paths
        are straight, or they do not agree: a junction, a bend, a view straight down.
    """
    scale = np.array([1.0, 1 / aspect])
    paths = [
        path
        for trajectory in trajectories
        if (path := _straight(np.array([(point.x, point.y) for point in trajectory]).reshape(-1, 2) * scale))
        is not None
    ]
    if len(paths) < LEAST_PATHS:
        return None
    paths.sort(key=lambda path: -path[2])
    middles = np.array([path[0] for path in paths[:_MOST_PATHS]])
    directions = np.array([path[1] for path in paths[:_MOST_PATHS]])
    best = np.zeros(len(middles), bool)
    for one, other in combinations(range(len(middles)), 2):
        found = _nearest(middles[[one, other]], directions[[one, other]])
        if found is not None:
            agree = _agreeing(found, middles, directions)
            best = agree if agree.sum() > best.sum() else best
    if best.sum() < max(LEAST_PATHS, _LEAST_SHARE * len(middles)):
        return None
    meeting = _nearest(middles[best], directions[best])
    if meeting is None:
        return None
    x, y = (meeting / scale).tolist()
    return x, y


def _straight(places: _Vector) -> tuple[_Vector, _Vector, float] | None:
    """Middle, direction and length of a path; None where it bends or is short."""
    if len(places) < 3:
        return None
    middle = places.mean(axis=0)
    _, _, axes = np.linalg.svd(places - middle, full_matrices=False)
    along = (places - middle) @ axes[0]
    length = float(np.ptp(along))
    bend = float(np.abs((places - middle) @ axes[1]).max())
    return (middle, axes[0], length) if length >= _LEAST_WAY and bend <= _MOST_BEND * length else None


def _nearest(middles: _Vector, directions: _Vector) -> _Vector | None:
    """The point nearest to all lines; None where they are parallel."""
    normals = np.stack([-directions[:, 1], directions[:, 0]], axis=1)
    matrix = normals.T @ normals
    if np.linalg.det(matrix) < 1e-6 * len(middles) ** 2:
        return None
    solved: _Vector = np.asarray(np.linalg.solve(matrix, normals.T @ (normals * middles).sum(axis=1)), np.float64)
    return solved


def _agreeing(point: _Vector, middles: _Vector, directions: _Vector) -> npt.NDArray[np.bool_]:
    """Which lines point to a place, within two degrees, from outside of the paths."""
    toward = point - middles
    distance = np.linalg.norm(toward, axis=1)
    cosine = np.abs((toward * directions).sum(axis=1)) / np.maximum(distance, 1e-9)
    return np.asarray(cosine >= np.cos(_MOST_ANGLE), np.bool_)
