"""The rules on plate reads of all live cameras, and their incidents."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from pipeline.alerting.plates.possible_clone import PossibleClone
from pipeline.alerting.plates.vehicle_finding import PlateRule, VehicleFinding
from pipeline.alerting.plates.watched_convoy import WatchedConvoy
from pipeline.alerting.settings import AlertSettings
from pipeline.domain.events import AlertEvent, Event, PlateReadEvent
from pipeline.domain.route import GeoPoint
from pipeline.domain.times import HOUR_MS
from pipeline.domain.vehicle_incidents import VehicleIncidents

_QUIET_MS: Final = HOUR_MS
"""Time without an observation after which an incident ends."""


class VehicleRules:
    """Possible clones, and convoys with listed vehicles. One thread at a time.

    Reads are remembered in the memory, for hours at most; an alert names events, never a plate.
    """

    def __init__(self) -> None:
        self._settings = AlertSettings()
        self._rules: list[PlateRule] = _rules(self._settings)
        self._places: dict[str, GeoPoint | None] = {}
        self._incidents = VehicleIncidents(_QUIET_MS)
        self._begun: dict[tuple[str, str], deque[int]] = {}

    def watch(self, camera_id: str, place: GeoPoint | None, settings: AlertSettings) -> None:
        """Take the reads of a live camera.

        Args:
            camera_id: the camera; place: its coordinates, None where unknown.
            settings: of all cameras.
        """
        self._places[camera_id] = place
        if settings != self._settings:
            self._settings, self._rules = settings, _rules(settings)

    def forget(self, camera_id: str) -> None:
        """Take no more reads of a camera that was removed."""
        self._places.pop(camera_id, None)

    def observe(self, events: Iterable[Event]) -> list[AlertEvent]:
        """Alerts that follow from events; of cameras that are not watched, none do.

        Args:
            events: that have left.
        """
        places = {camera_id: place for camera_id, place in self._places.items() if place is not None}
        return [
            alert
            for event in events
            if isinstance(event, PlateReadEvent | AlertEvent) and event.camera_id in self._places
            for rule in self._rules
            for finding in rule.observe(event, places)
            if (alert := self._alert(finding)) is not None
        ]

    def due(self, now_ms: int) -> list[AlertEvent]:
        """Ends of incidents.

        Args:
            now_ms: milliseconds since 1970 UTC.
        """
        return self._incidents.due(now_ms)

    def close(self, now_ms: int) -> list[AlertEvent]:
        """Ends of all incidents: no one watches any more."""
        return self._incidents.close(now_ms)

    def _alert(self, finding: VehicleFinding) -> AlertEvent | None:
        """The alert of a finding; None where people cannot take one more incident of its rule and camera this hour."""
        if not self._incidents.knows(finding.key):
            alert = finding.alert
            begun = self._begun.setdefault((alert.camera_id, alert.rule), deque(maxlen=1000))
            while begun and alert.ts_ms - begun[0] >= HOUR_MS:
                begun.popleft()
            if len(begun) >= self._settings.most_per_hour:
                return None
            begun.append(alert.ts_ms)
        return self._incidents.add(finding.key, finding.alert)


def _rules(settings: AlertSettings) -> list[PlateRule]:
    rules: list[PlateRule] = [PossibleClone(settings.clones.limits), WatchedConvoy(settings.convoys)]
    return [rule for rule in rules if rule.rule.value not in settings.off]
