"""Traffic areas of one camera: named zones, and lines across which traffic is counted.

All coordinates are shares of the upright image, 0 to 1, origin top left, so they hold for every resolution of one
aspect ratio. Counting, alert rules and the drawing page read the same object; its `version` is in every figure made
from it, so that figures of two drawings are never added silently (decision 0051).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.canonical_json import canonical_json
from pipeline.domain.polygon import Corner, Points, Polygon, points_inside, polygon_area

_DECIMALS: Final = 6
"""Of coordinates in the digest: a millionth of the image, so that meters converted twice make one version."""
_DIGEST_DIGITS: Final = 12


class ZoneKind(StrEnum):
    """Use of the ground in a zone, which decides what is normal in it."""

    ROADWAY = "roadway"
    """Lanes of any direction."""
    LANE = "lane"
    """One lane; its heading is the direction of travel."""
    BUS_LANE = "bus-lane"
    CYCLE_PATH = "cycle-path"
    SIDEWALK = "sidewalk"
    CROSSWALK = "crosswalk"
    QUEUE = "queue"
    """Where vehicles wait: before a stop line, at a bus stop."""
    RESTRICTED = "restricted"
    """Entered by schedule or not at all."""
    OTHER = "other"


MOTOR_TRAFFIC: Final = frozenset({ZoneKind.ROADWAY, ZoneKind.LANE, ZoneKind.BUS_LANE, ZoneKind.QUEUE})
"""Zones in which motor vehicles travel."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A named area of the ground.

    Attributes:
        name: unique among the camera's zones and lines.
        kind: its use.
        polygon: its corners on the ground.
        heading: two points, from which to which traffic travels; None where there is no single direction.
    """

    name: str
    kind: ZoneKind
    polygon: Polygon
    heading: tuple[Corner, Corner] | None = None

    @property
    def share(self) -> float:
        """Its share of the image, 0 to 1."""
        return polygon_area(self.polygon)

    def contains(self, points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Which ground points, (n, 2) shares of the image, lie in it: (n,) bool."""
        return points_inside(self.polygon, points)


@dataclass(frozen=True, slots=True)
class Line:
    """A named line across which traffic is counted, in both directions.

    For an observer who moves from `start` to `end` on the upright image, *forward* traffic crosses from the left-hand
    side to the right-hand side. Of a line drawn from the left to the right of the image, forward is down, toward the
    camera; backward is up.

    Attributes:
        name: unique among the camera's zones and lines.
        start, end: of the line on the ground.
        forward, backward: names of the two directions.
    """

    name: str
    start: Corner
    end: Corner
    forward: str = "forward"
    backward: str = "backward"

    def direction(self, crossing: int) -> str:
        """The name of a crossing's direction: 1 is forward, -1 is backward."""
        return self.forward if crossing > 0 else self.backward

    def length(self, width: float, height: float) -> float:
        """From start to end, in the unit of the image's width and height."""
        return math.hypot((self.end[0] - self.start[0]) * width, (self.end[1] - self.start[1]) * height)

    def offsets(self, points: npt.ArrayLike, width: float = 1.0, height: float = 1.0) -> Points:
        """Positions relative to the line.

        Args:
            points: (n, 2) shares of the image.
            width, height: of the image, in the unit in which distances are wanted.

        Returns:
            (n, 2): distance from the endless line, negative on its left-hand side, positive on its right-hand side; and
            the share of the way from start to end at the nearest point, 0 to 1 beside the line.
        """
        scale = np.array([width, height], np.float64)
        start, end = np.array(self.start) * scale, np.array(self.end) * scale
        dx, dy = end - start
        length = float(np.hypot(dx, dy))
        x, y = (np.asarray(points, np.float64).reshape(-1, 2) * scale - start).T
        # y points down, so the right-hand side is where the cross product is positive.
        return np.stack([(dx * y - dy * x) / length, (dx * x + dy * y) / length**2], axis=1)

    def crossings(self, before: npt.ArrayLike, after: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """Crossings by straight movements. A point on the line belongs to its right-hand side.

        Args:
            before, after: (n, 2) shares of the image, the ends of each movement.

        Returns:
            (n,) int8: 1 for forward, -1 for backward, 0 for a movement that does not cross between start and end.
        """
        (side_before, along_before), (side_after, along_after) = self.offsets(before).T, self.offsets(after).T
        right_before, right_after = side_before >= 0, side_after >= 0
        crosses = (right_before != right_after) & np.isfinite(side_before + side_after)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = side_before / (side_before - side_after)
            along = along_before + share * (along_after - along_before)
        between = crosses & (along >= 0) & (along <= 1)
        return np.where(between, np.where(right_after, 1, -1), 0).astype(np.int8)


@dataclass(frozen=True, slots=True)
class TrafficAreas:
    """The zones and lines of one camera; nothing is counted or judged by place without any.

    Raises:
        ValueError: two have one name.
    """

    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()

    def __post_init__(self) -> None:
        names = [*(zone.name for zone in self.zones), *(line.name for line in self.lines)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the name {twice[0]!r} is used for more than one zone or line")

    def __bool__(self) -> bool:
        return bool(self.zones or self.lines)

    @property
    def version(self) -> str:
        """12 hexadecimal digits of the SHA-256 of the zones and lines, whatever their order in the configuration."""
        areas = [_rounded(asdict(zone)) for zone in self.zones] + [_rounded(asdict(line)) for line in self.lines]
        content = sorted(areas, key=lambda area: str(area["name"]))
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()[:_DIGEST_DIGITS]

    def of_kind(self, *kinds: ZoneKind) -> tuple[Zone, ...]:
        """The zones of these kinds, in the order of the configuration."""
        return tuple(zone for zone in self.zones if zone.kind in kinds)


def _rounded(value: Any) -> Any:
    """Plain values with coordinates rounded; negative zero becomes zero."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(item) for item in value]
    return round(value, _DECIMALS) + 0.0 if isinstance(value, float | int) else value
