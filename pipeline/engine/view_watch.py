"""Live cameras whose view moves: neither analyzed, recorded nor shown until their masks are confirmed for the new view.

Decree 18.743/2014 art. 13: privacy masks are true for one view only.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import structlog

from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.confirmed_view import ViewRecord, ViewState
from pipeline.domain.events import AlertEvent, AlertRule, Event, HealthEvent, Severity
from pipeline.domain.frame import Frame
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_events import camera_alert, camera_state
from pipeline.engine.view_judgement import Verdict, ViewJudge
from pipeline.engine.view_reference import LEAST_SAMPLES, LearnedView, ViewReference
from pipeline.engine.view_shift import (
    Directions,
    ViewPattern,
    compared_pixels,
    edge_directions,
    view_luma,
    view_stretch,
)
from pipeline.errors import ConfigError
from pipeline.storage.confirmed_views import ConfirmedViews

_STEP_S: Final = 0.5
"""Time between two samples of a camera."""
_DAMAGED_STEP_S: Final = 10.0
"""The same where only frames with concealed parts come, which seem moved: the watch goes on, slowly."""
_REREAD_S: Final = 2.0
"""So often it is checked whether a person has confirmed a view."""
_UNJUDGED_S: Final = 600.0
"""Time without any sample that can be judged before that is reported; again once an hour."""
_REPEAT_S: Final = 3600.0
_FIX: Final = "Compare its masks with the view: viapublica camera confirm {camera}"
_LOST: Final = "its confirmed view is missing, so it is not known whether it was moved"
_BACK: Final = "it shows its confirmed view again"
_CONFIRMED: Final = "its masks were confirmed for its view"
_UNCHECKED: Final = "its view cannot be checked for ten minutes: too dark, without contrast, or obstructed"
_CHECKED: Final = "its view can be checked again"

_log = structlog.get_logger(__name__)

_Item = TypeVar("_Item")


class Watched(NamedTuple):
    """Frames that may be analyzed, recorded and shown, and events.

    Attributes:
        frames: those of cameras whose view is confirmed; events: of changes.
        stopped: cameras that may not from now on; failed: cameras of which an image could not be compared.
    """

    frames: list[Frame]
    events: list[Event]
    stopped: list[str]
    failed: list[tuple[str, Exception]]


class _Sample(NamedTuple):
    """What is compared of a frame.

    Attributes:
        luma: its brightness, (180, 320); stretch: see `view_stretch`.
    """

    camera_id: str
    stream_id: str
    arrived_s: float
    luma: npt.NDArray[np.uint8]
    stretch: float


@dataclass(slots=True)
class _View:
    """What is known of one camera's view.

    Attributes:
        record: its state as stored, in the file of this stamp; judge: compares with the confirmed view.
        compared: pixels outside its masks; learned: the samples while a view is learned.
        last_s: time of the newest sample; checked_s: when the file was last checked.
        unchecked_s: when it was last reported that it cannot be judged.
        waiting: whether a sample waits to be judged; stopped: whether `check` has left out its frames.
    """

    record: ViewRecord
    compared: npt.NDArray[np.bool_]
    stamp: object = None
    judge: ViewJudge | None = None
    learned: LearnedView = field(default_factory=LearnedView)
    last_s: float = float("-inf")
    checked_s: float = float("-inf")
    learning_s: float | None = None
    unchecked_s: float | None = None
    waiting: bool = False
    stopped: bool = False


class ViewWatch:
    """Compares two images a second of each live camera with the view for which its masks were confirmed.

    `check` takes the samples, and the frames of a camera pass while its newest one is compared elsewhere: a view counts
    as moved only after several samples anyway.

    Args:
        views: where confirmed views are stored; None stores none, and watches nothing.
        may_learn: whether a camera without a stored view is a new one, so that its first images are its view.
        on_blind: called when recording of a camera has to stop, with the reason, or may go on, with "".
        clock_ms: milliseconds since 1970 UTC.
        run: runs a comparison, at once or in a thread of its own, one after the other.
    """

    def __init__(
        self,
        views: ConfirmedViews | None = None,
        may_learn: Callable[[CameraDeclaration], bool] = lambda _: True,
        on_blind: Callable[[str, str], None] = lambda *_: None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        run: Callable[[Callable[[], None]], object] = lambda work: work(),
    ) -> None:
        self._stored = views
        self._may_learn = may_learn
        self._on_blind = on_blind
        self._clock_ms = clock_ms
        self._run = run
        self._lock = threading.Lock()
        self._views: dict[str, _View] = {}
        self._due: deque[Event] = deque()
        self._failed: deque[tuple[str, Exception]] = deque()
        # Replaced as a whole, so that other threads read it without a lock.
        self.details: Mapping[str, str] = {}
        """Why cameras are neither analyzed, recorded nor shown, by id."""

    def declare(self, declaration: CameraDeclaration, *, live: bool) -> None:
        """Watch a camera from now on; called before its first frame, from any thread."""
        if self._stored is None or not live:
            return
        camera_id = declaration.camera_id
        view = _View(self._new_record(declaration), compared_pixels(declaration.masks, declaration.ignore))
        try:
            stored = self._stored.read(camera_id)
            if stored is not None:
                self._adopt(view, stored.record, stored.edges, stored.stamp)
        except (ConfigError, ValueError) as error:
            _log.error("view_not_read", camera=camera_id, error=str(error))
            view.record = ViewRecord(ViewState.MISSING, self._clock_ms(), detail=_LOST)
        view.stopped = view.record.state.blind
        with self._lock:
            self._views = {**self._views, camera_id: view}
        if view.record.state is ViewState.LEARNING and view.stamp is None:
            self._store(camera_id, view)
        if view.record.state.blind:
            self._due.extend(self._blinded(camera_id, view, ""))
        self._publish()

    def check(self, frames: Sequence[Frame], live: Collection[str]) -> Watched:
        """Judge frames of live cameras; those of cameras whose view is not confirmed are left out.

        Args:
            frames: of any cameras; live: ids of the live ones.
        """
        stopped: list[str] = []
        passed = []
        for frame in frames:
            view = self._views.get(frame.camera_id) if frame.camera_id in live else None
            if view is None:
                passed.append(frame)
                continue
            self._take_sample(frame, view)
            blind = view.record.state.blind
            if not blind:
                passed.append(frame)
            elif not view.stopped:
                stopped.append(frame.camera_id)
            view.stopped = blind
        return Watched(
            [frame for frame in passed if frame.camera_id not in stopped],
            _taken(self._due),
            stopped,
            _taken(self._failed),
        )

    def states(self) -> dict[str, SourceState]:
        """The state of each camera whose view is not confirmed."""
        return dict.fromkeys(self.details, SourceState.VIEW_UNCONFIRMED)

    def repeated(self, changes: Sequence[Event]) -> list[Event]:
        """The state of cameras whose view is not confirmed, after changes that say that they stream (again)."""
        return [
            camera_state(
                one.camera_id,
                one.stream_id,
                SourceState.VIEW_UNCONFIRMED,
                self.details[one.camera_id],
                one.ts_ms + 1,
            )
            for one in changes
            if isinstance(one, HealthEvent)
            and one.camera_id in self.details
            and one.state == SourceState.STREAMING.value
        ]

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed; what is stored stays."""
        with self._lock:
            self._views = {name: view for name, view in self._views.items() if name != camera_id}
        self._publish()

    def _new_record(self, declaration: CameraDeclaration) -> ViewRecord:
        """Of a camera without a stored view: without masks, or new, it is learned."""
        now_ms = self._clock_ms()
        if not declaration.masks or self._may_learn(declaration):
            return ViewRecord(ViewState.LEARNING, now_ms)
        return ViewRecord(ViewState.MISSING, now_ms, detail=_LOST)

    def _adopt(self, view: _View, record: ViewRecord, edges: bytes, stamp: object) -> None:
        reference = None if record.state is ViewState.LEARNING or not edges else ViewReference.from_bytes(edges)
        if reference is None and record.state is ViewState.CONFIRMED:
            raise ValueError("the confirmed view is missing in it")
        view.record, view.stamp = record, stamp
        view.judge = None if reference is None else ViewJudge(reference)

    def _take_sample(self, frame: Frame, view: _View) -> None:
        if view.waiting or frame.arrived_s - view.last_s < (_DAMAGED_STEP_S if frame.damaged else _STEP_S):
            return
        view.last_s, view.waiting = frame.arrived_s, True
        image = frame.image
        sample = _Sample(frame.camera_id, frame.stream_id, frame.arrived_s, view_luma(image), view_stretch(image))
        self._run(lambda: self._compare(sample, view))

    def _compare(self, sample: _Sample, view: _View) -> None:
        try:
            self._due.extend(self._compared(sample, view))
        except Exception as error:  # noqa: BLE001 - an outage of this camera, see `Watched.failed`
            self._failed.append((sample.camera_id, error))
        finally:
            view.waiting = False

    def _compared(self, sample: _Sample, view: _View) -> list[Event]:
        events = self._reread(sample, view)
        directions = edge_directions(sample.luma, view.compared)
        if view.judge is None:
            return [*events, *self._learned(sample, view, directions)]
        judge = view.judge
        judge.add(ViewPattern(directions, sample.stretch), sample.arrived_s)
        if view.record.state is ViewState.CONFIRMED:
            if judge.moved:
                return [*events, *self._moved(sample, view, judge.movement)]
            if judge.verdict is Verdict.SAME and judge.reference.learn(directions, judge.match):
                self._store(sample.camera_id, view)
            return [*events, *self._unchecked(sample, view, judge.unjudged_s)]
        if judge.is_back(sample.arrived_s):
            events += self._restored(sample, view, _BACK)
        return events

    def _learned(self, sample: _Sample, view: _View, directions: Directions) -> list[Event]:
        """One more sample of a view that is learned."""
        if view.record.state.blind:
            return []
        view.learning_s = sample.arrived_s if view.learning_s is None else view.learning_s
        view.learned.add(directions, sample.stretch)
        samples = view.learned.mean.samples
        if samples < LEAST_SAMPLES:
            return []
        reference = ViewReference.of_view(view.learned)
        if reference is None:
            if samples >= 2 * LEAST_SAMPLES:
                view.learned = LearnedView()  # it was dark, or the camera was still being adjusted
            return self._unchecked(sample, view, view.learning_s)
        now_ms = self._clock_ms()
        view.judge, view.learned = ViewJudge(reference), LearnedView()
        view.record = ViewRecord(ViewState.CONFIRMED, now_ms, confirmed_ms=now_ms)
        self._store(sample.camera_id, view)
        _log.info("view_learned", camera=sample.camera_id, areas=reference.patterns()[0].areas)
        return self._unchecked(sample, view, None)

    def _reread(self, sample: _Sample, view: _View) -> list[Event]:
        """Adopt the view that a person has confirmed meanwhile."""
        camera_id = sample.camera_id
        if self._stored is None or sample.arrived_s - view.checked_s < _REREAD_S:
            return []
        view.checked_s = sample.arrived_s
        stamp = self._stored.stamp(camera_id)
        if stamp is None or stamp == view.stamp:
            return []
        try:
            stored = self._stored.read(camera_id)
            if stored is None:
                return []
            was_blind = view.record.state.blind
            self._adopt(view, stored.record, stored.edges, stored.stamp)
        except (ConfigError, ValueError) as error:
            _log.error("view_not_read", camera=camera_id, error=str(error))
            return []
        view.unchecked_s = None
        return self._resumed(sample, view, _CONFIRMED) if was_blind and not view.record.state.blind else []

    def _moved(self, sample: _Sample, view: _View, movement: str) -> list[Event]:
        view.record = replace(view.record, state=ViewState.MOVED, since_ms=self._clock_ms(), detail=movement)
        self._store(sample.camera_id, view)
        return self._blinded(sample.camera_id, view, sample.stream_id)

    def _restored(self, sample: _Sample, view: _View, why: str) -> list[Event]:
        view.record = replace(view.record, state=ViewState.CONFIRMED, since_ms=self._clock_ms(), detail="")
        self._store(sample.camera_id, view)
        return self._resumed(sample, view, why)

    def _blinded(self, camera_id: str, view: _View, stream_id: str) -> list[Event]:
        detail = view.record.detail
        _log.error("camera_moved", camera=camera_id, problem=detail, fix=_FIX.format(camera=camera_id))
        self._on_blind(camera_id, "the view of the camera is not the confirmed one")
        self._publish()
        now_ms = self._clock_ms()
        return [
            camera_state(camera_id, stream_id, SourceState.VIEW_UNCONFIRMED, detail, now_ms),
            camera_alert(camera_id, AlertRule.CAMERA_MOVED, Severity.CRITICAL, detail, now_ms, stream_id=stream_id),
        ]

    def _resumed(self, sample: _Sample, view: _View, why: str) -> list[Event]:
        camera_id = sample.camera_id
        _log.info("view_confirmed", camera=camera_id, reason=why, by=view.record.confirmed_by)
        self._on_blind(camera_id, "")
        self._publish()
        return [
            camera_state(camera_id, sample.stream_id, SourceState.STREAMING, "", self._clock_ms()),
            self._alert(sample, AlertRule.VIEW_CONFIRMED, Severity.INFO, why),
        ]

    def _unchecked(self, sample: _Sample, view: _View, since_s: float | None) -> list[Event]:
        """Alerts about a view that cannot be judged for long, and the end of that."""
        if since_s is None:
            if view.unchecked_s is None:
                return []
            view.unchecked_s = None
            return [self._alert(sample, AlertRule.VIEW_CHECKED, Severity.INFO, _CHECKED)]
        waited_s = sample.arrived_s - (since_s if view.unchecked_s is None else view.unchecked_s)
        if waited_s < (_UNJUDGED_S if view.unchecked_s is None else _REPEAT_S):
            return []
        view.unchecked_s = sample.arrived_s
        _log.warning("view_unchecked", camera=sample.camera_id)
        return [self._alert(sample, AlertRule.VIEW_UNCHECKED, Severity.WARNING, _UNCHECKED)]

    def _alert(self, sample: _Sample, rule: AlertRule, severity: Severity, detail: str) -> AlertEvent:
        return camera_alert(sample.camera_id, rule, severity, detail, self._clock_ms(), stream_id=sample.stream_id)

    def _store(self, camera_id: str, view: _View) -> None:
        """Write the state; a file that a person has written meanwhile is adopted by the next `_reread` instead."""
        if self._stored is None:
            return
        edges = b"" if view.judge is None else view.judge.reference.as_bytes()
        try:
            stamp = self._stored.write(camera_id, view.record, edges, instead=view.stamp)
        except OSError as error:
            _log.error("view_not_stored", camera=camera_id, error=str(error))
            return
        view.stamp = view.stamp if stamp is None else stamp

    def _publish(self) -> None:
        with self._lock:
            self.details = {name: one.record.detail for name, one in self._views.items() if one.record.state.blind}


def _taken(items: deque[_Item]) -> list[_Item]:
    return [items.popleft() for _ in range(len(items))]
