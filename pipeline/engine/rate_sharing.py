"""Rates of live cameras in an overload: what the machine analyzes, shared by priority and evenly within one."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.domain.camera import Priority

_WINDOW_S: Final = 1.0
_DEMAND_S: Final = 3.0
"""Time over which the frames that a camera asks for are counted: cameras of few frames per second come unevenly."""
_HEADROOM: Final = 0.95
"""Share of what the machine analyzes that is given away: with more, frames would wait until they are late."""
_LEAST_FPS: Final = 0.2
_LEAST_SHARE: Final = 0.25
"""Every camera gets `_LEAST_FPS`, for which at most this share of the machine is used: no priority is left blind."""
_LONGEST_BATCH_S: Final = 0.5
"""On a slow machine, larger batches would make every frame wait for all others of its batch."""
UNSEEN_S: Final = 60.0
"""No camera is without an analyzed frame for longer, as far as the machine analyzes as many frames as there are cameras
in that time."""
_NEWEST: Final = 0.5
"""Weight of the newest window in the running estimate of the machine's speed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Frames that one camera has offered for analysis.

    Attributes:
        camera_id, priority: the camera.
        frames: since its source began, analyzed or not; None for a file, which offers as many as are taken.
    """

    camera_id: str
    priority: Priority
    frames: int | None


def share_rates(capacity_fps: float, wanted: Mapping[str, tuple[Priority, float]]) -> dict[str, float]:
    """Frames per second of each camera, in sum at most the capacity.

    Every camera gets a little (`_LEAST_FPS`); the rest goes to the highest priority until it has what it wants, then to
    the next one. Within a priority the shares are max-min fair: none can grow except at the cost of one that is not
    larger (Bertsekas and Gallager, Data Networks, 1992, §6.5.2).

    Args:
        capacity_fps: of the machine; wanted: priority and frames per second of each camera, infinite for a file.
    """
    even = capacity_fps / max(1, len(wanted))
    least = min(_LEAST_FPS, max(_LEAST_SHARE * even, min(even, 1 / UNSEEN_S)))
    granted = {camera_id: min(fps, least) for camera_id, (_, fps) in wanted.items()}
    left = capacity_fps - sum(granted.values())
    for priority in Priority:
        members = {camera_id: fps for camera_id, (own, fps) in wanted.items() if own is priority}
        before = sum(granted[camera_id] for camera_id in members)
        shares = _cut_at_one_level(members, left + before)
        left -= sum(shares.values()) - before
        granted |= shares
    return granted


def _cut_at_one_level(wanted: Mapping[str, float], capacity: float) -> dict[str, float]:
    """What is wanted, cut at the level at which its sum is at most the capacity."""
    left, level = capacity, math.inf
    for number, want in enumerate(sorted(wanted.values())):
        share = left / (len(wanted) - number)
        if want > share:
            level = share
            break
        left -= want
    return {camera_id: min(want, level) for camera_id, want in wanted.items()}


class RateControl:
    """Compares what cameras offer with what the machine analyzes, window by window, and limits their rates.

    The machine's speed is that of the time in which it had frames to analyze, so it is known before the machine is
    saturated, and as soon as it is faster again.

    Args:
        monotonic_s: seconds of a clock that never steps; window_s: time over which speeds are measured.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic, window_s: float = _WINDOW_S) -> None:
        self._length_s = window_s
        self._monotonic_s = monotonic_s
        self._window_s = monotonic_s()
        self._taken = 0
        self._waited_s = 0.0
        self._capacity_fps = 0.0
        self._offered: dict[str, deque[tuple[float, int]]] = {}
        # Replaced as a whole, so that other threads read it without a lock.
        self.limits: Mapping[str, float] = {}
        """Frames per second of the live cameras whose rate is lowered now."""

    @property
    def due(self) -> bool:
        """Whether a window is over and `update` would compare."""
        return self._monotonic_s() - self._window_s >= self._length_s

    def batch_size(self, most: int) -> int:
        """Frames in a batch that this machine analyzes soon enough, up to `most`."""
        return min(most, max(1, int(self._capacity_fps * _LONGEST_BATCH_S))) if self._capacity_fps else most

    def update(self, offers: Iterable[Offer], taken: int, waited_s: float) -> Mapping[str, float]:
        """The limits from now on, by camera; those of cameras that keep their rate are left out.

        Args:
            offers: of all cameras that run.
            taken: frames taken for analysis so far, of all cameras.
            waited_s: seconds in which there was none to take, or not enough for a batch, so far.
        """
        now_s = self._monotonic_s()
        busy_s = (now_s - self._window_s) - (waited_s - self._waited_s)
        if taken > self._taken and busy_s > 0:
            speed = (taken - self._taken) / busy_s
            known = self._capacity_fps or speed
            self._capacity_fps = known + _NEWEST * (speed - known)
        self._window_s, self._taken, self._waited_s = now_s, taken, waited_s
        wanted = {offer.camera_id: (offer.priority, self._demand(offer, now_s)) for offer in offers}
        self._offered = {camera_id: seen for camera_id, seen in self._offered.items() if camera_id in wanted}
        granted = share_rates(_HEADROOM * self._capacity_fps, wanted) if self._capacity_fps else {}
        self.limits = {id_: fps for id_, fps in granted.items() if fps < wanted[id_][1] < math.inf}
        return self.limits

    def _demand(self, offer: Offer, now_s: float) -> float:
        """Frames per second that a camera asks for."""
        if offer.frames is None:
            return math.inf
        seen = self._offered.setdefault(offer.camera_id, deque())
        if seen and offer.frames < seen[-1][1]:  # added again
            seen.clear()
        seen.append((now_s, offer.frames))
        while len(seen) > 2 and now_s - seen[1][0] >= _DEMAND_S:
            seen.popleft()
        (begin_s, before), (end_s, after) = seen[0], seen[-1]
        return (after - before) / (end_s - begin_s) if end_s > begin_s else 0.0
