"""One session of one camera: its tracker and the observers of its tracks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pipeline.adaptive.controller import AdaptiveController
from pipeline.detect.scene_cut import SceneCutDetector
from pipeline.domain.detections import Detections, Tracks
from pipeline.domain.events import Event
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import FOLLOWED
from pipeline.domain.ports import OcrRequest, Tracker, TrackObserver


class AnalysisLog(Protocol):
    """Holds the events of a video that was analyzed before until its end: beside those of before, they count twice."""

    def hold(self, events: Iterable[Event]) -> None:
        """Events of the analysis."""
        ...

    def complete(self) -> list[Event]:
        """The video was analyzed to its end; all events of the analysis."""
        ...


class CameraStream:
    """State of one session: detections in, events out. Frames come in time order.

    The same for a live camera, a file of `viapublica run` and a video of `viapublica read`.

    Attributes:
        last_frame: the newest frame; analyzed_frame: the newest that was analyzed, which `tracks` and `detections` are
            of.

    Args:
        stream_id: the session.
        tracker: a new tracker of its own.
        observers: new observers of its own; their events leave in this order.
        adaptive: decides which frames are analyzed; None for all.
        repeatable: of a file: another run makes the same events again, under the same ids.
        log: of a repeated analysis; None where events leave as they are made.
    """

    def __init__(
        self,
        stream_id: str,
        tracker: Tracker,
        observers: Sequence[TrackObserver],
        *,
        adaptive: AdaptiveController | None = None,
        repeatable: bool = False,
        log: AnalysisLog | None = None,
    ) -> None:
        self.stream_id = stream_id
        self.repeatable = repeatable
        self.adaptive = adaptive
        self.last_frame: Frame | None = None
        self.analyzed_frame: Frame | None = None
        self.tracks = Tracks.empty()
        self.detections = Detections.empty()
        self._tracker = tracker
        self._cuts = SceneCutDetector()
        self._observers = observers
        self._log = log

    def decide(self, frame: Frame) -> FrameDecision:
        """Whether the next frame is to be analyzed; if not, it counts as seen."""
        if self.adaptive is None:
            return FrameDecision.EVERY_FRAME
        if self.last_frame is None:
            return FrameDecision.FIRST
        need = next((need for observer in self._observers if (need := observer.needs_next()) is not None), None)
        decision = self.adaptive.decide(frame, self._tracker.open_tracks(frame.ts_ms), need)
        if not decision.analyzes:
            self.last_frame = frame
        return decision

    def follow(self, frame: Frame, detections: Detections) -> list[OcrRequest]:
        """Track the objects of the next frame, except faces; returns the plate crops to be read."""
        if self._cuts.is_cut(frame.image):
            self._tracker.restart()
        self.tracks = self._tracker.update(detections.labeled(*FOLLOWED), frame.ts_ms)
        self.last_frame = self.analyzed_frame = frame
        self.detections = detections
        if self.adaptive is not None:
            self.adaptive.analyzed(frame, detections.boxes)
        return [request for observer in self._observers for request in observer.observe(frame, self.tracks)]

    def settle(self) -> list[Event]:
        """Events that are due: of tracks that have ended and of minutes that are over."""
        if self.last_frame is None:
            return []
        ended, ts_ms = self._tracker.finished(), self.last_frame.ts_ms
        events = [event for observer in self._observers for event in observer.settle(ended, ts_ms)]
        if self._log is None:
            return events
        self._log.hold(events)
        return []

    def close(self) -> list[Event]:
        """Events of everything still open; the session has ended."""
        events = [event for observer in self._observers for event in observer.close()]
        if self._log is None:
            return events
        self._log.hold(events)
        return self._log.complete()

    def interrupt(self) -> list[Event]:
        """Events of a session that was stopped before its end.

        Of a live camera, those of everything still open: it does not come again. Of a file, none: what is still open is
        incomplete, and would count beside what a run to the end has stored, or will store.
        """
        return [] if self.repeatable else self.close()

    @property
    def repeated(self) -> bool:
        """Whether a video is analyzed that was analyzed before: its events wait for its end."""
        return self._log is not None

    def captions(self) -> dict[int, str]:
        """Text for previews by track id."""
        return {track_id: text for observer in self._observers for track_id, text in observer.captions().items()}
