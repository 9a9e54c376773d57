"""Trajectories of tracks as text: times and ground points, small enough for an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

UNITS: Final = 10_000
"""Parts into which the image's width and height are divided."""
LONGEST: Final = 8_192
"""Characters of a trajectory."""
PATTERN: Final = r"^([0-9]+ [0-9]+ [0-9]+(;[0-9]+ [0-9]+ [0-9]+)*)?$"


class TrajectoryPoint(NamedTuple):
    """One point of a track.

    Attributes:
        offset_ms: since the track's first frame.
        x, y: of the box's ground point, relative to the image's width and height, 0 to 1, origin top left.
    """

    offset_ms: int
    x: float
    y: float


def encode_trajectory(points: Sequence[TrajectoryPoint]) -> str:
    """The points as ``ms x y;ms x y``, x and y in ten-thousandths of the image; "" for none."""
    return ";".join(f"{point.offset_ms} {_units(point.x)} {_units(point.y)}" for point in points)


def decode_trajectory(text: str) -> list[TrajectoryPoint]:
    """The points of an encoded trajectory.

    Raises:
        ValueError: it is no trajectory.
    """
    points = []
    for part in text.split(";") if text else ():
        offset_ms, x, y = (int(number) for number in part.split(" "))
        points.append(TrajectoryPoint(offset_ms, x / UNITS, y / UNITS))
    return points


def _units(share: float) -> int:
    return round(min(max(share, 0.0), 1.0) * UNITS)
