"""What is known about one unbroken take of one camera: its tracks, its plates, its counts."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.domain.camera import Camera
from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.events import Event, Kind, PlateReadEvent, event_id
from pipeline.domain.frame import Frame
from pipeline.domain.labels import FOLLOWED
from pipeline.domain.ports import CharacterProbabilities, Tracker
from pipeline.lpr.plate_aggregator import OcrRequest, PlateAggregator, VotedPlate

_REMEMBERED = 4096
"""Tracks whose number of told plates is kept; far more than are ever in view, few enough for endless streams."""


class Stream:
    """Follows one take. Frames come in time order.

    Args:
        camera: its declaration.
        stream_id: the take.
        tracker: a fresh tracker of its own.
        desk: a fresh plate desk, or None where plates may not be read.
        book: a fresh book for tracks and counts.
    """

    def __init__(
        self, camera: Camera, stream_id: str, tracker: Tracker, desk: PlateAggregator | None, book: TrackSummarizer
    ) -> None:
        self.camera = camera
        self.stream_id = stream_id
        self.last_frame: Frame | None = None
        self.tracks = Tracks.empty()
        self.detections = Detections.empty()
        self._tracker = tracker
        self._desk = desk
        self._book = book
        self._emitted: dict[int, int] = {}

    def follow(self, frame: Frame, detections: Detections) -> list[OcrRequest]:
        """Track the objects of the next frame (faces are not); returns the plate crops that are worth reading."""
        self.tracks = self._tracker.update(detections.labeled(*FOLLOWED), frame.ts_ms)
        self._book.update(frame, self.tracks)
        self.last_frame = frame
        self.detections = detections
        return [] if self._desk is None else self._desk.wanted(frame, self.tracks)

    def vote(self, request: OcrRequest, probabilities: CharacterProbabilities) -> None:
        """Hand back what the reader saw in one of the crops."""
        if self._desk is not None:
            self._desk.give(request, probabilities)

    def settle(self) -> list[Event]:
        """Events of the tracks that have ended and of the minutes that are over."""
        if self.last_frame is None:
            return []
        ended = self._tracker.finished()
        plates = [] if self._desk is None else [*self._desk.close(ended), *self._desk.settled(self.last_frame.ts_ms)]
        return [
            *self._plate_events(plates),
            *self._book.finish(ended),
            *self._book.due_counts(self.last_frame.ts_ms),
        ]

    def close(self) -> list[Event]:
        """The take is over: events of everything still open."""
        plates = [] if self._desk is None else self._desk.close_all()
        return [*self._plate_events(plates), *self._book.finish_all(), *self._book.close_counts()]

    def plates_in_view(self) -> dict[int, str]:
        """Present best reading by track, for previews."""
        if self._desk is None:
            return {}
        reads = {int(track): self._desk.peek(int(track)) for track in self.tracks.ids}
        return {track: read.text for track, read in reads.items() if read is not None}

    def _plate_events(self, plates: Sequence[VotedPlate]) -> list[Event]:
        return [self._plate_event(plate) for plate in plates]

    def _plate_event(self, plate: VotedPlate) -> PlateReadEvent:
        sequence = self._emitted.get(plate.track_id, 0)
        self._emitted[plate.track_id] = sequence + 1
        if len(self._emitted) > _REMEMBERED:
            del self._emitted[next(iter(self._emitted))]
        x1, y1, x2, y2 = (round(float(v), 1) for v in plate.best_box)
        return PlateReadEvent(
            event_id=event_id(self.camera.camera_id, self.stream_id, Kind.PLATE_READ, plate.track_id, sequence),
            camera_id=self.camera.camera_id,
            ts_ms=plate.last_ts_ms,
            plate=plate.read.text,
            plate_key=plate.read.key,
            layout=plate.read.layout,
            confidence=round(plate.read.confidence, 4),
            votes=plate.read.votes,
            vehicle="" if plate.vehicle is None else plate.vehicle.word,
            stream_id=self.stream_id,
            track_id=plate.track_id,
            first_ts_ms=plate.first_ts_ms,
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            frame=plate.best_frame,
        )
