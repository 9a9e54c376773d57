"""Routes of vehicles: the legs between reads of a plate, and legs that no vehicle can drive."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final

import msgspec

_EARTH_M: Final = 6_371_008.8
"""Mean radius of the Earth (IUGG), meters; as a sphere it is wrong by up to 0.5 % of a distance."""


class ReadSummary(msgspec.Struct, frozen=True, array_like=True):
    """When and where a plate was read.

    Attributes:
        ts_ms: milliseconds since 1970 UTC.
        camera_id: the camera.
        plate: text as read.
        event_id: of the `PlateReadEvent`.
    """

    ts_ms: int
    camera_id: str
    plate: str
    event_id: uuid.UUID


class VehicleReads(msgspec.Struct, frozen=True, kw_only=True):
    """All reads of the vehicle with this `plate_key`, oldest first."""

    plate_key: str
    reads: list[ReadSummary]


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A point on the Earth: degrees, WGS 84."""

    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """From one read of a vehicle to the next.

    Attributes:
        plate_key: of the vehicle.
        from_camera_id, from_ts_ms, from_plate, from_event_id: the earlier read; to_…: the later one.
        seconds: between them.
        distance_m: great-circle distance of the cameras, meters; the road is longer. None when one has no coordinates.
        speed_km_h: distance over time; None without a distance, or when no time went by.
        reads: that it joins; more than two where one camera read the vehicle again and again, see `without_standing`.
    """

    plate_key: str
    from_ts_ms: int
    from_camera_id: str
    from_plate: str
    from_event_id: uuid.UUID
    to_ts_ms: int
    to_camera_id: str
    to_plate: str
    to_event_id: uuid.UUID
    seconds: float
    distance_m: float | None
    speed_km_h: float | None
    reads: int = 2

    @property
    def is_standing(self) -> bool:
        """Whether it leads from a camera to itself."""
        return self.from_camera_id == self.to_camera_id


@dataclass(frozen=True, slots=True)
class DrivingLimits:
    """What a vehicle can do, and the tolerances of cameras.

    Attributes:
        speed_km_h: the highest speed of any vehicle, as the crow flies, 1 to 2000 km/h.
        distance_m: cameras at most this far apart may see one vehicle at the same time, meters.
        clock_s: the largest difference between the cameras' clocks, 0 to 86,400 seconds.
    """

    speed_km_h: Annotated[float, msgspec.Meta(ge=1, le=2000)] = 180
    distance_m: Annotated[float, msgspec.Meta(ge=0)] = 300
    clock_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 5


def distance_m(one: GeoPoint, other: GeoPoint) -> float:
    """Great-circle distance, meters (haversine formula: Sinnott, Sky and Telescope 68, 1984)."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    rise = math.sin((south - north) / 2) ** 2
    turn = math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, rise + math.cos(north) * math.cos(south) * turn)))


def legs(plate_key: str, reads: Iterable[ReadSummary], locations: Mapping[str, GeoPoint]) -> list[Leg]:
    """The legs between consecutive reads, oldest first; a read that occurs twice counts once.

    Args:
        plate_key: of the vehicle.
        reads: of it, in any order.
        locations: coordinates of cameras, by id.
    """
    ordered = sorted({read.event_id: read for read in reads}.values(), key=lambda read: (read.ts_ms, read.camera_id))
    return [_leg(plate_key, before, after, locations) for before, after in pairwise(ordered)]


def without_standing(route: Sequence[Leg]) -> list[Leg]:
    """The same with one leg for all that follow one another at one camera, from its first read to its last.

    Args:
        route: legs of one vehicle, each beginning where the one before ended.
    """
    joined: list[Leg] = []
    for leg in route:
        before = joined[-1] if joined else None
        if before is not None and before.is_standing and leg.is_standing:
            joined[-1] = msgspec.structs.replace(
                before,
                to_ts_ms=leg.to_ts_ms,
                to_plate=leg.to_plate,
                to_event_id=leg.to_event_id,
                seconds=(leg.to_ts_ms - before.from_ts_ms) / 1000,
                reads=before.reads + 1,
            )
        else:
            joined.append(leg)
    return joined


def impossible_legs(vehicle: VehicleReads, locations: Mapping[str, GeoPoint], limits: DrivingLimits) -> list[Leg]:
    """The legs that no vehicle can drive, oldest first: two vehicles bear this plate, or a plate was misread.

    Reads by cameras without coordinates are left out: the reads before and after them are compared instead.
    """
    located = [read for read in vehicle.reads if read.camera_id in locations]
    return [leg for leg in legs(vehicle.plate_key, located, locations) if _is_impossible(leg, limits)]


def longest_drive_s(points: Sequence[GeoPoint], limits: DrivingLimits) -> float:
    """An upper bound on the seconds that a drive between any two of these points takes at the speed limit.

    Reads further apart in time can be no impossible leg. The bound is twice the way from the first point.
    """
    furthest_m = 2 * max((distance_m(points[0], point) for point in points), default=0.0) if points else 0.0
    return furthest_m / (limits.speed_km_h / 3.6)


def _leg(plate_key: str, before: ReadSummary, after: ReadSummary, locations: Mapping[str, GeoPoint]) -> Leg:
    seconds = (after.ts_ms - before.ts_ms) / 1000
    meters = _between(before.camera_id, after.camera_id, locations)
    return Leg(
        plate_key=plate_key,
        from_ts_ms=before.ts_ms,
        from_camera_id=before.camera_id,
        from_plate=before.plate,
        from_event_id=before.event_id,
        to_ts_ms=after.ts_ms,
        to_camera_id=after.camera_id,
        to_plate=after.plate,
        to_event_id=after.event_id,
        seconds=seconds,
        distance_m=None if meters is None else round(meters, 1),
        speed_km_h=None if meters is None or not seconds else round(meters / seconds * 3.6, 1),
    )


def _between(camera_id: str, other_id: str, locations: Mapping[str, GeoPoint]) -> float | None:
    if camera_id == other_id:
        return 0.0
    if camera_id not in locations or other_id not in locations:
        return None
    return distance_m(locations[camera_id], locations[other_id])


def _is_impossible(leg: Leg, limits: DrivingLimits) -> bool:
    if leg.distance_m is None or leg.distance_m <= limits.distance_m:
        return False
    return leg.distance_m / (limits.speed_km_h / 3.6) > leg.seconds + limits.clock_s
