"""Monotonic frame times from unreliable clocks: stream timestamps (pts) and the wall clock."""

from __future__ import annotations

from typing import Protocol

_SMALL_STEP_BACK_S = 1.0
"""Clocks that step back by less are late, not restarted: waiting is better than shifting all later frames."""
_LEARN = 0.1
"""Weight of the newest step in the running estimate of the step between frames."""


class Timeline:
    """Seconds since the first frame, never decreasing, from a stream's timestamps, which may be arbitrary.

    A missing timestamp is one ordinary step after the last. A step back of up to a second is waited out. A longer step
    back, or one forward by more than `max_gap_s`, is a new start of the stream's clock: time goes on
    by one ordinary step.

    Args:
        step_s: the ordinary step to begin with, such as 1/25; refined while frames come.
        max_gap_s: maximum step forward that counts as time.
    """

    def __init__(self, step_s: float, max_gap_s: float) -> None:
        self.step_s = step_s
        self._max_gap_s = max_gap_s
        self._offset_s: float | None = None
        self._now_s = 0.0

    def place(self, stamp_s: float | None) -> float:
        """The time of the next frame in seconds; `stamp_s` is its timestamp in the stream, None when it has none."""
        if self._offset_s is None:
            self._offset_s = 0.0 if stamp_s is None else -stamp_s
            return 0.0
        if stamp_s is None:
            self._now_s += self.step_s
            return self._now_s
        step = stamp_s + self._offset_s - self._now_s
        if step < -_SMALL_STEP_BACK_S or step > self._max_gap_s:
            self._now_s += self.step_s
            self._offset_s = self._now_s - stamp_s
        elif step > 0:
            self._now_s += step
            self.step_s += _LEARN * (min(step, 1.0) - self.step_s)
        return self._now_s


class WallTime(Protocol):
    """Assigns wall-clock times to frames."""

    def at(self, pts_s: float, now_ms: int) -> int:
        """Milliseconds since 1970 UTC of the frame at `pts_s` that was decoded at `now_ms`; never decreases."""
        ...


class RecordedTime:
    """Wall time of a recording: its start, plus the frame's time in it; the same on every run.

    Args:
        start_ms: wall-clock time of the first frame, milliseconds since 1970 UTC.
    """

    def __init__(self, start_ms: int) -> None:
        self._start_ms = start_ms

    def at(self, pts_s: float, now_ms: int) -> int:  # noqa: ARG002 - the time of reading does not matter
        """See `WallTime`."""
        return self._start_ms + round(pts_s * 1000)


class LiveTime:
    """Wall time of a live stream: the frame that arrived with the least delay determines the stream's zero.

    Delay is never negative, so the smallest difference of arrival and stream time is the best estimate of the start
    (the minimum filter of one-way delay, as in NTP's clock filter, RFC 5905 §10). The estimate creeps up by
    `creep` seconds per second, which follows cameras whose clock is slow; and no frame counts as more than
    `max_lag_s` old, which follows streams whose clock stood still.
    """

    def __init__(self, creep: float = 0.001, max_lag_s: float = 2.0) -> None:
        self._creep = creep
        self._max_lag_ms = max_lag_s * 1000
        self._start_ms: float | None = None
        self._pts_s = 0.0
        self._newest_ms = 0

    def at(self, pts_s: float, now_ms: int) -> int:
        """See `WallTime`."""
        seen = now_ms - pts_s * 1000
        if self._start_ms is None:
            self._start_ms = seen
        crept = self._start_ms + (pts_s - self._pts_s) * 1000 * self._creep
        self._start_ms = max(min(crept, seen), seen - self._max_lag_ms)
        self._pts_s = pts_s
        self._newest_ms = max(self._newest_ms, round(self._start_ms + pts_s * 1000))
        return self._newest_ms
