"""Where a plate went: sightings, the legs between them, and legs that no vehicle can drive."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Protocol

import msgspec

_EARTH_M: Final = 6_371_008.8
"""Mean radius of the Earth (IUGG), meters; as a sphere it is wrong by up to 0.5 % of a distance."""


class Sighting(Protocol):
    """A camera read the plate; a `PlateReadEvent` is one."""

    @property
    def event_id(self) -> uuid.UUID:
        """Of the read."""

    @property
    def camera_id(self) -> str:
        """Which camera."""

    @property
    def ts_ms(self) -> int:
        """When, milliseconds since 1970 UTC."""

    @property
    def plate(self) -> str:
        """Text as read."""


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """A sighting and nothing more; fields as in `Sighting`."""

    ts_ms: int
    camera_id: str
    plate: str
    event_id: uuid.UUID


class Trail(msgspec.Struct, frozen=True, kw_only=True):
    """All sightings of the vehicle with this `plate_key`, oldest first."""

    plate_key: str
    seen: list[Seen]


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the Earth: degrees, WGS 84."""

    latitude: float
    longitude: float


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """From one sighting to the next.

    Attributes:
        plate_key: of the vehicle.
        from_camera_id, from_ts_ms, from_plate, from_event_id: the sighting before; to_…: the one after it.
        seconds: between them.
        distance_m: great-circle distance of the cameras, meters; the road is longer. None when one has no place.
        speed_km_h: distance over time; None without a distance, or when no time went by.
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


@dataclass(frozen=True, slots=True)
class Limits:
    """What a vehicle can do, and what cameras may get wrong.

    Attributes:
        speed_km_h: no vehicle goes faster, as the crow flies.
        distance_m: cameras that are not further apart may see one vehicle at the same time.
        clock_s: how far the cameras' clocks may lie apart, seconds.
    """

    speed_km_h: float = 180
    distance_m: float = 300
    clock_s: float = 5


def distance_m(one: Place, other: Place) -> float:
    """Great-circle distance, meters (haversine formula: Sinnott, Sky and Telescope 68, 1984)."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    rise = math.sin((south - north) / 2) ** 2
    turn = math.sin(math.radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, rise + math.cos(north) * math.cos(south) * turn)))


def legs(plate_key: str, seen: Iterable[Sighting], places: Mapping[str, Place]) -> list[Leg]:
    """The legs between consecutive sightings, oldest first; a read that comes twice counts once.

    Args:
        plate_key: of the vehicle.
        seen: its sightings, in any order.
        places: where cameras are, by id.
    """
    ordered = sorted({one.event_id: one for one in seen}.values(), key=lambda one: (one.ts_ms, one.camera_id))
    return [_leg(plate_key, before, after, places) for before, after in pairwise(ordered)]


def impossible_legs(trail: Trail, places: Mapping[str, Place], limits: Limits) -> list[Leg]:
    """The legs that no vehicle can drive, oldest first: two vehicles bear this plate, or a plate was misread.

    Sightings by cameras without a place are left out: what lies before and after them is compared instead.
    """
    known = [one for one in trail.seen if one.camera_id in places]
    return [leg for leg in legs(trail.plate_key, known, places) if _is_impossible(leg, limits)]


def longest_drive_s(places: Sequence[Place], limits: Limits) -> float:
    """Seconds within which any vehicle gets from any of these places to any other at the limit of speed, at most.

    Sightings further apart in time can be no impossible leg. An upper bound: twice the way from the first place.
    """
    furthest_m = 2 * max((distance_m(places[0], place) for place in places), default=0.0) if places else 0.0
    return furthest_m / (limits.speed_km_h / 3.6)


def _leg(plate_key: str, before: Sighting, after: Sighting, places: Mapping[str, Place]) -> Leg:
    seconds = (after.ts_ms - before.ts_ms) / 1000
    meters = _between(before.camera_id, after.camera_id, places)
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


def _between(camera_id: str, other_id: str, places: Mapping[str, Place]) -> float | None:
    if camera_id == other_id:
        return 0.0
    if camera_id not in places or other_id not in places:
        return None
    return distance_m(places[camera_id], places[other_id])


def _is_impossible(leg: Leg, limits: Limits) -> bool:
    if leg.distance_m is None or leg.distance_m <= limits.distance_m:
        return False
    return leg.distance_m / (limits.speed_km_h / 3.6) > leg.seconds + limits.clock_s
