"""Overload of the machine: frames dropped because they arrive faster than they are analyzed, reported with advice."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from pipeline.domain.camera import Priority
from pipeline.domain.events import ENGINE_ID, AlertEvent, AlertRule, Event, HealthEvent, Severity
from pipeline.domain.ports import SourceState
from pipeline.engine.camera_events import camera_alert, camera_state
from pipeline.engine.capacity import Capacity

_log = structlog.get_logger(__name__)

_BEGINS: Final = 0.1
"""Share of dropped frames from which a camera is overloaded, and stays so until it is below `_ENDS`."""
_ENDS: Final = 0.05
_LEAST_DROPS: Final = 2
_REPEAT_S: Final = 3600.0
_ENDING_S: Final = 3.0
_RESTLESS_S: Final = 60.0
"""An overload ends after a window of `_ENDING_S` without drops; after twice as much as before, at most `_RESTLESS_S`,
if it began within that of the end of another one."""


@dataclass(frozen=True, slots=True)
class CameraLoad:
    """Frames of a live camera so far.

    Attributes:
        camera_id, stream_id: the camera and its session; state: of its source.
        analyzed: frames analyzed; dropped: frames that were wanted and not analyzed for lack of time.
        priority: of the camera.
    """

    camera_id: str
    stream_id: str
    state: SourceState
    analyzed: int
    dropped: int
    priority: Priority = Priority.NORMAL


@dataclass(slots=True)
class _Overload:
    reported_s: float
    detail: str


class OverloadWatch:
    """Compares analyzed and dropped frames of live cameras, window by window.

    Args:
        monotonic_s: seconds of a clock that never steps; clock_ms: milliseconds since 1970 UTC.
        recordings: cameras whose recording loses frames now, each with advice.
        window_s: time over which frames are counted before an overload: a burst that the queues absorb is none.
    """

    def __init__(
        self,
        monotonic_s: Callable[[], float] = time.monotonic,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        window_s: float = 10.0,
        recordings: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._recordings = recordings
        self._recording_alerted_s: dict[str, float] = {}
        self._length_s = window_s
        self._ending_s = min(_ENDING_S, window_s)
        self._ended_s = -math.inf
        self._monotonic_s = monotonic_s
        self._clock_ms = clock_ms
        self._window_s = monotonic_s()
        self._before: dict[str, CameraLoad] = {}
        # Replaced as a whole, so that other threads read it without a lock.
        self._overloads: Mapping[str, _Overload] = {}
        self._alerted_s: float | None = None
        self._advice = ""
        # Cameras whose frames are the load that was reported.
        self._loading: set[str] = set()

    @property
    def due(self) -> bool:
        """Whether a window is over and `check` would compare."""
        length_s = self._length_s if self._alerted_s is None else self._ending_s
        return self._monotonic_s() - self._window_s >= length_s

    @property
    def advice(self) -> str:
        """Need, capacity and what helps; "" while the machine keeps up. Safe from any thread."""
        recordings = [f"{camera_id}: {advice}" for camera_id, advice in self._recordings().items()]
        return ". ".join(part for part in (self._advice, *recordings) if part)

    def detail(self, camera_id: str) -> str:
        """The share of a camera's frames that is analyzed, in words; "" while it keeps up. Safe from any thread."""
        overload = self._overloads.get(camera_id)
        return "" if overload is None else overload.detail

    @property
    def overloaded(self) -> Collection[str]:
        """The cameras that were reported as overloaded."""
        return self._overloads.keys()

    def check(self, loads: Iterable[CameraLoad]) -> list[Event]:
        """States of cameras that become overloaded or recover, and an alert with advice; each again once an hour.

        Args:
            loads: of all live cameras; nothing is compared before a window is over.
        """
        now_s = self._monotonic_s()
        seconds = now_s - self._window_s
        current = {load.camera_id: load for load in loads}
        if not self.due:
            return []
        windows = {
            camera_id: (load, load.analyzed - before.analyzed, load.dropped - before.dropped)
            for camera_id, load in current.items()
            if (before := self._before.get(camera_id)) is not None and _counts_on(before, load)
        }
        earlier, self._before, self._window_s = self._before, current, now_s
        events: list[Event] = list(self._about_recordings(now_s))
        overloads: dict[str, _Overload] = {}
        for camera_id, (load, analyzed, dropped) in windows.items():
            overload = self._judged(load, analyzed, dropped, seconds)
            if overload is not None:
                overloads[camera_id] = overload
            events += self._changes(load, overload, now_s)
        self._overloads = overloads
        rates = [(analyzed + dropped) / seconds for _, analyzed, dropped in windows.values() if analyzed + dropped]
        done = sum(analyzed for _, analyzed, _ in windows.values()) / seconds
        whole = {id_ for id_, (load, *counts) in windows.items() if any(counts) and _streamed(earlier[id_], load)}
        self._loading = (self._loading & current.keys()) | (whole if overloads else set())
        if not overloads and self._alerted_s is not None and (current.keys() - windows.keys() or self._loading - whole):
            return events  # restarted or interrupted cameras: with them back, the load may be what it was
        self._advice = Capacity(tuple(rates), done).advice() if overloads else ""
        return [*events, *self._alerts(now_s)]

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed: if it is added again, its counters begin at 0."""
        self._before.pop(camera_id, None)
        self._recording_alerted_s.pop(camera_id, None)
        self._loading.discard(camera_id)
        self._overloads = {known: overload for known, overload in self._overloads.items() if known != camera_id}

    def _judged(self, load: CameraLoad, analyzed: int, dropped: int, seconds: float) -> _Overload | None:
        """Whether a camera was overloaded in the window."""
        offered = analyzed + dropped
        before = self._overloads.get(load.camera_id)
        least = _BEGINS if before is None else _ENDS
        # A source that is interrupted has a state of its own, and starts again without an overload.
        if load.state is not SourceState.STREAMING or dropped < least * offered or not dropped:
            return None
        if before is None and dropped < _LEAST_DROPS:
            return None
        share = f"{100 * analyzed / offered:.0f}% of frames analyzed"
        detail = f"{share}: {analyzed / seconds:.1f} of {offered / seconds:.1f} per second"
        if load.priority is not Priority.NORMAL:
            detail += f", priority {load.priority.value}"
        return _Overload(self._monotonic_s() if before is None else before.reported_s, detail)

    def _changes(self, load: CameraLoad, overload: _Overload | None, now_s: float) -> list[Event]:
        before = self._overloads.get(load.camera_id)
        if overload is not None and (before is None or now_s - overload.reported_s >= _REPEAT_S):
            overload.reported_s = now_s
            return [self._state(load, SourceState.OVERLOADED, overload.detail)]
        if overload is None and before is not None and load.state is SourceState.STREAMING:
            return [self._state(load, SourceState.STREAMING, "")]
        return []

    def _state(self, load: CameraLoad, state: SourceState, detail: str) -> HealthEvent:
        return camera_state(load.camera_id, load.stream_id, state, detail, self._clock_ms())

    def _about_recordings(self, now_s: float) -> list[Event]:
        """An alert about each camera whose recording begins to lose frames, again once an hour."""
        before, cameras = self._recording_alerted_s, self._recordings()
        new = [camera_id for camera_id in cameras if now_s - before.get(camera_id, -math.inf) >= _REPEAT_S]
        self._recording_alerted_s = {id_: now_s if id_ in new else before[id_] for id_ in cameras}
        return [self._alert(AlertRule.OVERLOADED, Severity.WARNING, cameras[camera_id], camera_id) for camera_id in new]

    def _alerts(self, now_s: float) -> list[Event]:
        if not self._overloads:
            if self._alerted_s is None:
                return []
            self._alerted_s, self._ended_s = None, now_s
            self._loading = set()
            _log.info("overload_ended")
            return [self._alert(AlertRule.OVERLOAD_ENDED, Severity.INFO, "every camera's frames are analyzed again")]
        if self._alerted_s is None:
            restless = now_s - self._ended_s < _RESTLESS_S
            self._ending_s = min(2 * self._ending_s, _RESTLESS_S) if restless else min(_ENDING_S, self._length_s)
        elif now_s - self._alerted_s < _REPEAT_S:
            return []
        self._alerted_s = now_s
        _log.warning("overloaded", cameras=sorted(self._overloads), advice=self._advice)
        return [self._alert(AlertRule.OVERLOADED, Severity.WARNING, self._advice)]

    def _alert(self, rule: AlertRule, severity: Severity, detail: str, camera_id: str = ENGINE_ID) -> AlertEvent:
        return camera_alert(camera_id, rule, severity, detail, self._clock_ms())


def _counts_on(before: CameraLoad, load: CameraLoad) -> bool:
    """Whether the counters of a camera go on from those before; they begin at 0 when it is restarted."""
    return load.analyzed >= before.analyzed and load.dropped >= before.dropped


def _streamed(before: CameraLoad, load: CameraLoad) -> bool:
    """Whether a camera streamed throughout a window, in one session."""
    streaming = SourceState.STREAMING
    return before.state is streaming and load.state is streaming and before.stream_id == load.stream_id
