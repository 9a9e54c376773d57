"""Live cameras whose images show nothing usable: reported with the defect, from one small image a second."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import structlog

from pipeline.domain.events import LIFE_SIGN, AlertEvent, AlertRule, Event, HealthEvent, Severity
from pipeline.domain.frame import Frame
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_events import camera_alert, camera_state
from pipeline.engine.image_changes import ImageChanges, Moment
from pipeline.engine.image_quality import SAMPLE_PX, Defect, Gray, defect, judged_part
from pipeline.engine.lost_detail import LostDetail

_STEP_S: Final = 1.0
"""Time between two samples of a camera."""
_BEGINS_S: Final = 10.0
"""Time for which every sample has a defect before the camera is reported."""
_ENDS_S: Final = 5.0
"""Time for which no sample has a defect before it is over."""
_LEAST_SAMPLES: Final = 3
_WINDOW_S: Final = 60.0
"""Time of which a camera is reported too when half of its samples have a defect, with usable ones in between."""
_INTERMITTENT: Final = 0.5
_USABLE: Final = 0.2
"""Share of samples with a defect below which that is over."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _View:
    """Samples of one camera in one session.

    Attributes:
        stream_id: the session; last: time of the newest sample.
        changes: between its samples; detail: that parts of them have lost.
        found: the defect of the newest samples, from `since` on, over `samples` samples.
        newest: those of the last minute, with their defects; intermittent: half of them had one.
        reported: the defect that was reported.
        from_ms: time from which on states are reported: after the last one of the source.
    """

    stream_id: str
    from_ms: int = 0
    last: Moment | None = None
    changes: ImageChanges = field(default_factory=ImageChanges)
    detail: LostDetail = field(default_factory=LostDetail)
    found: Defect | None = None
    since: Moment = field(default_factory=Moment)
    samples: int = 0
    newest: deque[tuple[Moment, Defect | None]] = field(default_factory=deque)
    intermittent: bool = False
    reported: Defect | None = None

    def add(self, gray: Gray, now: Moment) -> None:
        """One more sample."""
        self.last = now
        self.changes.add(gray, now)
        self.detail.add(gray, now)
        changed = self.changes.found(now) or self.detail.found(now)
        of_image = defect(gray)
        found = of_image if changed is None or of_image is not None else changed[0]
        self._note(found, now)
        if self.intermittent:
            defects = [one for _, one in self.newest if one is not None]
            self.found, self.since = Counter(defects).most_common(1)[0][0], self.newest[0][0]
        elif self.samples and found is self.found:
            self.samples += 1
        elif changed is not None and found is changed[0]:
            # It was so before it was known.
            self.found, self.since, self.samples = found, changed[1], _LEAST_SAMPLES
        else:
            self.found, self.since, self.samples = found, now, 1

    def _note(self, found: Defect | None, now: Moment) -> None:
        self.newest.append((now, found))
        if now.at_s - self.newest[0][0].at_s < _WINDOW_S:
            return
        share = sum(one is not None for _, one in self.newest) / len(self.newest)
        runs = sum(two is None for (_, two), (_, one) in pairwise(self.newest) if one is not None)
        if self.intermittent:
            self.intermittent = share >= _USABLE
        else:
            self.intermittent = share >= _INTERMITTENT and runs >= _LEAST_SAMPLES
        while now.at_s - self.newest[0][0].at_s >= _WINDOW_S:
            self.newest.popleft()

    @property
    def settled(self) -> bool:
        """Whether the newest samples agree for long enough to be reported."""
        if self.intermittent:
            return True
        if self.last is None or self.samples < _LEAST_SAMPLES:
            return False
        lasted_s = self.last.at_s - self.since.at_s
        if self.found in (Defect.FROZEN, Defect.REPEATED, Defect.DIRTY):
            return True
        return lasted_s >= (_ENDS_S if self.found is None else _BEGINS_S)


class ImageWatch:
    """Judges one image a second of each live camera; a defect is reported when it lasts, from its begin on.

    Args:
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(self, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._clock_ms = clock_ms
        self._views: dict[str, _View] = {}
        self._alerted: set[str] = set()
        # Replaced as a whole, so that other threads read it without a lock.
        self.details: Mapping[str, str] = {}
        """The defect of each camera that was reported, in words."""

    def check(
        self,
        frames: Iterable[Frame],
        live: Collection[str],
        others: Mapping[str, tuple[SourceState, str]],
    ) -> list[Event]:
        """States and alerts of cameras whose images become unusable, or usable again.

        Args:
            frames: of any cameras; those that are not `live` are not judged.
            others: state and detail that cameras have when their images are usable; streaming where there is none.
        """
        events: list[Event] = []
        for frame in frames:
            if frame.camera_id in live:
                events += self._check(frame, others.get(frame.camera_id, (SourceState.STREAMING, "")))
        return events

    def states(self) -> dict[str, SourceState]:
        """The state of each camera that was reported."""
        return dict.fromkeys(self.details, SourceState.UNUSABLE)

    def without_states(self, events: Iterable[Event]) -> list[Event]:
        """Events of an overload or low rate, less states of cameras whose state is that their images are unusable."""
        return [one for one in events if not isinstance(one, HealthEvent) or one.camera_id not in self.details]

    def restart(self, changes: Iterable[Event]) -> None:
        """Judge cameras anew whose source changed its state: what was reported of them no longer holds."""
        for change in changes:
            if isinstance(change, HealthEvent) and change.detail != LIFE_SIGN and change.camera_id in self._views:
                self._views[change.camera_id] = _View(self._views[change.camera_id].stream_id, change.ts_ms + 1)
                self._publish()

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed."""
        self._views.pop(camera_id, None)
        self._alerted.discard(camera_id)
        self._publish()

    def _publish(self) -> None:
        self.details = {name: view.reported.value for name, view in self._views.items() if view.reported is not None}

    def _check(self, frame: Frame, usable: tuple[SourceState, str]) -> list[Event]:
        view = self._views.get(frame.camera_id)
        if view is None or view.stream_id != frame.stream_id:
            view = self._views[frame.camera_id] = _View(frame.stream_id)
            self._publish()
        if view.last is not None and frame.arrived_s - view.last.at_s < _STEP_S:
            return []
        view.add(judged_part(frame.image.resized(*SAMPLE_PX)), Moment(frame.arrived_s, frame.ts_ms))
        if not view.settled:
            return []
        before, view.reported = view.reported, view.found
        if view.found is None:
            self._publish()
            ended = [] if before is None else [self._state(frame, view, *usable)]
            return [*ended, *self._restored(frame)]
        if view.found is before:
            return []
        self._publish()
        state = self._state(frame, view, SourceState.UNUSABLE, view.found.value)
        return [state, *self._unusable(frame, view.found)]

    def _state(self, frame: Frame, view: _View, state: SourceState, detail: str) -> HealthEvent:
        since_ms = max(view.since.ts_ms, view.from_ms)
        return camera_state(frame.camera_id, frame.stream_id, state, detail, since_ms)

    def _unusable(self, frame: Frame, found: Defect) -> list[AlertEvent]:
        if frame.camera_id in self._alerted:
            return []
        self._alerted.add(frame.camera_id)
        _log.warning("image_unusable", camera=frame.camera_id, problem=found.value)
        return [self._alert(frame, AlertRule.IMAGE_UNUSABLE, Severity.CRITICAL, found.value)]

    def _restored(self, frame: Frame) -> list[AlertEvent]:
        if frame.camera_id not in self._alerted:
            return []
        self._alerted.discard(frame.camera_id)
        _log.info("image_restored", camera=frame.camera_id)
        return [self._alert(frame, AlertRule.IMAGE_RESTORED, Severity.INFO, "its images are usable again")]

    def _alert(self, frame: Frame, rule: AlertRule, severity: Severity, detail: str) -> AlertEvent:
        return camera_alert(frame.camera_id, rule, severity, detail, self._clock_ms(), stream_id=frame.stream_id)
