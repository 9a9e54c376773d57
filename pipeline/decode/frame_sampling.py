"""Selection of the frames to analyze at a given rate."""

from __future__ import annotations

from typing import Final

_OVERDUE: Final = 2
"""Intervals by arrival after which a frame is wanted, whatever the stream's clock says."""


class Sampler:
    """Picks the frames nearest to a regular interval.

    Args:
        fps: frames wanted per second of the stream's time; None for every frame.
    """

    def __init__(self, fps: float | None) -> None:
        if fps is not None and fps <= 0:
            raise ValueError(f"analyze_fps must be positive, not {fps}")
        self._period_s = 0.0 if fps is None else 1.0 / fps
        self._due_s = 0.0
        self._passed_s: float | None = None

    def wants(self, pts_s: float, step_s: float, arrived_s: float | None = None) -> bool:
        """Whether the frame at `pts_s` is analyzed, when frames come about every `step_s`; times never fall.

        Args:
            pts_s: its time in the stream; step_s: between two frames.
            arrived_s: seconds of arrival of a live frame: one is wanted at the latest after two intervals of arrival,
                so that no clock of a camera can leave it unanalyzed.
        """
        if self._period_s == 0.0:
            return True
        if self._on_time(pts_s, step_s) or self._overdue(arrived_s):
            self._passed_s = arrived_s
            return True
        return False

    def _overdue(self, arrived_s: float | None) -> bool:
        if arrived_s is None or self._passed_s is None:
            return False
        return arrived_s - self._passed_s >= _OVERDUE * self._period_s

    def _on_time(self, pts_s: float, step_s: float) -> bool:
        # Half a step early is nearer to the due time than half a step late; without it, jitter drops every other frame
        # of a stream whose rate is the wanted one.
        if pts_s + min(step_s, self._period_s) / 2 < self._due_s:
            return False
        self._due_s = max(self._due_s + self._period_s, pts_s + self._period_s / 2)
        return True
