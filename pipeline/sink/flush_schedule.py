"""Flush schedule of a sink: delivery at full batches, after the flush interval, on request, and at the end."""

from __future__ import annotations

import threading
import time
from collections import deque


class FlushSchedule:
    """Events by their offsets in the spool, and when to deliver them; one thread delivers, any thread adds.

    Args:
        done: offset of the first event that is not confirmed.
        accepted: offset after the last event that was accepted.
        interval_s: longest wait of the oldest event for a fuller batch, seconds.
    """

    def __init__(self, done: int, accepted: int, interval_s: float) -> None:
        self._interval_s = interval_s
        self._changed = threading.Condition()
        self._done = done
        self._accepted = accepted
        self._requested = accepted  # all before this offset are to be delivered without waiting for a fuller batch
        self._arrivals: deque[tuple[int, float]] = deque()  # (offset after them, monotonic s) per `added`
        self._interrupted = False
        self._closed_at: float | None = None  # no attempt may start after this

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
        """Until a full batch, the interval, a `flush` or `close`; False when there is nothing more to deliver."""
        with self._changed:
            while not self._ready(most):
                self._changed.wait(self._remaining_s())
            return not self.expired and self._done < self._accepted

    def _ready(self, most: int) -> bool:
        if self._closed_at is not None:
            return True
        waiting = self._accepted - self._done
        if not waiting:
            return False
        return waiting >= most or self._requested > self._done or self._remaining_s() == 0

    def _remaining_s(self) -> float | None:
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
            self._requested = self._accepted
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Wait before another attempt; a `flush` or `close` in the meantime ends the wait."""
        until = time.monotonic() + seconds
        with self._changed:
            while not self._interrupted:
                deadline = until if self._closed_at is None else min(until, self._closed_at)
                remaining_s = deadline - time.monotonic()
                if remaining_s <= 0:
                    return
                self._changed.wait(remaining_s)
            self._interrupted = False

    def flush(self, timeout_s: float) -> int:
        """Request delivery of everything accepted so far, and wait; how many of those events are still pending."""
        until = time.monotonic() + timeout_s
        with self._changed:
            target = self._accepted
            self._requested = max(self._requested, target)
            self._interrupted = True
            self._changed.notify_all()
            while self._done < target:
                remaining_s = until - time.monotonic()
                if remaining_s <= 0:
                    return target - self._done
                self._changed.wait(remaining_s)
            return 0

    def close(self, timeout_s: float) -> None:
        """Attempts may start for another `timeout_s` seconds. A second call can only shorten that."""
        with self._changed:
            closed_at = time.monotonic() + timeout_s
            self._closed_at = closed_at if self._closed_at is None else min(self._closed_at, closed_at)
            self._interrupted = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed_at is not None

    @property
    def expired(self) -> bool:
        """Whether it is closed and no further attempt may start."""
        return self._closed_at is not None and time.monotonic() >= self._closed_at

    @property
    def waiting(self) -> int:
        """Events accepted and not confirmed."""
        return self._accepted - self._done
