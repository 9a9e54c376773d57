"""Selection of the frames to analyze at a given rate."""

from __future__ import annotations


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

    def wants(self, pts_s: float, step_s: float) -> bool:
        """Whether the frame at `pts_s` is analyzed, when frames come about every `step_s`; times never fall."""
        if self._period_s == 0.0:
            return True
        # Half a step early is nearer to the due time than half a step late; without it, jitter drops every other frame
        # of a stream whose rate is the wanted one.
        if pts_s + min(step_s, self._period_s) / 2 < self._due_s:
            return False
        self._due_s = max(self._due_s + self._period_s, pts_s + self._period_s / 2)
        return True
