"""Incidents: conditions of one place and time, over rules and cameras, with a begin, updates and an end.

Rules say in each frame which conditions hold. A condition begins when it is first reported and ends when it was not
reported for `clear_s`. One that begins near an open incident in place and time joins it, which is an update, not a new
alert; what is too much for people is counted in the incident it belongs to. Memory and events are bounded whatever
rules and cameras do.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from pipeline.alerting.condition import Condition
from pipeline.alerting.settings import AlertSettings
from pipeline.domain.alert_figures import Figure, encode_figures
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import AlertEvent, AlertRule, IncidentPhase, Severity
from pipeline.domain.route import GeoPoint, distance_m

ROAD_RULES: Final = frozenset(
    {
        AlertRule.STOPPED_VEHICLE,
        AlertRule.SLOW_VEHICLE,
        AlertRule.SWERVING_VEHICLE,
        AlertRule.WRONG_WAY,
        AlertRule.PERSON_ON_ROADWAY,
        AlertRule.CONGESTION,
    }
)
"""Rules that see the same things on a road: an accident is a stopped vehicle, persons on the roadway, a congestion."""
_UPDATE_S: Final = 10.0
"""Least time between two updates of one incident."""
_STILL_S: Final = 3600.0
"""An incident that lasts is updated this often, so that its end is not missed for days."""
_MOST_OPEN: Final = 256
"""Open conditions of one camera; further ones are counted only."""
_MOST_COUNTED: Final = 10_000
"""Different conditions that are counted in one incident, or held back of one rule."""
_MOST_PER_MINUTE: Final = 60
"""Incidents that begin per minute over all cameras; further ones begin in the next minute, if they still hold, and are
counted in the next one of their rule and camera if not."""
_HOUR_S: Final = 3600.0
_MINUTE_S: Final = 60.0
_SEVERITIES: Final = list(Severity)


_Key: TypeAlias = tuple[str, AlertRule, Hashable]
"""Camera, rule, and what the condition is about."""


class Place(NamedTuple):
    """A camera and session in which conditions are seen.

    Attributes:
        camera_id, stream_id: of events; position: latitude and longitude, None where unknown.
        individual: whether an alert may say which track it is about, and where in the image.
    """

    camera_id: str
    stream_id: str
    position: GeoPoint | None = None
    individual: bool = True


@dataclass(slots=True)
class _Open:
    """An open condition: as last reported, when, and in which incident."""

    incident: _Incident
    place: Place
    condition: Condition
    seen_s: float
    seen_ms: int


@dataclass(slots=True)
class _Incident:
    incident_id: str
    place: Place
    rules: set[AlertRule]
    subjects: set[str]
    joined_s: float
    """When the last condition joined."""
    first_ts_ms: int
    sent_s: float
    severity: Severity
    cameras: set[str] = field(default_factory=set)
    grouped: set[_Key] = field(default_factory=set)
    """Further conditions that belong to it."""
    update: _Open | None = None
    """What the next update is about; None for none."""
    last: _Open | None = None
    open: int = 0


class Incidents:
    """The incidents of all cameras of a run, or of one recorded video. One thread at a time.

    Attributes:
        settings: of grouping; others may be set at any time.
        tuned: the factor that people's feedback gives the time of grouping, of a rule at a camera.

    Args:
        settings: see above; the defaults where None.
    """

    def __init__(self, settings: AlertSettings | None = None) -> None:
        self.settings = settings or AlertSettings()
        self.tuned: Callable[[str, AlertRule], float] = lambda _camera_id, _rule: 1.0
        self._open: dict[_Key, _Open] = {}
        self._incidents: dict[str, _Incident] = {}
        self._begun: dict[tuple[str, AlertRule], deque[float]] = {}
        self._held_back: dict[tuple[str, AlertRule], set[_Key]] = {}
        self._begun_lately: deque[float] = deque()
        self._events: list[AlertEvent] = []

    @property
    def open_conditions(self) -> int:
        """Number of open conditions."""
        return len(self._open)

    def report(self, place: Place, conditions: Iterable[Condition], now_s: float, ts_ms: int) -> None:
        """Take the conditions that hold in a camera's newest frame.

        Args:
            place: where; conditions: all of them.
            now_s: seconds of a clock that all cameras share and that never goes back.
            ts_ms: time of the frame, milliseconds since 1970 UTC.
        """
        for condition in conditions:
            key = place.camera_id, condition.rule, condition.key
            found = self._open.get(key)
            if found is not None:
                found.condition, found.place, found.seen_s, found.seen_ms = condition, place, now_s, ts_ms
            else:
                self._begin(key, place, condition, now_s, ts_ms)

    def due(self, now_s: float) -> list[AlertEvent]:
        """Alerts that are due: begins, updates, and ends of what was not reported any more."""
        clear_s = self.settings.clear_s
        for key in [key for key, one in self._open.items() if now_s - one.seen_s >= clear_s]:
            self._end(key)
        for incident in self._incidents.values():
            self._update(incident, now_s)
        events, self._events = self._events, []
        return events

    def leave(self, camera_id: str) -> list[AlertEvent]:
        """Alerts about the end of everything at a camera that is watched no more."""
        for key in [key for key in self._open if key[0] == camera_id]:
            self._end(key, watched=False)
        events, self._events = self._events, []
        return events

    def close(self) -> list[AlertEvent]:
        """Alerts of everything that is still open: nothing is watched any more."""
        for key in list(self._open):
            self._end(key, watched=False)
        events, self._events = self._events, []
        return events

    def _begin(self, key: _Key, place: Place, condition: Condition, now_s: float, ts_ms: int) -> None:
        incident = self._joined(place, condition, now_s)
        if incident is not None:
            self._join(incident, key, _Open(incident, place, condition, now_s, ts_ms))
        elif self._may_begin(place, condition, now_s):
            self._new(key, place, condition, now_s, ts_ms)
        else:
            _add(self._held_back.setdefault(key[:2], set()), key)

    def _join(self, incident: _Incident, key: _Key, one: _Open) -> None:
        _add(incident.grouped, key)
        incident.joined_s = one.seen_s
        if sum(camera == one.place.camera_id for camera, _, _ in self._open) >= _MOST_OPEN:
            return
        self._open[key] = one
        incident.open += 1
        condition, camera_id = one.condition, one.place.camera_id
        is_news = condition.rule not in incident.rules or camera_id not in incident.cameras
        incident.rules.add(condition.rule)
        incident.subjects.add(condition.subject)
        incident.cameras.add(camera_id)
        incident.severity = max(incident.severity, condition.severity, key=_SEVERITIES.index)
        if is_news or incident.update is None:
            incident.update = one

    def _new(self, key: _Key, place: Place, condition: Condition, now_s: float, ts_ms: int) -> None:
        begun_ms = max(0, ts_ms - round(condition.lasts_s * 1000))
        incident = _Incident(
            _incident_id(place, condition, begun_ms),
            place,
            {condition.rule},
            {condition.subject},
            now_s,
            begun_ms,
            now_s,
            condition.severity,
            {place.camera_id},
            self._held_back.pop(key[:2], set()) - {key},
        )
        one = self._open[key] = _Open(incident, place, condition, now_s, ts_ms)
        incident.open, incident.last = 1, one
        self._incidents[incident.incident_id] = incident
        self._begun_lately.append(now_s)
        self._begun.setdefault(key[:2], deque(maxlen=1000)).append(now_s)
        self._events.append(_event(one, IncidentPhase.BEGUN, incident))

    def _joined(self, place: Place, condition: Condition, now_s: float) -> _Incident | None:
        """The open incident that a condition belongs to."""
        group_s = self.settings.group_s * self.tuned(place.camera_id, condition.rule)
        near = [
            incident
            for incident in self._incidents.values()
            if now_s - incident.joined_s <= group_s
            and self._is_one_place(place, incident)
            and (
                (condition.rule in ROAD_RULES and not ROAD_RULES.isdisjoint(incident.rules))
                or (condition.rule in incident.rules and condition.subject in incident.subjects)
            )
        ]
        return max(near, key=lambda incident: incident.joined_s, default=None)

    def _is_one_place(self, place: Place, incident: _Incident) -> bool:
        if place.camera_id in incident.cameras:
            return True
        here, there = place.position, incident.place.position
        return here is not None and there is not None and distance_m(here, there) <= self.settings.group_m

    def _may_begin(self, place: Place, condition: Condition, now_s: float) -> bool:
        """Whether people can take one more incident, of this rule and camera and of all."""
        of_rule = self._begun.get((place.camera_id, condition.rule), deque())
        for begun, past_s in ((of_rule, _HOUR_S), (self._begun_lately, _MINUTE_S)):
            while begun and now_s - begun[0] >= past_s:
                begun.popleft()
        return len(of_rule) < self.settings.most_per_hour and len(self._begun_lately) < _MOST_PER_MINUTE

    def _update(self, incident: _Incident, now_s: float) -> None:
        one = incident.update
        since_s = now_s - incident.sent_s
        if one is None and since_s >= _STILL_S:
            one = next((open_ for open_ in self._open.values() if open_.incident is incident), None)
        if one is not None and since_s >= _UPDATE_S:
            self._events.append(_event(one, IncidentPhase.UPDATED, incident))
            incident.update, incident.sent_s = None, now_s

    def _end(self, key: _Key, *, watched: bool = True) -> None:
        one = self._open.pop(key)
        incident = one.incident
        incident.open -= 1
        if incident.update is one:
            incident.update = None
        if incident.last is None or one.seen_ms >= incident.last.seen_ms:
            incident.last = one
        if incident.open == 0:
            del self._incidents[incident.incident_id]
            self._events.append(_event(incident.last, IncidentPhase.ENDED, incident, watched=watched))


def _add(keys: set[_Key], key: _Key) -> None:
    if len(keys) < _MOST_COUNTED:
        keys.add(key)


def _event(one: _Open, phase: IncidentPhase, incident: _Incident, *, watched: bool = True) -> AlertEvent:
    condition, place = one.condition, one.place
    figures: dict[Figure, float] = dict(condition.figures)
    lasted_s = max(0, one.seen_ms - incident.first_ts_ms) / 1000
    if phase is IncidentPhase.ENDED and Figure.SECONDS in figures:
        figures[Figure.SECONDS] = lasted_s
    if not watched:
        figures[Figure.UNWATCHED] = 1
    if incident.grouped:
        figures[Figure.GROUPED] = len(incident.grouped)
    if len(incident.cameras) > 1:
        figures[Figure.CAMERAS] = len(incident.cameras)
    box = condition.box if place.individual and condition.box is not None else (0.0, 0.0, 0.0, 0.0)
    return identified(
        AlertEvent(
            event_id=UNIDENTIFIED,
            camera_id=place.camera_id,
            ts_ms=max(one.seen_ms, incident.first_ts_ms),
            rule=condition.rule.value,
            severity=incident.severity,
            subject=condition.subject,
            stream_id=place.stream_id,
            incident=incident.incident_id,
            phase=phase,
            first_ts_ms=incident.first_ts_ms,
            label="" if condition.label is None else condition.label.word,
            track_id=condition.track_id if place.individual else 0,
            x1=round(box[0], 1),
            y1=round(box[1], 1),
            x2=round(box[2], 1),
            y2=round(box[3], 1),
            evidence=" ".join(condition.evidence[:16]),
            figures=encode_figures(_rounded(figures)),
        )
    )


def _rounded(figures: Mapping[Figure, float]) -> dict[Figure, float]:
    whole = {Figure.SECONDS, Figure.LIMIT, Figure.GROUPED, Figure.CAMERAS}
    return {figure: round(value, 0 if figure in whole else 2) for figure, value in figures.items()}


def _incident_id(place: Place, condition: Condition, begun_ms: int) -> str:
    """24 hexadecimal digits of what began where and when: another analysis of the same video finds the same."""
    said = f"{place.camera_id} {place.stream_id} {condition.rule.value} {condition.subject} {condition.key} {begun_ms}"
    return hashlib.sha256(said.encode()).hexdigest()[:24]
