"""Settings of a camera's traffic areas: zones and counting lines, as shares of the image or in meters on the road."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError as Flaw

from pipeline.analytics.calibration import Calibration
from pipeline.domain.camera import CAMERA_ID, AreaNames
from pipeline.domain.polygon import Corner, Polygon, edges_cross, points_inside
from pipeline.domain.traffic_areas import Line, TrafficAreas, Zone, ZoneKind

_STRICT: Final = ConfigDict(extra="forbid", frozen=True)
_MOST_AREAS: Final = 50
_MOST_CORNERS: Final = 100
_LEAST_SHARE: Final = 0.0002
"""Smallest zone, as share of the image: 14×14 pixels of 1280×720."""
_LEAST_LENGTH: Final = 0.01
"""Shortest line, as share of the image's diagonal."""
_TOLERANCE: Final = 1e-9
_SAMPLES: Final = 64
"""Points along a line, and along each side of a zone's grid, that are compared with the privacy masks."""

AreaName: TypeAlias = Annotated[str, Field(pattern=CAMERA_ID.pattern)]
"""As ids of cameras are written: it stands in events, tables and addresses."""
_Coordinates: TypeAlias = tuple[float, float]


class ZoneSettings(BaseModel):
    """A named area of the ground."""

    model_config = _STRICT

    name: AreaName = Field(
        title="Zone name",
        description="Unique among the camera's zones and lines; letters without accents, digits, dot, dash, "
        "underscore.",
        examples=["lane-1"],
    )
    kind: ZoneKind = Field(
        default=ZoneKind.OTHER,
        title="Kind of zone",
        description="Use of the ground, which decides what is normal in it: an alert rule about persons on the roadway "
        "concerns roadway, lane and bus-lane. queue is where vehicles wait, as before a stop line.",
    )
    polygon: tuple[_Coordinates, ...] = Field(
        min_length=3,
        max_length=_MOST_CORNERS,
        title="Polygon",
        description="Corners [[x, y], …] on the ground, in their order around the zone.",
    )
    heading: tuple[_Coordinates, _Coordinates] | None = Field(
        default=None,
        title="Direction of travel",
        description="Two points [[x, y], [x, y]]: traffic travels from the first to the second. Required for lane and "
        "bus-lane.",
    )

    @model_validator(mode="after")
    def _lane_has_a_heading(self) -> Self:
        if self.heading is None and self.kind in {ZoneKind.LANE, ZoneKind.BUS_LANE}:
            raise Flaw(
                "no-heading",
                "zone '{name}' is a {kind} and needs a heading: two points, from which to which traffic travels; an "
                "area with both directions is a roadway",
                {"name": self.name, "kind": self.kind.value},
            )
        return self


class LineSettings(BaseModel):
    """A line across which traffic is counted, in both directions."""

    model_config = _STRICT

    name: AreaName = Field(
        title="Line name", description="Unique among the camera's zones and lines.", examples=["gantry"]
    )
    points: tuple[_Coordinates, _Coordinates] = Field(
        title="Ends of the line",
        description="Start and end [[x, y], [x, y]] on the ground. Seen on the way from the start to the end, forward "
        "traffic crosses from left to right: of a line drawn from the left to the right of the image, it comes toward "
        "the camera.",
    )
    forward: AreaName = Field(
        default="forward", title="Forward", description="Name of that direction.", examples=["to-center"]
    )
    backward: AreaName = Field(
        default="backward", title="Backward", description="Name of the other direction.", examples=["to-suburb"]
    )

    @model_validator(mode="after")
    def _directions_differ(self) -> Self:
        if self.forward == self.backward:
            raise Flaw(
                "one-direction",
                "both directions of line '{name}' are called '{direction}'; name them differently",
                {"name": self.name, "direction": self.forward},
            )
        return self


class AreaSettings(BaseModel):
    """Where a camera's traffic is counted and judged."""

    model_config = _STRICT

    units: Literal["image", "meters"] = Field(
        default="image",
        title="Units of the coordinates",
        description="image: shares of the upright image, 0 to 1 from its top left corner. meters: on the road, as "
        "x_m and y_m of `calibration`, which is required then.",
    )
    drawn_for: str | None = Field(
        default=None,
        pattern=r"^[1-9][0-9]{1,4}x[1-9][0-9]{1,4}$",
        title="Drawn for",
        description="Size of the upright image that the areas were drawn on. Nothing is counted, and an alert says so, "
        "where the camera sends images of another shape; another resolution of the same shape changes nothing.",
        examples=["1280x720"],
    )
    zones: tuple[ZoneSettings, ...] = Field(
        default=(), max_length=_MOST_AREAS, title="Zones", description="Named polygons: lanes, sidewalks, queues …"
    )
    lines: tuple[LineSettings, ...] = Field(
        default=(), max_length=_MOST_AREAS, title="Lines", description="Lines across which traffic is counted."
    )

    def names(self) -> AreaNames:
        """Names of zones, lines and directions."""
        return AreaNames(
            frozenset(zone.name for zone in self.zones),
            frozenset(line.name for line in self.lines),
            frozenset(name for line in self.lines for name in (line.forward, line.backward)),
        )

    @property
    def drawn_size(self) -> tuple[int, int] | None:
        """Width and height of `drawn_for`."""
        if self.drawn_for is None:
            return None
        width, height = self.drawn_for.split("x")
        return int(width), int(height)

    def traffic_areas(self, calibration: Calibration | None, masks: Sequence[Polygon] = ()) -> TrafficAreas:
        """The areas as shares of the image, checked.

        Args:
            calibration: of the camera, for coordinates in meters.
            masks: its privacy masks.

        Raises:
            ValueError: naming the area: two have one name, coordinates in meters without a calibration, a corner
                outside the image, edges that cross, an area too small, or one that privacy masks hide.
        """
        zones, lines = self.placed(calibration)
        areas = TrafficAreas(zones, lines)
        for zone in zones:
            check_zone(zone, masks)
        for line in lines:
            check_line(line, masks)
        return areas

    def placed(self, calibration: Calibration | None) -> tuple[tuple[Zone, ...], tuple[Line, ...]]:
        """Zones and lines as shares of the image.

        Args:
            calibration: of the camera, for coordinates in meters.

        Raises:
            ValueError: coordinates in meters without a calibration, or a corner outside the image.
        """
        to_image = _ToImage(self.units, calibration)
        return tuple(to_image.zone(zone) for zone in self.zones), tuple(to_image.line(line) for line in self.lines)


class _ToImage:
    """Coordinates of the settings as shares of the image."""

    def __init__(self, units: str, calibration: Calibration | None) -> None:
        if units == "meters" and calibration is None:
            raise ValueError(
                "areas in meters need the camera's calibration; add it, or draw them as shares of the image"
            )
        self._calibration = calibration if units == "meters" else None

    def zone(self, zone: ZoneSettings) -> Zone:
        """A zone as shares of the image.

        Raises:
            ValueError: a corner lies outside.
        """
        polygon = self._corners(f"zone {zone.name!r}", zone.polygon)
        heading = None if zone.heading is None else self._corners(f"heading of {zone.name!r}", zone.heading)
        return Zone(zone.name, zone.kind, polygon, None if heading is None else _pair(heading))

    def line(self, line: LineSettings) -> Line:
        """A line as shares of the image.

        Raises:
            ValueError: an end lies outside.
        """
        ends = _pair(self._corners(f"line {line.name!r}", line.points))
        return Line(line.name, *ends, line.forward, line.backward)

    def _corners(self, what: str, points: Sequence[_Coordinates]) -> tuple[Corner, ...]:
        placed = points if self._calibration is None else self._calibration.to_image(points).tolist()
        for number, (given, (x, y)) in enumerate(zip(points, placed, strict=True), 1):
            if not (-_TOLERANCE <= x <= 1 + _TOLERANCE and -_TOLERANCE <= y <= 1 + _TOLERANCE):  # nor is NaN
                hint = (
                    "the camera does not see that place" if self._calibration else "divide pixels by width and height"
                )
                raise Flaw(
                    "outside",
                    "{what}: point {number}, {point}, lies outside the image; {hint}",
                    {"what": what, "number": number, "point": str(list(given)), "hint": hint},
                )
        return tuple((min(max(float(x), 0.0), 1.0), min(max(float(y), 0.0), 1.0)) for x, y in placed)


def _pair(corners: tuple[Corner, ...]) -> tuple[Corner, Corner]:
    first, second = corners
    return first, second


def check_zone(zone: Zone, masks: Sequence[Polygon]) -> None:
    """Require that a zone can be used.

    Raises:
        pydantic_core.PydanticCustomError: its edges cross, it or its heading is too small, or masks hide all of it.
    """
    if edges_cross(zone.polygon):
        raise Flaw(
            "edges-cross",
            "zone '{name}': its edges cross; list the corners in their order around it",
            {"name": zone.name},
        )
    if zone.share < _LEAST_SHARE:
        raise Flaw(
            "too-small",
            "zone '{name}': {share} of the image is too small to judge what is in it; the least is {least}",
            {"name": zone.name, "share": f"{zone.share:.3%}", "least": f"{_LEAST_SHARE:.2%}"},
        )
    if zone.heading is not None and _length(*zone.heading) < _LEAST_LENGTH:
        raise Flaw(
            "short-heading",
            "zone '{name}': the two points of its heading are too close to give a direction",
            {"name": zone.name},
        )
    if masks and masked_share(zone.polygon, masks) >= 1:
        raise Flaw(
            "masked",
            "zone '{name}': privacy masks hide all of it; move the zone, or remove it",
            {"name": zone.name},
        )


def check_line(line: Line, masks: Sequence[Polygon]) -> None:
    """Require that a line can be used.

    Raises:
        pydantic_core.PydanticCustomError: it is too short, or runs across a mask.
    """
    if _length(line.start, line.end) < _LEAST_LENGTH:
        raise Flaw(
            "short-line",
            "line '{name}': its ends are too close to each other; draw it across the whole road",
            {"name": line.name},
        )
    points = np.linspace(line.start, line.end, _SAMPLES)
    for number, mask in enumerate(masks):
        if points_inside(mask, points).any():
            raise Flaw(
                "across-mask",
                "line '{name}' runs across masks[{number}], where nothing is seen to cross it; draw it beside the "
                "mask, or as two lines",
                {"name": line.name, "number": number},
            )


def masked_share(polygon: Polygon, masks: Sequence[Polygon]) -> float:
    """Share of a polygon that masks hide, 0 to 1, from a grid of points over it."""
    corners = np.array(polygon)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    steps = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    grid = np.stack(np.meshgrid(left + steps * (right - left), top + steps * (bottom - top)), axis=-1).reshape(-1, 2)
    inside = grid[points_inside(polygon, grid)]
    if not len(inside):
        return 0.0
    return float(np.any([points_inside(mask, inside) for mask in masks], axis=0).mean()) if masks else 0.0


def _length(start: Corner, end: Corner) -> float:
    """Distance of two points, as share of the image's diagonal."""
    return float(np.hypot(end[0] - start[0], end[1] - start[1]) / np.sqrt(2))
