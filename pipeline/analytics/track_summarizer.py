"""Tracks of one camera stream in, track summaries and counts per minute out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from pipeline.analytics.calibration import Calibration
from pipeline.analytics.minute_counts import MINUTE_MS, MinuteCounts
from pipeline.analytics.settings import COUNTABLE, AnalyticsSettings
from pipeline.analytics.track_state import Sighting, TrackState
from pipeline.domain.detections import Tracks
from pipeline.domain.events import CountEvent, Kind, TrackEvent, event_id
from pipeline.domain.frame import Frame
from pipeline.domain.labels import Label

_REMEMBERED_IDS = 10_000
"""Numbers of tracks that were closed for silence, kept so that their return makes a new event and no new count."""


class TrackSummarizer:
    """Keeps the open tracks of one stream of one camera.

    All decisions follow the frames' own times, never the wall clock: the same file gives the same events with the same
    ids on every run. Memory is bounded: constant per open track, and open tracks are bounded by the settings.

    One thread at a time.
    """

    def __init__(
        self, camera_id: str, stream_id: str, settings: AnalyticsSettings, calibration: Calibration | None = None
    ) -> None:
        """A book without tracks.

        Args:
            camera_id, stream_id: where the frames come from; part of every event's id.
            settings: see there.
            calibration: the camera's ground plane; without it there is no speed in meters.
        """
        self._camera_id = camera_id
        self._stream_id = stream_id
        self._settings = settings
        self._calibration = calibration
        self._labels = frozenset(Label.from_word(word) for word in settings.labels)
        # Ordered by last sighting, longest unseen first.
        self._open: OrderedDict[int, TrackState] = OrderedDict()
        self._sequences: OrderedDict[int, int] = OrderedDict()
        self._counts = MinuteCounts(settle_ms=round(settings.count_settle_s * 1000))
        self._closed: list[TrackEvent] = []
        self._told: list[CountEvent] = []
        self._first_ms: int | None = None

    @property
    def open_tracks(self) -> int:
        """How many tracks are open."""
        return len(self._open)

    def update(self, frame: Frame, tracks: Tracks) -> None:
        """Take the tracks of the next frame; frames come in time order. Faces and plates are passed over."""
        if self._first_ms is None:
            self._first_ms = frame.ts_ms
        countable = tracks.labeled(*COUNTABLE)
        for (box, _, label), track_id in zip(countable.detections, countable.ids.tolist(), strict=True):
            x1, y1, x2, y2 = box.tolist()
            image = frame.image
            sighting = Sighting(label, (x1, y1, x2, y2), frame.ts_ms, frame.pts_s, image.width, image.height)
            self._record(track_id, sighting).add(sighting, self._settings)
        self._close_silent(frame.pts_s)
        self._tell_ripe(frame.ts_ms)

    def finish(self, track_ids: Iterable[int]) -> list[TrackEvent]:
        """Summaries of tracks that the tracker gave up, and of those closed here for silence since the last call.

        Tracks of too few frames, or of labels that are not counted, give none; unknown numbers are passed over.
        """
        for track_id in sorted(track_ids):
            record = self._open.pop(track_id, None)
            if record is not None:
                self._close(record)
            self._sequences.pop(track_id, None)
        events, self._closed = self._closed, []
        return events

    def finish_all(self) -> list[TrackEvent]:
        """Summaries of all tracks still open: the stream has ended."""
        return self.finish(list(self._open))

    def due_counts(self, ts_ms: int) -> list[CountEvent]:
        """Counts of minutes that are over and settled, each once.

        Args:
            ts_ms: now, on the stream's own clock: the newest frame's `ts_ms`; of a live camera without frames the
                wall clock, so that its last minute is told.
        """
        self._tell_ripe(ts_ms)
        events, self._told = self._told, []
        return events

    def close_counts(self) -> list[CountEvent]:
        """Counts of all minutes not told yet: the stream has ended. Call it after `finish_all`."""
        self._tell(self._counts.pending())
        events, self._told = self._told, []
        return events

    def _record(self, track_id: int, sighting: Sighting) -> TrackState:
        """The open track of that number, opened if need be, as the one last seen."""
        record = self._open.get(track_id)
        if record is None:
            if len(self._open) >= self._settings.max_open_tracks:
                self._close_early(next(iter(self._open)))
            record = TrackState.begin(
                track_id,
                sighting,
                sequence=self._sequences.get(track_id, 0),
                minute_ms=self._counts.begin(sighting.ts_ms),
                smoothing_s=self._settings.smoothing_s,
                calibration=self._calibration,
            )
            record.told = record.sequence > 0
            self._open[track_id] = record
        self._open.move_to_end(track_id)
        return record

    def _close_silent(self, now_s: float) -> None:
        while self._open:
            track_id, record = next(iter(self._open.items()))
            if now_s - record.last_s <= self._settings.max_idle_s:
                return
            self._close_early(track_id)

    def _close_early(self, track_id: int) -> None:
        """Close a track that the tracker still holds; should it come back, it becomes another event."""
        record = self._open.pop(track_id)
        self._sequences[track_id] = record.sequence + 1
        while len(self._sequences) > _REMEMBERED_IDS:
            self._sequences.popitem(last=False)
        self._close(record)

    def _close(self, record: TrackState) -> None:
        label = self._counted_label(record)
        self._counts.close(record.minute_ms, None if record.told else label)
        if label is not None:
            self._closed.append(self._summary(record, label))

    def _counted_label(self, record: TrackState) -> Label | None:
        label = record.label()
        return label if record.frames >= self._settings.min_frames and label in self._labels else None

    def _summary(self, record: TrackState, label: Label) -> TrackEvent:
        duration_s = record.last_s - record.first_s
        path_px = record.length_px()
        speed_m_s = None if record.ground is None else record.ground.mean(self._settings.max_speed_m_s)
        return TrackEvent(
            event_id=event_id(self._camera_id, self._stream_id, Kind.TRACK, record.track_id, record.sequence),
            camera_id=self._camera_id,
            ts_ms=record.last_ts_ms,
            label=label.word,
            stream_id=self._stream_id,
            track_id=record.track_id,
            first_ts_ms=record.first_ts_ms,
            frames=record.frames,
            path_px=round(path_px, 1),
            speed_px_s=round(path_px / duration_s, 2) if duration_s > 0 else 0.0,
            speed_m_s=None if speed_m_s is None else round(speed_m_s, 2),
        )

    def _tell_ripe(self, ts_ms: int) -> None:
        self._tell(self._counts.ripe(ts_ms))

    def _tell(self, minutes: list[int]) -> None:
        for minute_ms in minutes:
            totals, sequence = self._counts.tell(minute_ms)
            for record in self._open.values():
                if record.minute_ms == minute_ms and not record.told:
                    label = self._counted_label(record)
                    if label is not None:
                        totals[label] += 1
                        record.told = True
            self._told += [self._count(minute_ms, sequence, label, totals[label]) for label in sorted(totals)]

    def _count(self, minute_ms: int, sequence: int, label: Label, count: int) -> CountEvent:
        # By its number in the take, not by the wall clock: a copied file may bring another time of day, and its counts
        # must still be the same events.
        number = minute_ms // MINUTE_MS - (self._first_ms or 0) // MINUTE_MS
        return CountEvent(
            event_id=event_id(self._camera_id, self._stream_id, Kind.COUNT, f"{number}/{label.word}", sequence),
            camera_id=self._camera_id,
            ts_ms=minute_ms,
            label=label.word,
            count=count,
            stream_id=self._stream_id,
        )
