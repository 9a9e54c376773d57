"""Alert rules of a run: observers of each camera's tracks, and the incidents that live cameras share."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from pipeline.alerting.alert_observer import AlertObserver
from pipeline.alerting.incidents import Incidents, Place
from pipeline.alerting.limits import Limits
from pipeline.alerting.plates.vehicle_rules import VehicleRules
from pipeline.alerting.rule_set import scene_rules
from pipeline.alerting.usual import Usual
from pipeline.alerting.usual_file import UsualFiles
from pipeline.config.camera_settings import CameraSettings
from pipeline.config.settings import Config
from pipeline.domain.clock import SystemClock
from pipeline.domain.events import AlertEvent, AlertRule, Event
from pipeline.domain.frame import Frame
from pipeline.domain.incident_feedback import Tuning, Tunings
from pipeline.domain.ports import Clock
from pipeline.domain.route import GeoPoint
from pipeline.domain.times import find_zone
from pipeline.policy.scope import is_sensitive

_log = structlog.get_logger(__name__)
_STORED_S: Final = 600.0
"""Time between two writes of the usual figures: a kill loses so much of a history of weeks."""


class AlertRules:
    """Makes the rules of sessions, and knows the incidents and usual figures of live cameras.

    Used by the thread that runs the engine.

    Args:
        files: usual figures on the disk; None where none are learned.
        clock: of incidents about vehicles.
        tunings: what people's feedback has changed, by camera and rule, as it is now.
    """

    def __init__(
        self,
        files: UsualFiles | None = None,
        clock: Clock | None = None,
        tunings: Callable[[], Tunings] = dict,
    ) -> None:
        self._files = files
        self._tunings = tunings
        self._clock = clock or SystemClock()
        self._incidents = Incidents()
        self._incidents.tuned = lambda camera_id, rule: self._tuning(camera_id, rule).grouping
        self._vehicles = VehicleRules()
        self._usual: dict[str, Usual] = {}
        self._stored_s = time.monotonic()

    def observer(self, config: Config, camera: CameraSettings, first: Frame, *, live: bool) -> AlertObserver:
        """The rules of a new session.

        Args:
            config: of the run; camera: of the session.
            first: its first frame.
            live: of a live camera; recorded video has incidents of its own and teaches nothing.
        """
        settings = config.alerts.of_camera(camera.alerts)
        usual = self._usual_of(camera.id) if live and settings.learn else None
        rules = scene_rules(
            Limits(settings.thresholds, usual, self._tuned(camera.id, live=live)),
            settings.off,
            camera.alerts.closed,
            find_zone(config.zone),
        )
        place = alert_place(camera, first.stream_id)
        if live:
            self._incidents.settings = config.alerts
            self._vehicles.watch(camera.id, place.position, config.alerts)
        return AlertObserver(
            place,
            camera.traffic_areas(),
            rules,
            self._incidents if live else Incidents(settings),
            seconds=_arrival if live else _position,
            owns_incidents=not live,
        )

    def follow(self, events: Sequence[Event]) -> list[AlertEvent]:
        """Alerts that follow from plate reads and hits of live cameras.

        Args:
            events: that have passed the gate.
        """
        return self._vehicles.observe(events)

    def due(self) -> list[AlertEvent]:
        """Alerts of live cameras that are due; stores the usual figures now and then."""
        now_s = time.monotonic()
        if now_s - self._stored_s >= _STORED_S:
            self._stored_s = now_s
            self._store()
        return [*self._incidents.due(now_s), *self._vehicles.due(self._clock.wall_ms())]

    def leave(self, camera_id: str) -> list[AlertEvent]:
        """Ends of a camera's conditions; it is no part of the run any more."""
        if usual := self._usual.pop(camera_id, None):
            self._write(camera_id, usual)
        self._vehicles.forget(camera_id)
        return self._incidents.leave(camera_id)

    def close(self) -> list[AlertEvent]:
        """Ends of all conditions; stores the usual figures."""
        self._store()
        return [*self._incidents.close(), *self._vehicles.close(self._clock.wall_ms())]

    def _tuning(self, camera_id: str, rule: AlertRule) -> Tuning:
        return self._tunings().get((camera_id, rule.value), Tuning())

    def _tuned(self, camera_id: str, *, live: bool) -> Callable[[AlertRule], float]:
        """Factors of a camera's thresholds; recorded video is judged the same in every analysis."""
        return lambda rule: self._tuning(camera_id, rule).threshold if live else 1.0

    def _usual_of(self, camera_id: str) -> Usual | None:
        if self._files is None:
            return None
        if camera_id not in self._usual:
            self._usual[camera_id] = self._files.read(camera_id)
        return self._usual[camera_id]

    def _store(self) -> None:
        for camera_id, usual in self._usual.items():
            self._write(camera_id, usual)

    def _write(self, camera_id: str, usual: Usual) -> None:
        if self._files is None:
            return
        try:
            self._files.write(camera_id, usual)
        except OSError as error:  # the disk is full: rules go on with what they know
            _log.warning("usual_figures_not_stored", camera=camera_id, error=error.strerror)


def alert_place(camera: CameraSettings, stream_id: str) -> Place:
    """Where conditions of a session are seen. At a sensitive place no alert says which track it is about."""
    declared = camera.camera()
    position = None
    if camera.latitude is not None and camera.longitude is not None:
        position = GeoPoint(camera.latitude, camera.longitude)
    return Place(camera.id, stream_id, position, individual=not is_sensitive(declared))


def _arrival(frame: Frame) -> float:
    """Of live cameras: one clock for all of them, whatever their own clocks do."""
    return frame.arrived_s


def _position(frame: Frame) -> float:
    """Of recorded video: the same in every analysis."""
    return frame.pts_s
