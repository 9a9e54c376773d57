"""One analyzed frame as rules see it: objects, standing vehicles, zones, and who moved where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.alerting.followed_object import FollowedObject
from pipeline.alerting.standing_places import StandingPlace
from pipeline.alerting.zone_motion import ZoneMotion
from pipeline.domain.traffic_areas import TrafficAreas, Zone, ZoneKind


@dataclass(frozen=True, slots=True)
class Scene:
    """What is known of a camera's view at one frame.

    Attributes:
        now_s: time of the frame, seconds; only differences matter, and it never goes back.
        ts_ms: the same by the camera's clock, milliseconds since 1970 UTC.
        watched_s: how long the camera has been watched without an interruption.
        width, height: of the image, pixels.
        areas: zones and lines.
        objects: persons and vehicles in the frame, without second boxes of one vehicle, riders and passengers.
        standing: places where vehicles stand, also those that others hide just now.
        motion: who moved in which zone.
    """

    now_s: float
    ts_ms: int
    watched_s: float
    width: int
    height: int
    areas: TrafficAreas
    objects: Sequence[FollowedObject]
    standing: Sequence[StandingPlace] = ()
    motion: ZoneMotion = field(default_factory=ZoneMotion)

    def zones(self, *kinds: ZoneKind) -> tuple[Zone, ...]:
        """Zones of these kinds."""
        return self.areas.of_kind(*kinds)

    def names(self, *kinds: ZoneKind) -> frozenset[str]:
        """Names of the zones of these kinds."""
        return frozenset(zone.name for zone in self.zones(*kinds))

    def within(self, zone: Zone) -> Iterator[FollowedObject]:
        """The objects in a zone."""
        return (one for one in self.objects if zone.name in one.zones)

    def contains(self, zones: Iterable[Zone], point: tuple[float, float]) -> Zone | None:
        """The first of some zones that a point, in pixels, lies in."""
        share = [(point[0] / self.width, point[1] / self.height)]
        return next((zone for zone in zones if zone.contains(share)[0]), None)
