"""Plausibility of a plate's place in the image: on a vehicle, or where a vehicle can be.

Captions that a camera draws into its video, road signs and shop signs are read as plates with high confidence. They
stand still, no vehicle is around them, and captions lie along the upper or lower edge. On labeled Brazilian images, 209
of 211 plates lie on a detected vehicle, and the others fill much of the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Boxes
from pipeline.domain.frame import Image

Box = Sequence[float] | npt.NDArray[np.float32]
"""xyxy, pixels of the image."""

Area = Sequence[tuple[float, float]]
"""Corners (x, y) of a polygon relative to the image, 0 to 1."""

_LARGE: Final = 0.3
"""Width from which a plate may fill the image without a vehicle around it, as a fraction of the image's width."""
_TALL: Final = 0.2
"""Height from which text at an edge is no line of a caption, as a fraction of the image's height."""
_UPPER_EDGE, _LOWER_EDGE = 0.12, 0.9
"""Heights of a box's center, relative to the image, beyond which captions lie."""
_STILL: Final = 0.25
"""Largest movement of a thing that stands still, in heights of its box."""
_STILL_S: Final = 1.0
_ON_VEHICLE: Final = 0.5
"""Least share of a plate's observations with a vehicle around it."""


@dataclass(slots=True)
class PlatePlace:
    """Where one plate was observed.

    Attributes:
        seen: observations; on_vehicle: those with a vehicle around the plate.
        moved: largest movement since the first observation, in heights of the box.
        width, height: its largest width and height, as fractions of the image's.
        at_edge: whether it was always in the bands of captions.
    """

    seen: int = 0
    on_vehicle: int = 0
    moved: float = 0.0
    width: float = 0.0
    height: float = 0.0
    at_edge: bool = True
    _first: tuple[float, float] | None = None
    _since_ms: int = 0
    _until_ms: int = 0

    def observe(self, image: Image, box: Box, ts_ms: int, *, on_vehicle: bool) -> None:
        """Note the plate's place in one frame."""
        x, y = _center(box)
        if self._first is None:
            self._first, self._since_ms = (x, y), ts_ms
        height = max(1.0, float(box[3]) - float(box[1]))
        self.seen += 1
        self.on_vehicle += on_vehicle
        self.moved = max(self.moved, float(np.hypot(x - self._first[0], y - self._first[1])) / height)
        self.width = max(self.width, (float(box[2]) - float(box[0])) / image.width)
        self.height = max(self.height, height / image.height)
        self.at_edge = self.at_edge and not _UPPER_EDGE <= y / image.height <= _LOWER_EDGE
        self._until_ms = max(self._until_ms, ts_ms)

    def absorb(self, other: PlatePlace) -> None:
        """Add the observations of the same plate under another track."""
        self.seen += other.seen
        self.on_vehicle += other.on_vehicle
        self.moved = max(self.moved, other.moved)
        self.width = max(self.width, other.width)
        self.height = max(self.height, other.height)
        self.at_edge = self.at_edge and other.at_edge
        self._since_ms = min(self._since_ms, other._since_ms)
        self._until_ms = max(self._until_ms, other._until_ms)

    @property
    def plausible(self) -> bool:
        """Whether a vehicle can be there."""
        if not self.seen or self.on_vehicle >= _ON_VEHICLE * self.seen:
            return True
        still = self.moved <= _STILL
        if still and self.at_edge and self.height < _TALL:
            return False  # a caption may be as wide as the image
        return self.width >= _LARGE or not (still and self._until_ms - self._since_ms >= _STILL_S * 1000)


def plausible_in_image(image: Image, box: Box, vehicles: Boxes) -> bool:
    """Whether a plate of a single image can be one.

    Args:
        image: the image.
        box: of the plate.
        vehicles: (n, 4) boxes of the vehicles in it.
    """
    place = PlatePlace()
    place.observe(image, box, 0, on_vehicle=bool(vehicles_around(box, vehicles).any()))
    return place.plausible


def vehicles_around(box: Box, vehicles: Boxes) -> npt.NDArray[np.bool_]:
    """(n,) whether each of (n, 4) vehicles holds the center of a plate's box."""
    x, y = _center(box)
    around: npt.NDArray[np.bool_] = (
        (vehicles[:, 0] <= x) & (x <= vehicles[:, 2]) & (vehicles[:, 1] <= y) & (y <= vehicles[:, 3])
    )
    return around


def inside(image: Image, box: Box, areas: Sequence[Area]) -> bool:
    """Whether a box's center lies in one of these polygons."""
    x, y = _center(box)
    return any(_contains(area, x / image.width, y / image.height) for area in areas)


def _center(box: Box) -> tuple[float, float]:
    return (float(box[0]) + float(box[2])) / 2, (float(box[1]) + float(box[3])) / 2


def _contains(area: Area, x: float, y: float) -> bool:
    """Even-odd rule."""
    within = False
    for (x1, y1), (x2, y2) in zip(area, (*area[1:], area[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            within = not within
    return within
