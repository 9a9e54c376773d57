"""Rate limits of requests, by key and sliding window, in the memory of the server."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, deque
from typing import Final

from pipeline.domain.ports import Clock

_MOST_KEYS: Final = 10_000
"""Keys that are remembered; the one that was used longest ago is forgotten for a new one."""


class RateLimit:
    """At most so many events per key within a time.

    Args:
        most: events; window_s: seconds.
        clock: of the window.
    """

    def __init__(self, most: int, window_s: float, clock: Clock) -> None:
        self._most = most
        self._window_s = window_s
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, key: str) -> int:
        """Whole seconds until another event of a key is possible; 0 now."""
        with self._lock:
            times = self._of(key)
            return (
                max(1, math.ceil(times[0] + self._window_s - self._clock.monotonic_s())) if self._is_full(times) else 0
            )

    def count(self, key: str) -> int:
        """Count an event; when there are too many it is not counted, and the seconds to wait are returned."""
        wait_s = self.wait_s(key)
        if not wait_s:
            with self._lock:
                self._of(key).append(self._clock.monotonic_s())
        return wait_s

    def _of(self, key: str) -> deque[float]:
        times = self._times.setdefault(key, deque(maxlen=self._most))
        self._times.move_to_end(key)
        if len(self._times) > _MOST_KEYS:
            self._times.popitem(last=False)
        begin = self._clock.monotonic_s() - self._window_s
        while times and times[0] <= begin:
            times.popleft()
        return times

    def _is_full(self, times: deque[float]) -> bool:
        return len(times) >= self._most
