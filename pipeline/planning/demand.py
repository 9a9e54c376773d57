"""Demand: the cameras that are planned for, and what their events and recordings amount to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.domain.event_kinds import SPECS
from pipeline.domain.events import Kind
from pipeline.planning.measured import Codec, Traffic
from pipeline.planning.ranges import Range, exactly
from pipeline.planning.statements import Statement

_ANY_VEHICLES: Final = Range(500, 5_000, 25_000)
"""Vehicles a day that pass one camera: a side street, a main street, a motorway."""
_VEHICLES: Final[Mapping[Traffic, Range]] = {
    Traffic.EMPTY: Range(100, 500, 2_000),
    Traffic.ORDINARY: Range(2_000, 5_000, 12_000),
    Traffic.DENSE: Range(10_000, 25_000, 60_000),
}
_BITS_PER_PIXEL: Final[Mapping[Codec, Range]] = {
    Codec.H264: Range(0.04, 0.08, 0.12),
    Codec.HEVC: Range(0.025, 0.05, 0.08),
}
_TRACKS_PER_VEHICLE: Final = Range(1.0, 1.2, 2.0)
"""Interrupted tracks count twice; persons in view have tracks of their own."""
_MINUTES: Final = 1440.0
_CLASSES_PER_MINUTE: Final = 3.0
_DIRECTIONS: Final = 2.0
_AREAS: Final = Range(0, 1, 4)
"""Lines, and zones, of a camera: none, one, or one for each lane and crossing."""
_MINUTES_IN_ZONE: Final = Range(1.0, 1.2, 2.0)
"""Minutes that have a road user: the next one as well where it came late in one, or stands."""
_LIFE_SIGNS: Final = 288.0
"""A day: one every five minutes."""
UNLIMITED_DAYS: Final = 365


def default_retention() -> dict[Kind, int | None]:
    """Days that the event store retains each kind without a configuration."""
    return {kind: spec.retention_days for kind, spec in SPECS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """The cameras that are planned for.

    Attributes:
        cameras: how many; None: as many as one machine carries.
        size, fps, codec: of their video; rate: frames per second that may be analyzed.
        traffic: in view; None: anything from empty to dense.
        load: share of a machine's capacity that is planned with, 0 to 1.
        bitrate_mbit: of one camera's video, Mbit/s, and where it is from; None: estimated.
        record_days: days that video is recorded; 0 records nothing.
        vehicles: that pass one camera in a day; None: estimated.
        lines, zones: mean numbers of a camera; None: estimated.
        retention: days by kind of event; None for a kind without limit.
        kafka: whether events go through Kafka; keep_hours: that its topics retain; replication: copies of a topic.
        store_copies: of the event store.
    """

    cameras: int | None = None
    size: str = "1920x1080"
    fps: float = 25.0
    codec: Codec = Codec.H264
    rate: float = 5.0
    traffic: Traffic | None = None
    load: float = 0.8
    bitrate_mbit: tuple[Range, Statement] | None = None
    record_days: int = 7
    vehicles: float | None = None
    lines: float | None = None
    zones: float | None = None
    retention: Mapping[Kind, int | None] = field(default_factory=default_retention)
    kafka: bool = True
    keep_hours: int = 72
    replication: int = 3
    store_copies: int = 2

    def bitrate(self) -> tuple[Range, Statement]:
        """Mbit/s of one camera, and where it is from."""
        if self.bitrate_mbit is not None:
            return self.bitrate_mbit
        width, height = map(int, self.size.split("x"))
        bits = _BITS_PER_PIXEL[self.codec]
        assumed = Statement(
            "bit rate: not measured; {low} to {high} bit per pixel of {codec}. Give --bitrate, or --config with "
            "recordings",
            low=bits.low,
            high=bits.high,
            codec=self.codec.value,
        )
        return bits.times(width * height * self.fps / 1e6), assumed

    def vehicles_a_day(self) -> tuple[Range, Statement]:
        """Vehicles that pass one camera in a day, and where the number is from."""
        if self.vehicles is not None:
            return exactly(self.vehicles), Statement(
                "vehicles: {number} a day and camera, as given", number=self.vehicles
            )
        found = _ANY_VEHICLES if self.traffic is None else _VEHICLES[self.traffic]
        assumed = Statement(
            "vehicles: not measured; {low} to {high} a day and camera. Give --vehicles", low=found.low, high=found.high
        )
        return found, assumed

    def events_a_day(self) -> dict[Kind, Range]:
        """Events of one camera in a day, by kind; alerts are too few to count."""
        vehicles = self.vehicles_a_day()[0]
        tracks = vehicles.times(_TRACKS_PER_VEHICLE)
        lines, zones = self._areas()
        classes = _MINUTES * _CLASSES_PER_MINUTE
        return {
            Kind.PLATE_READ: vehicles,
            Kind.TRACK: tracks,
            # One for each class that passes in a minute.
            Kind.COUNT: tracks.each(lambda number: min(number, classes)),
            # One for each line, direction and class with a crossing in a minute.
            Kind.LINE_COUNT: vehicles.each(lambda number: min(number, _DIRECTIONS * classes)).times(lines),
            Kind.ZONE_STATE: tracks.times(_MINUTES_IN_ZONE).each(lambda number: min(number, classes)).times(zones),
            Kind.HEALTH: exactly(_LIFE_SIGNS),
        }

    def _areas(self) -> tuple[Range, Range]:
        """Lines and zones of one camera."""
        lines = _AREAS if self.lines is None else exactly(self.lines)
        return lines, _AREAS if self.zones is None else exactly(self.zones)

    def assumptions(self) -> list[Statement]:
        """What the numbers of events rest on."""
        stated = [
            self.vehicles_a_day()[1],
            Statement(
                "events: a plate read and {low} to {high} tracks a vehicle, counts for at most {classes} classes a "
                "minute",
                low=_TRACKS_PER_VEHICLE.low,
                high=_TRACKS_PER_VEHICLE.high,
                classes=_CLASSES_PER_MINUTE,
            ),
        ]
        lines, zones = self._areas()
        if self.lines is None or self.zones is None:
            stated.append(
                Statement(
                    "lines and zones: {low} to {high} of each a camera. Give --config with those that are drawn",
                    low=_AREAS.low,
                    high=_AREAS.high,
                )
            )
        else:
            stated.append(
                Statement(
                    "lines and zones: {lines} and {zones} a camera, as configured", lines=lines.low, zones=zones.low
                )
            )
        if any(days is None for days in self.retention.values()):
            stated.append(Statement("retention without limit is counted as {days} days", days=UNLIMITED_DAYS))
        return stated
