"""When to deliver: full batches, the oldest's patience, hurry, pauses after trouble, and the end."""

from __future__ import annotations

import threading
import time
from collections import deque


class FlushSchedule:
    """Counts events by their offsets in the spool; one thread delivers, any thread adds.

    Args:
        done: offset of the first event that is not confirmed.
        accepted: offset after the last event that was accepted.
        interval_s: how long the oldest may wait for a fuller batch.
    """

    def __init__(self, done: int, accepted: int, interval_s: float) -> None:
        self._interval_s = interval_s
        self._changed = threading.Condition()
        self._done = done
        self._accepted = accepted
        self._wanted = accepted  # all before this offset are asked for now, without waiting for a fuller batch
        self._arrivals: deque[tuple[int, float]] = deque()  # (offset after them, monotonic s) per `added`
        self._nudged = False
        self._closed_at: float | None = None  # no try may start after this

    def added(self, accepted: int) -> None:
        """Events up to this offset were accepted."""
        with self._changed:
            self._accepted = max(self._accepted, accepted)
            now_s = time.monotonic()
            if not self._arrivals or now_s - self._arrivals[-1][1] > self._interval_s / 8:
                self._arrivals.append((accepted, now_s))
            else:
                self._arrivals[-1] = (accepted, self._arrivals[-1][1])
            self._changed.notify_all()

    def wait(self, most: int) -> bool:
        """Until a full batch, the interval, a `hurry` or `close`; False when there is nothing more to try."""
        with self._changed:
            while not self._ready(most):
                self._changed.wait(self._patience_s())
            return not self.expired and self._done < self._accepted

    def _ready(self, most: int) -> bool:
        if self._closed_at is not None:
            return True
        waiting = self._accepted - self._done
        if not waiting:
            return False
        return waiting >= most or self._wanted > self._done or self._patience_s() == 0

    def _patience_s(self) -> float | None:
        if not self._arrivals:
            return None
        return max(0.0, self._arrivals[0][1] + self._interval_s - time.monotonic())

    def reached(self, done: int) -> None:
        """All events before this offset need no more delivery."""
        with self._changed:
            self._done = max(self._done, done)
            while self._arrivals and self._arrivals[0][0] <= self._done:
                self._arrivals.popleft()
            self._changed.notify_all()

    def back_to(self, done: int) -> None:
        """Events from this offset on are to be delivered again, at once."""
        with self._changed:
            self._done = min(self._done, done)
            self._wanted = self._accepted
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Wait before another try; a `hurry` or `close` that comes meanwhile cuts it short."""
        until = time.monotonic() + seconds
        with self._changed:
            while not self._nudged:
                deadline = until if self._closed_at is None else min(until, self._closed_at)
                remaining_s = deadline - time.monotonic()
                if remaining_s <= 0:
                    return
                self._changed.wait(remaining_s)
            self._nudged = False

    def hurry(self, timeout_s: float) -> int:
        """Ask for everything accepted so far, now, and wait: how many of those are still waiting afterwards."""
        until = time.monotonic() + timeout_s
        with self._changed:
            target = self._accepted
            self._wanted = max(self._wanted, target)
            self._nudged = True
            self._changed.notify_all()
            while self._done < target:
                remaining_s = until - time.monotonic()
                if remaining_s <= 0:
                    return target - self._done
                self._changed.wait(remaining_s)
            return 0

    def close(self, patience_s: float) -> None:
        """Tries may start for another `patience_s` seconds. A second call can only shorten that."""
        with self._changed:
            closed_at = time.monotonic() + patience_s
            self._closed_at = closed_at if self._closed_at is None else min(self._closed_at, closed_at)
            self._nudged = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed_at is not None

    @property
    def expired(self) -> bool:
        """Whether it is closed and no further try may start."""
        return self._closed_at is not None and time.monotonic() >= self._closed_at

    @property
    def waiting(self) -> int:
        """Events accepted and not confirmed."""
        return self._accepted - self._done
