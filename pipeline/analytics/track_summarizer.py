"""Track summaries and per-minute counts of one camera session as events."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.minute_counts import MinuteCounts
from pipeline.analytics.settings import COUNTABLE, AnalyticsSettings
from pipeline.analytics.track_state import TrackObservation, TrackState
from pipeline.domain.detections import Tracks
from pipeline.domain.event_identity import UNIDENTIFIED, identified
from pipeline.domain.events import CountEvent, Event, TrackEvent
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import Label
from pipeline.domain.ports import OcrRequest

_REMEMBERED_IDS = 10_000
"""Ids of tracks that were closed while idle, stored so that their return makes a new event and no new count."""

_LONGEST_S: Final = 2.0
"""Largest time that one frame stands for; before it, the scene may have been another one."""
_LONGEST_FIRST_S: Final = 0.2
"""The same for a track's first detection, which the tracker had confirmed by the second."""


class TrackSummarizer:
    """Implements `pipeline.domain.ports.TrackObserver`: one event per closed track, and counts per minute and label.

    Both rest on the same open tracks, so one observer makes both. All decisions follow the frames' own times, never the
    wall clock: the same file gives the same events with the same ids on every run. Memory is bounded: constant per open
    track, and open tracks are bounded by the settings.

    Args:
        camera_id, stream_id: camera and session.
        settings: of counting and summarizing.
        calibration: the camera's ground plane; without it there is no speed in meters.
        summaries: False for counts only, where no single track may leave.
    """

    def __init__(
        self,
        camera_id: str,
        stream_id: str,
        settings: AnalyticsSettings,
        calibration: Calibration | None = None,
        *,
        summaries: bool = True,
    ) -> None:
        self._camera_id = camera_id
        self._stream_id = stream_id
        self._settings = settings
        self._calibration = calibration
        self._summaries = summaries
        self._labels = frozenset(Label.from_word(word) for word in settings.labels)
        # Ordered by last observation, longest unseen first.
        self._open: OrderedDict[int, TrackState] = OrderedDict()
        self._sequences: OrderedDict[int, int] = OrderedDict()
        self._counts = MinuteCounts(settle_ms=round(settings.count_settle_s * 1000))
        self._track_events: list[TrackEvent] = []
        self._count_events: list[CountEvent] = []
        self._begun = False
        self._newest_s = self._passed_s = 0.0

    @property
    def open_tracks(self) -> int:
        """Number of open tracks."""
        return len(self._open)

    def observe(self, frame: Frame, tracks: Tracks) -> Sequence[OcrRequest]:
        """See the protocol. Faces and plates are ignored; no crop is read."""
        if not self._begun:
            self._begun, self._newest_s = True, frame.pts_s
        before_s, passed_s = self._passed_s, min(max(0.0, frame.pts_s - self._newest_s), _LONGEST_S)
        self._newest_s, self._passed_s = frame.pts_s, passed_s
        countable = tracks.labeled(*COUNTABLE)
        for (box, score, label), track_id in zip(countable.detections, countable.ids.tolist(), strict=True):
            x1, y1, x2, y2 = box.tolist()
            size = frame.image.width, frame.image.height
            stands_s = passed_s if track_id in self._open else passed_s + min(before_s, _LONGEST_FIRST_S)
            observation = TrackObservation(label, (x1, y1, x2, y2), score, stands_s, frame.ts_ms, frame.pts_s, *size)
            self._track(track_id, observation).add(observation, self._settings)
        self._close_idle(frame.pts_s)
        self._count(self._counts.due(frame.ts_ms))
        return ()

    def needs_next(self) -> FrameDecision | None:
        """See the protocol; a track of the newest frame was not visible for long enough to count."""
        newest = (track for track in self._open.values() if track.last_s == self._newest_s)
        return FrameDecision.NEW_TRACK if any(t.visible_s < self._settings.min_visible_s for t in newest) else None

    def settle(self, ended: Collection[int], ts_ms: int) -> Sequence[Event]:
        """See the protocol; summaries of ended and idle tracks, and counts of minutes that are over and settled.

        Tracks that were visible too shortly, or of labels that are not counted, give no summary; unknown ids are
        ignored.
        """
        self._finish(ended)
        self._count(self._counts.due(ts_ms))
        return self._drain()

    def close(self) -> Sequence[Event]:
        """See the protocol; summaries of all open tracks and counts of all minutes not yet reported."""
        self._finish(list(self._open))
        self._count(self._counts.pending())
        return self._drain()

    def captions(self) -> Mapping[int, str]:
        """See the protocol; none."""
        return {}

    def _drain(self) -> list[Event]:
        events: list[Event] = [*self._track_events, *self._count_events]
        self._track_events, self._count_events = [], []
        return events

    def _finish(self, track_ids: Iterable[int]) -> None:
        for track_id in sorted(track_ids):
            track = self._open.pop(track_id, None)
            if track is not None:
                self._close(track)
            self._sequences.pop(track_id, None)

    def _track(self, track_id: int, observation: TrackObservation) -> TrackState:
        """The open track of that id, created if needed, moved to the end of the order."""
        track = self._open.get(track_id)
        if track is None:
            if len(self._open) >= self._settings.max_open_tracks:
                self._close_early(next(iter(self._open)))
            track = TrackState.begin(
                track_id,
                observation,
                sequence=self._sequences.get(track_id, 0),
                minute_ms=self._counts.begin(observation.ts_ms),
                settings=self._settings,
                calibration=self._calibration,
            )
            track.counted = track.sequence > 0
            self._open[track_id] = track
        self._open.move_to_end(track_id)
        return track

    def _close_idle(self, now_s: float) -> None:
        while self._open:
            track_id, track = next(iter(self._open.items()))
            if now_s - track.last_s <= self._settings.max_idle_s:
                return
            self._close_early(track_id)

    def _close_early(self, track_id: int) -> None:
        """Close a track that the tracker has not given up; if it returns, it becomes another event."""
        track = self._open.pop(track_id)
        self._sequences[track_id] = track.sequence + 1
        while len(self._sequences) > _REMEMBERED_IDS:
            self._sequences.popitem(last=False)
        self._close(track)

    def _close(self, track: TrackState) -> None:
        label = self._counted_label(track)
        self._counts.close(track.minute_ms, None if track.counted else label)
        if label is not None and self._summaries:
            self._track_events.append(self._summary(track, label))

    def _counted_label(self, track: TrackState) -> Label | None:
        label = track.label()
        return label if track.visible_s >= self._settings.min_visible_s and label in self._labels else None

    def _summary(self, track: TrackState, label: Label) -> TrackEvent:
        duration_s = track.last_s - track.first_s
        path_px = track.length_px()
        speed_m_s = None if track.ground is None else track.ground.mean(self._settings.max_speed_m_s)
        summary = TrackEvent(
            event_id=UNIDENTIFIED,
            camera_id=self._camera_id,
            ts_ms=track.last_ts_ms,
            label=label.word,
            stream_id=self._stream_id,
            track_id=track.track_id,
            first_ts_ms=track.first_ts_ms,
            frames=track.frames,
            path_px=round(path_px, 1),
            speed_px_s=round(path_px / duration_s, 2) if duration_s > 0 else 0.0,
            speed_m_s=None if speed_m_s is None else round(speed_m_s, 2),
            trajectory=track.trajectory.encoded(),
        )
        return identified(summary, track.sequence)

    def _count(self, minutes: Iterable[int]) -> None:
        """Make the count events of these minutes; open tracks that began in them are counted now."""
        for minute_ms in minutes:
            totals, sequence = self._counts.report(minute_ms)
            for track in self._open.values():
                if track.minute_ms == minute_ms and not track.counted:
                    label = self._counted_label(track)
                    if label is not None:
                        totals[label] += 1
                        track.counted = True
            self._count_events += [
                self._count_event(minute_ms, sequence, label, totals[label]) for label in sorted(totals)
            ]

    def _count_event(self, minute_ms: int, sequence: int, label: Label, count: int) -> CountEvent:
        count_event = CountEvent(
            event_id=UNIDENTIFIED,
            camera_id=self._camera_id,
            ts_ms=minute_ms,
            label=label.word,
            count=count,
            stream_id=self._stream_id,
        )
        return identified(count_event, sequence)
