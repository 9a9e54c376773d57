"""Live cameras whose clock runs too fast or too slow, by the times of their frames and of their arrival."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pipeline.domain.events import AlertEvent, AlertRule, Severity
from pipeline.domain.frame import Frame
from pipeline.engine.camera_events import camera_alert

_WINDOW_S: Final = 60.0
"""Time of which the frame with the least delay counts: the network only ever delays."""
_WINDOWS: Final = 11
"""Windows over which the drift is measured: ten minutes."""
_DRIFTS: Final = 0.002
"""Seconds per second: three minutes a day. A quartz has 0.0001 at most."""
_STEADY: Final = 0.001
_STEP_S: Final = 5.0
"""Change between two windows that is no drift: the stream began anew, or was interrupted."""


class _Window(NamedTuple):
    """The least delay in a window: stream time of its begin, and arrival less stream time."""

    begin_s: float
    delay_s: float


@dataclass(slots=True)
class _Clock:
    stream_id: str
    now: _Window
    windows: deque[_Window] = field(default_factory=lambda: deque(maxlen=_WINDOWS))

    def see(self, pts_s: float, delay_s: float) -> None:
        """One more frame."""
        if pts_s - self.now.begin_s < _WINDOW_S:
            self.now = self.now._replace(delay_s=min(self.now.delay_s, delay_s))
            return
        if self.windows and abs(self.now.delay_s - self.windows[-1].delay_s) > _STEP_S:
            self.windows.clear()
        self.windows.append(self.now)
        self.now = _Window(pts_s, delay_s)

    def drift(self) -> float | None:
        """Seconds per second that the camera's clock is slow (fast: negative); None before it is known."""
        if len(self.windows) < _WINDOWS:
            return None
        first, last = self.windows[0], self.windows[-1]
        return (last.delay_s - first.delay_s) / (last.begin_s - first.begin_s)


class ClockDriftWatch:
    """Reports a live camera whose clock drifts, once until it is steady again.

    Times of events follow arrivals, so they stay right; what drifts is what the camera writes into its image, and what
    its own recording says. Whether its date is right cannot be seen.
    """

    def __init__(self) -> None:
        self._clocks: dict[str, _Clock] = {}
        self._drifting: set[str] = set()

    def check(self, frames: Iterable[Frame], live: Collection[str]) -> list[AlertEvent]:
        """Alerts of cameras whose clock begins to drift, or is steady again.

        Args:
            frames: of any cameras; those that are not `live` are not judged.
        """
        return [alert for frame in frames if frame.camera_id in live for alert in self._check(frame)]

    def forget(self, camera_id: str) -> None:
        """Drop what is known of a camera that was removed."""
        self._clocks.pop(camera_id, None)
        self._drifting.discard(camera_id)

    def _check(self, frame: Frame) -> Iterable[AlertEvent]:
        clock, delay_s = self._clocks.get(frame.camera_id), frame.arrived_s - frame.pts_s
        if clock is None or clock.stream_id != frame.stream_id:
            self._clocks[frame.camera_id] = _Clock(frame.stream_id, _Window(frame.pts_s, delay_s))
            return
        clock.see(frame.pts_s, delay_s)
        drift = clock.drift()
        if drift is None:
            return
        if abs(drift) >= _DRIFTS and frame.camera_id not in self._drifting:
            self._drifting.add(frame.camera_id)
            how = "slow" if drift > 0 else "fast"
            detail = f"its clock is {how} by {abs(drift) * 3600:.0f} s per hour or more: check its time server"
            yield self._alert(frame, AlertRule.CLOCK_DRIFTS, Severity.WARNING, detail)
        elif abs(drift) <= _STEADY and frame.camera_id in self._drifting:
            self._drifting.discard(frame.camera_id)
            yield self._alert(frame, AlertRule.CLOCK_STEADY, Severity.INFO, "its clock is steady again")

    def _alert(self, frame: Frame, rule: AlertRule, severity: Severity, detail: str) -> AlertEvent:
        return camera_alert(frame.camera_id, rule, severity, detail, frame.ts_ms, stream_id=frame.stream_id)
