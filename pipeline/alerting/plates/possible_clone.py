"""Possible clones: one plate at two places, faster than a vehicle can drive."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from pipeline.alerting.plates.vehicle_finding import VehicleFinding, is_sure, read_alert
from pipeline.domain.alert_figures import Figure
from pipeline.domain.events import AlertEvent, AlertRule, PlateReadEvent, Severity
from pipeline.domain.route import DrivingLimits, GeoPoint, distance_m
from pipeline.domain.times import HOUR_MS

_REMEMBERED_MS: Final = 3 * HOUR_MS
"""Longer than a drive through a city; of reads further apart `viapublica clones` reports."""
_MOST: Final = 200_000


class _LastRead(NamedTuple):
    ts_ms: int
    camera_id: str
    event_id: str


class PossibleClone:
    """A plate that is read at two cameras within less time than a vehicle needs between them.

    Sees: two vehicles that bear one plate. The way is as the crow flies, the speed the highest of any vehicle.

    Misses: clones that are never far apart at one time, reads that the vote is not sure of, cameras without
    coordinates. A plate that is misread as another one is taken for a clone.

    Args:
        limits: what a vehicle can do.
    """

    rule: Final = AlertRule.POSSIBLE_CLONE

    def __init__(self, limits: DrivingLimits | None = None) -> None:
        self._limits = limits or DrivingLimits()
        self._last: OrderedDict[str, _LastRead] = OrderedDict()

    def observe(self, event: PlateReadEvent | AlertEvent, places: Mapping[str, GeoPoint]) -> Iterator[VehicleFinding]:
        """What one more event shows.

        Args:
            event: of a live camera; places: coordinates of cameras.
        """
        if not isinstance(event, PlateReadEvent) or not is_sure(event) or event.camera_id not in places:
            return
        before = self._last.get(event.plate_key)
        if before is None or event.ts_ms >= before.ts_ms:
            self._remember(event)
        if before is None or before.camera_id not in places:
            return
        seconds = abs(event.ts_ms - before.ts_ms) / 1000
        meters = distance_m(places[before.camera_id], places[event.camera_id])
        if meters <= self._limits.distance_m or seconds * 1000 > _REMEMBERED_MS:
            return
        if meters / (self._limits.speed_km_h / 3.6) <= seconds + self._limits.clock_s:
            return
        figures = {Figure.KILOMETERS: round(meters / 1000, 1)}
        if seconds >= 1:
            figures[Figure.SPEED_KM_H] = round(meters / seconds * 3.6)
        evidence = f"{before.event_id} {event.event_id}"
        alert = read_alert(self.rule, Severity.WARNING, event, figures, evidence, subject=before.camera_id)
        yield VehicleFinding((self.rule, event.plate_key), alert)

    def _remember(self, event: PlateReadEvent) -> None:
        self._last[event.plate_key] = _LastRead(event.ts_ms, event.camera_id, str(event.event_id))
        self._last.move_to_end(event.plate_key)
        while len(self._last) > _MOST or event.ts_ms - next(iter(self._last.values())).ts_ms > _REMEMBERED_MS:
            self._last.popitem(last=False)
