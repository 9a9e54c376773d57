"""Traffic figures of one camera session: crossings of its lines and occupancy of its zones, as events per minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.late_tracks import CountedPlaces, LineCrossing, LinePosition
from pipeline.analytics.minute_figures import Crossing, FigureEvents, MinuteFigures
from pipeline.analytics.reported_minutes import ReportedMinutes
from pipeline.analytics.road_users import LONGEST_S, RoadUsers, SeenUser
from pipeline.analytics.settings import AnalyticsSettings
from pipeline.domain.detections import Tracks
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import AlertEvent, AlertRule, Event, Severity
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import Label
from pipeline.domain.ports import OcrRequest
from pipeline.domain.times import MINUTE_MS
from pipeline.domain.traffic_areas import TrafficAreas

_REMEMBERED_S: Final = 60.0
"""Time after a crossing in which another track of the same road user does not count."""
_JUDGED_SPEEDS: Final = 30
"""Speeds from which a calibration is judged."""
_IMPLAUSIBLE: Final = 0.5
"""Share of speeds above the maximum from which a calibration is reported as wrong."""
_WRONG_CALIBRATION: Final = (
    "speeds by the calibration are above the maximum for {share:.0%} of the vehicles: measure its points again"
)


@dataclass(slots=True)
class _SpeedCheck:
    """Judges a calibration by the speeds that it gives."""

    fastest_m_s: float
    speeds: int = 0
    too_fast: int = 0
    reported: bool = False

    def plausible(self, speed_m_s: float | None) -> float | None:
        """The speed, None for one that no vehicle has."""
        if speed_m_s is None:
            return None
        self.speeds += 1
        if speed_m_s <= self.fastest_m_s:
            return speed_m_s
        self.too_fast += 1
        return None

    def finding(self) -> str:
        """That the calibration is wrong, once; "" otherwise."""
        if self.reported or self.speeds < _JUDGED_SPEEDS or self.too_fast < _IMPLAUSIBLE * self.speeds:
            return ""
        self.reported = True
        return _WRONG_CALIBRATION.format(share=self.too_fast / self.speeds)


@dataclass(slots=True)
class _LineTracks:
    """Tracks that have crossed a line in a direction, with the time."""

    crossed_s: dict[int, float] = field(default_factory=dict)

    def add(self, track_id: int, at_s: float) -> None:
        self.crossed_s[track_id] = at_s
        for old in [one for one, then_s in self.crossed_s.items() if at_s - then_s > _REMEMBERED_S]:
            del self.crossed_s[old]


class TrafficObserver:
    """Implements `pipeline.domain.ports.TrackObserver`: figures per minute, none of which names a track.

    All decisions follow the frames' own times: the same file gives the same events with the same ids on every run.

    Args:
        camera_id, stream_id: camera and session.
        areas: the camera's zones and lines.
        settings: of counting.
        calibration: the camera's ground plane; without it there are no speeds and densities.
    """

    def __init__(
        self,
        camera_id: str,
        stream_id: str,
        areas: TrafficAreas,
        settings: AnalyticsSettings,
        calibration: Calibration | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._stream_id = stream_id
        self._areas = areas
        self._settings = settings
        self._users = RoadUsers(
            len(areas.lines),
            {Label.from_word(word) for word in settings.labels},
            settings.ground_point,
            calibration,
            settings.max_open_tracks,
        )
        self._events_of = FigureEvents(camera_id, stream_id, areas, calibration)
        self._minutes: dict[int, MinuteFigures] = {}
        self._reported = ReportedMinutes()
        ways = [(line, way) for line in range(len(areas.lines)) for way in (1, -1)]
        self._crossed = {one: _LineTracks() for one in ways}
        self._places = {one: CountedPlaces() for one in ways}
        self._since_ms: int | None = None
        self._speeds = _SpeedCheck(settings.max_speed_m_s)
        self._events: list[Event] = []

    def observe(self, frame: Frame, tracks: Tracks) -> Sequence[OcrRequest]:
        """See the protocol; no crop is read."""
        seen, passed_s = self._users.observe(frame, tracks)
        if self._since_ms is None or passed_s >= LONGEST_S:
            self._since_ms = frame.ts_ms
        figures = self._minute(frame.ts_ms)
        figures.seen_s += passed_s
        size = frame.image.width, frame.image.height
        if seen and self._areas.lines:
            self._cross(frame, seen, size)
        if seen and self._areas.zones:
            self._occupy(figures, self._users.first_boxes(seen), size, passed_s)
        self._judge_calibration(frame.ts_ms)
        return ()

    def needs_next(self) -> FrameDecision | None:
        """See the protocol; never."""
        return None

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:
        """See the protocol; the figures of minutes that are over and settled."""
        self._users.end(ended)
        due_ms = ts_ms - MINUTE_MS - round(self._settings.count_settle_s * 1000)
        self._report(minute_ms for minute_ms in sorted(self._minutes) if minute_ms <= due_ms)
        return self._drain()

    def close(self) -> Sequence[Event]:
        """See the protocol; the figures of all minutes not yet reported."""
        self._report(sorted(self._minutes))
        return self._drain()

    def captions(self) -> Mapping[int, str]:
        """See the protocol; none."""
        return {}

    def _drain(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def _minute(self, ts_ms: int) -> MinuteFigures:
        return self._minutes.setdefault(ts_ms - ts_ms % MINUTE_MS, MinuteFigures())

    def _cross(self, frame: Frame, seen: Sequence[SeenUser], size: tuple[int, int]) -> None:
        points = np.array([user.point for user in seen]) / size
        sizes = np.array([user.state.size for user in seen])
        for number, line in enumerate(self._areas.lines):
            offsets = line.offsets(points, *size)
            distances, alongs = (offsets[:, 0] / sizes).tolist(), offsets[:, 1].tolist()
            for user, distance, along in zip(seen, distances, alongs, strict=True):
                crossing = user.state.lines[number].add(LinePosition(distance, along, frame.ts_ms))
                if crossing is not None:
                    user.state.uncertain.append((number, crossing))
        for user in seen:
            if user.state.uncertain and user.state.is_certain(self._settings.min_visible_s):
                faint = user.state.visible_s < self._settings.min_visible_s
                for number, found in user.state.uncertain:
                    crossing = found._replace(sure=found.sure and not faint)
                    self._count(number, crossing, user, frame.pts_s, self._areas.lines[number].length(*size))
                user.state.uncertain.clear()

    def _count(self, line: int, crossing: LineCrossing, user: SeenUser, at_s: float, length: float) -> None:
        direction, at_ms = crossing.direction, crossing.at_ms
        crossed = self._crossed[line, direction]
        twice = self._users.twice(user.track_id, crossed.crossed_s)
        crossed.add(user.track_id, at_s)
        before = not crossing.sure and crossing.at_ms < (self._since_ms or 0)
        if twice or before or not self._places[line, direction].is_new(crossing, user.state.size / length):
            return
        speed_m_s = self._speeds.plausible(user.state.speed_m_s())
        self._minute(at_ms).crossings.append(Crossing(line, direction, user.state.label, at_ms, speed_m_s))

    def _occupy(self, figures: MinuteFigures, seen: Sequence[SeenUser], size: tuple[int, int], passed_s: float) -> None:
        points = np.array([user.point for user in seen]) / size if seen else np.empty((0, 2))
        for number, zone in enumerate(self._areas.zones):
            inside = [user for user, is_in in zip(seen, zone.contains(points).tolist(), strict=True) if is_in]
            standing = Counter(user.state.label for user in inside if user.state.stands())
            for label, count in Counter(user.state.label for user in inside).items():
                figures.occupy(number, label, count, standing[label], passed_s)

    def _report(self, minutes: Iterable[int]) -> None:
        for minute_ms in list(minutes):
            sequence = self._reported.report(minute_ms)
            made = self._events_of.of(minute_ms, self._minutes.pop(minute_ms))
            self._events += [identified(event, sequence) for event in made]

    def _judge_calibration(self, ts_ms: int) -> None:
        if finding := self._speeds.finding():
            self._events.append(
                identified(
                    AlertEvent(
                        event_id=UNIDENTIFIED,
                        camera_id=self._camera_id,
                        ts_ms=ts_ms,
                        rule=AlertRule.CALIBRATION_IMPLAUSIBLE.value,
                        severity=Severity.WARNING,
                        detail=finding,
                        stream_id=self._stream_id,
                    )
                )
            )
