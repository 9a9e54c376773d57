"""A map of cameras as a drawing: where they are registered, ways between them, and a net of coordinates."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from pipeline.domain.route import GeoPoint

WIDTH: Final = 960
HEIGHT: Final = 420
"""Of the drawing, in its own units."""
_MARGIN: Final = 48
_NEAR: Final = 22
"""Cameras that are drawn nearer than this are one spot with several names."""
_LEAST_DEGREES: Final = 0.006
"""Least height of what is shown, about 670 m: a single camera has its surroundings."""
_MOST_LINES: Final = 5
_LONGEST_BAR: Final = 180
_MERIDIAN_M: Final = 111_195.0
"""Meters of a degree of latitude, of the sphere of `pipeline.domain.route`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A camera of the map.

    Attributes:
        camera_id: its id; at: its coordinates.
        kind: class of its drawing; several cameras at one spot have that of the first kind in `camera_map`'s order.
        text: what is said of it, beside its id; link: an address, "" for none.
    """

    camera_id: str
    at: GeoPoint
    kind: str
    text: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """One or several cameras that are drawn at one point.

    Attributes:
        x, y: of it; kind: see `Place`; places: the cameras.
        number: what the spot is called in the table beside the map.
    """

    x: int
    y: int
    kind: str
    places: tuple[Place, ...]
    number: int


@dataclass(frozen=True, slots=True)
class CameraMap:
    """A drawing.

    Attributes:
        spots: in the order of their places; ways: points of a polyline each, with those of its arrowless ends.
        parallels: y and degrees of latitude; meridians: x and degrees of longitude.
        bar, bar_m: units and meters of the scale's bar.
        unlocated: ids of cameras without coordinates, sorted.
    """

    spots: tuple[Spot, ...]
    ways: tuple[tuple[tuple[int, int], tuple[int, int]], ...]
    parallels: tuple[tuple[int, float], ...]
    meridians: tuple[tuple[int, float], ...]
    bar: int
    bar_m: int
    unlocated: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _View:
    """What the drawing shows: an equirectangular projection, true to scale at its middle."""

    middle: GeoPoint
    per_degree: float

    @classmethod
    def of(cls, points: Sequence[GeoPoint]) -> _View:
        south, north = min(one.latitude for one in points), max(one.latitude for one in points)
        west, east = min(one.longitude for one in points), max(one.longitude for one in points)
        middle = GeoPoint((south + north) / 2, (west + east) / 2)
        high = max(north - south, _LEAST_DEGREES)
        wide = max((east - west) * _squeeze(middle), _LEAST_DEGREES)
        return cls(middle, min((HEIGHT - 2 * _MARGIN) / high, (WIDTH - 2 * _MARGIN) / wide))

    def x(self, longitude: float) -> int:
        return round(WIDTH / 2 + (longitude - self.middle.longitude) * _squeeze(self.middle) * self.per_degree)

    def y(self, latitude: float) -> int:
        return round(HEIGHT / 2 - (latitude - self.middle.latitude) * self.per_degree)


class Registered(Protocol):
    """A camera of the registry, as it is stored or answered."""

    @property
    def camera_id(self) -> str:
        """Its id."""
        ...

    @property
    def latitude(self) -> float | None:
        """Degrees; None where it is not known."""
        ...

    @property
    def longitude(self) -> float | None:
        """Degrees; None where it is not known."""
        ...


def located(cameras: Iterable[Registered]) -> dict[str, GeoPoint]:
    """The coordinates of cameras that have some, by id, in their order."""
    return {
        one.camera_id: GeoPoint(one.latitude, one.longitude)
        for one in cameras
        if one.latitude is not None and one.longitude is not None
    }


def camera_map(
    places: Sequence[Place], ways: Sequence[tuple[str, str]] = (), unlocated: Iterable[str] = ()
) -> CameraMap | None:
    """The map of some cameras; None without any that has coordinates.

    Args:
        places: in the order in which spots are numbered, and their kinds matter.
        ways: from camera to camera; those of cameras without a place are not drawn.
        unlocated: ids of cameras without coordinates.
    """
    if not places:
        return None
    view = _View.of([one.at for one in places])
    spots = _spots(places, view)
    points = {place.camera_id: (spot.x, spot.y) for spot in spots for place in spot.places}
    drawn = dict.fromkeys((points[one], points[other]) for one, other in ways if one in points and other in points)
    bar_m = _nice(_LONGEST_BAR / view.per_degree * _MERIDIAN_M)
    return CameraMap(
        spots=tuple(spots),
        ways=tuple(way for way in drawn if way[0] != way[1]),
        parallels=tuple((view.y(at), at) for at in _net(view.middle.latitude, HEIGHT / view.per_degree)),
        meridians=tuple(
            (view.x(at), at) for at in _net(view.middle.longitude, WIDTH / view.per_degree / _squeeze(view.middle))
        ),
        bar=round(bar_m / _MERIDIAN_M * view.per_degree),
        bar_m=round(bar_m),
        unlocated=tuple(sorted(set(unlocated))),
    )


def _spots(places: Sequence[Place], view: _View) -> list[Spot]:
    found: list[tuple[int, int, list[Place]]] = []
    for place in places:
        x, y = view.x(place.at.longitude), view.y(place.at.latitude)
        near = next((one for one in found if math.dist((x, y), one[:2]) < _NEAR), None)
        if near is None:
            found.append((x, y, [place]))
        else:
            near[2].append(place)
    return [Spot(x, y, own[0].kind, tuple(own), number) for number, (x, y, own) in enumerate(found, start=1)]


def _net(middle: float, span: float) -> list[float]:
    """Round degrees that lie within a span."""
    step = _nice(span / _MOST_LINES, upwards=True)
    first = math.ceil((middle - span / 2) / step)
    last = math.floor((middle + span / 2) / step)
    return [round(number * step, 6) for number in range(first, last + 1)]


def _nice(value: float, *, upwards: bool = False) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    steps = [power * one for one in (1, 2, 5, 10)]
    return min(one for one in steps if one >= value) if upwards else max(one for one in steps if one <= value)


def _squeeze(middle: GeoPoint) -> float:
    """How much shorter a degree of longitude is than one of latitude."""
    return max(math.cos(math.radians(middle.latitude)), 0.01)
