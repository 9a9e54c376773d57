"""Selection of the frames to analyze: at a given rate, which an overload may lower for some time."""

from __future__ import annotations

from typing import Final

from pipeline.domain.ports import OVERLOAD

SAMPLED: Final = "sampled"
"""Reason of frames that `analyze_fps` leaves out."""
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

    def change_rate(self, fps: float) -> None:
        """Want another number of frames per second from now on; one that is due sooner than before is due then."""
        self._due_s += min(0.0, 1.0 / fps - self._period_s)
        self._period_s = 1.0 / fps

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


class RateLimit:
    """The rate to which an overload lowers one live camera: set by the engine, read by the decoder's thread."""

    def __init__(self) -> None:
        self.fps: float | None = None


class FrameSelection:
    """The frames of one session that are analyzed: those of `analyze_fps`, and of these no more than a limit allows.

    Args:
        fps: frames wanted per second; None for all.
        limit: of the camera; it may change at any time.
    """

    def __init__(self, fps: float | None, limit: RateLimit) -> None:
        self._wanted = Sampler(fps)
        self._wanted_step_s = 0.0 if fps is None else 1.0 / fps
        self._limit = limit
        self._limit_fps: float | None = None
        self._limited = Sampler(None)

    def why_skipped(self, pts_s: float, step_s: float) -> str:
        """Reason why a frame that is not decoded is left out: ``sampled``, or ``overload`` if it was wanted."""
        return OVERLOAD if self._wanted.wants(pts_s, step_s) else SAMPLED

    def why_not(self, pts_s: float, step_s: float, arrived_s: float | None = None, *, scarce_s: float = 0.0) -> str:
        """Reason why a frame is left out, ``sampled`` or ``overload``; "" for one to be analyzed. See `Sampler`.

        Args:
            pts_s, step_s, arrived_s: see `Sampler.wants`.
            scarce_s: seconds between frames while most are not decoded, so that each is wanted in their place; else 0.
        """
        if not self._wanted.wants(pts_s, step_s, arrived_s) and not scarce_s:
            return SAMPLED
        fps = self._limit.fps
        if fps is None:
            self._limit_fps = None
            return ""
        if self._limit_fps is None:
            self._limited = Sampler(fps)
        elif fps != self._limit_fps:
            self._limited.change_rate(fps)
        self._limit_fps = fps
        return "" if self._limited.wants(pts_s, max(step_s, self._wanted_step_s, scarce_s), arrived_s) else OVERLOAD
