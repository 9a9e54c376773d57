"""Traffic figures of one minute: crossings of lines and occupancy of zones, by class, as events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from pipeline.analytics.calibration import Calibration
from pipeline.domain.event_identity import UNIDENTIFIED
from pipeline.domain.events import LineCountEvent, ZoneStateEvent
from pipeline.domain.labels import Label
from pipeline.domain.polygon import polygon_area
from pipeline.domain.speed_histogram import encode_speeds, percentile
from pipeline.domain.traffic_areas import TrafficAreas, Zone

_V85: Final = 0.85


class Crossing(NamedTuple):
    """A crossing that counts.

    Attributes:
        line: number of the line among the camera's; direction: 1 for forward, -1 for backward.
        label: of the road user; at_ms: when it crossed, milliseconds since 1970 UTC.
        speed_m_s: None where it is not known.
    """

    line: int
    direction: int
    label: Label
    at_ms: int
    speed_m_s: float | None


@dataclass(slots=True)
class _Occupancy:
    """Road users of a class in a zone: sums over time, and the largest numbers."""

    seconds: float = 0.0
    most: int = 0
    standing_s: float = 0.0
    most_standing: int = 0

    def add(self, number: int, standing: int, passed_s: float) -> None:
        self.seconds += number * passed_s
        self.standing_s += standing * passed_s
        self.most, self.most_standing = max(self.most, number), max(self.most_standing, standing)


@dataclass(slots=True)
class MinuteFigures:
    """Figures of one minute of one session, while it lasts.

    Attributes:
        crossings: that count, in any order; seen_s: seconds of which frames were analyzed.
    """

    crossings: list[Crossing] = field(default_factory=list)
    seen_s: float = 0.0
    _zones: defaultdict[tuple[int, Label], _Occupancy] = field(default_factory=lambda: defaultdict(_Occupancy))

    def occupy(self, zone: int, label: Label, number: int, standing: int, passed_s: float) -> None:
        """Add a frame: road users of a class in a zone, how many of them stand, and the time the frame stands for."""
        self._zones[zone, label].add(number, standing, passed_s)

    def zones(self) -> Iterator[tuple[int, Label, _Occupancy]]:
        """Every zone and class with any, in order."""
        for (zone, label), occupancy in sorted(self._zones.items(), key=lambda item: item[0]):
            yield zone, label, occupancy


@dataclass(frozen=True, slots=True)
class _Ground:
    """A zone on the road: its area, and its length along the direction of travel; None where they are not known."""

    area_m2: float | None = None
    length_m: float | None = None


class FigureEvents:
    """Makes the events of minutes, without their ids.

    Args:
        camera_id, stream_id: camera and session.
        areas: the camera's zones and lines.
        calibration: of the camera; None for no speeds and densities.
    """

    def __init__(self, camera_id: str, stream_id: str, areas: TrafficAreas, calibration: Calibration | None) -> None:
        self._camera_id = camera_id
        self._stream_id = stream_id
        self._areas = areas
        self._version = areas.version
        self._ground = [_Ground() if calibration is None else _on_ground(zone, calibration) for zone in areas.zones]
        self._last_ms: dict[tuple[int, int], int] = {}

    def of(self, minute_ms: int, figures: MinuteFigures) -> list[LineCountEvent | ZoneStateEvent]:
        """The events of a minute: lines, then zones, each by class. Minutes come in the order of their reports."""
        return [*self._of_lines(minute_ms, figures.crossings), *self._of_zones(minute_ms, figures)]

    def _of_lines(self, minute_ms: int, crossings: Iterable[Crossing]) -> Iterator[LineCountEvent]:
        groups: defaultdict[tuple[int, int, Label], list[tuple[Crossing, float | None]]] = defaultdict(list)
        for crossing in sorted(crossings, key=lambda one: one.at_ms):
            way = crossing.line, crossing.direction
            last_ms = self._last_ms.get(way)
            headway_s = None if last_ms is None or last_ms > crossing.at_ms else (crossing.at_ms - last_ms) / 1000
            self._last_ms[way] = crossing.at_ms
            groups[*way, crossing.label].append((crossing, headway_s))
        for (number, direction, label), group in sorted(groups.items(), key=lambda item: item[0]):
            line = self._areas.lines[number]
            speeds = [one.speed_m_s for one, _ in group if one.speed_m_s is not None]
            headways = [headway_s for _, headway_s in group if headway_s is not None]
            yield LineCountEvent(
                event_id=UNIDENTIFIED,
                camera_id=self._camera_id,
                ts_ms=minute_ms,
                line=line.name,
                direction=line.direction(direction),
                label=label.word,
                count=len(group),
                stream_id=self._stream_id,
                areas=self._version,
                speeds=encode_speeds(speeds),
                mean_m_s=round(sum(speeds) / len(speeds), 2) if speeds else None,
                p85_m_s=round(percentile(speeds, _V85), 2) if speeds else None,
                headway_s=round(sum(headways) / len(headways), 2) if headways else None,
            )

    def _of_zones(self, minute_ms: int, figures: MinuteFigures) -> Iterator[ZoneStateEvent]:
        seen_s = min(figures.seen_s, 60.0)
        for number, label, occupancy in figures.zones():
            zone, ground = self._areas.zones[number], self._ground[number]
            mean = occupancy.seconds / figures.seen_s if figures.seen_s > 0 else 0.0
            standing = occupancy.standing_s / figures.seen_s if figures.seen_s > 0 else 0.0
            yield ZoneStateEvent(
                event_id=UNIDENTIFIED,
                camera_id=self._camera_id,
                ts_ms=minute_ms,
                zone=zone.name,
                label=label.word,
                occupancy=round(mean, 4),
                occupancy_max=occupancy.most,
                queue=round(standing, 4),
                queue_max=occupancy.most_standing,
                seen_s=round(seen_s, 2),
                stream_id=self._stream_id,
                areas=self._version,
                density_m2=_share(mean, ground.area_m2),
                density_km=_share(1000 * mean, ground.length_m),
            )


def _share(number: float, of: float | None) -> float | None:
    return None if of is None else round(number / of, 6)


def _on_ground(zone: Zone, calibration: Calibration) -> _Ground:
    """A zone's size on the road; of a zone that reaches the horizon none."""
    corners = calibration.to_ground(zone.polygon, 1, 1)
    if not np.isfinite(corners).all():
        return _Ground()
    area_m2 = polygon_area([(float(x), float(y)) for x, y in corners])
    if area_m2 < 1:
        return _Ground()
    if zone.heading is None:
        return _Ground(area_m2)
    start, end = calibration.to_ground(zone.heading, 1, 1)
    way = np.linalg.norm(end - start)
    if not np.isfinite(way) or way <= 0:
        return _Ground(area_m2)
    return _Ground(area_m2, float(np.ptp(corners @ ((end - start) / way))) or None)
