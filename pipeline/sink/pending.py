"""The bounded line in which accepted events wait for their confirmation."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice

from pipeline.domain.events import Event


class Pending:
    """Events in order, from accepted to done; one thread delivers, any thread adds.

    Args:
        limit: most events that may wait.
        interval_s: how long the oldest may wait for a fuller batch.
    """

    def __init__(self, limit: int, interval_s: float) -> None:
        self._limit = limit
        self._interval_s = interval_s
        self._changed = threading.Condition()
        self._events: deque[Event] = deque()
        self._arrivals: deque[tuple[int, float]] = deque()  # (accepted so far, monotonic s) per `add`
        self._accepted = 0
        self._done = 0
        self._wanted = 0  # all up to this count are asked for now, without waiting for a fuller batch
        self._nudged = False
        self._closed_at: float | None = None  # no try may start after this

    def add(self, events: Sequence[Event]) -> bool:
        """Put all in line, or none: False when they do not fit or the line is closed. An empty line fits any number."""
        with self._changed:
            full = bool(self._events) and len(self._events) + len(events) > self._limit
            if self._closed_at is not None or full:
                return False
            self.add_last(events)
            return True

    def add_last(self, events: Sequence[Event]) -> None:
        """Put all in line, whatever its limit and even when it is closed: they are not lost, if only kept."""
        with self._changed:
            if events:
                self._events.extend(events)
                self._accepted += len(events)
                self._arrivals.append((self._accepted, time.monotonic()))
                self._changed.notify_all()

    def take(self, most: int) -> list[Event]:
        """The oldest events, at most `most`, which stay in line until `done`.

        Waits for a full batch, the interval, a `hurry` or `close`; empty only when closed and no try may start now.
        """
        with self._changed:
            while not self._ready(most):
                self._changed.wait(self._patience_s())
            if self.expired:
                return []
            return list(islice(self._events, most))

    def _ready(self, most: int) -> bool:
        if self._closed_at is not None:
            return True
        if not self._events:
            return False
        return len(self._events) >= most or self._wanted > self._done or self._patience_s() == 0

    def _patience_s(self) -> float | None:
        if not self._arrivals:
            return None
        return max(0.0, self._arrivals[0][1] + self._interval_s - time.monotonic())

    def done(self, count: int) -> None:
        """The oldest `count` events need no more delivery."""
        with self._changed:
            for _ in range(count):
                self._events.popleft()
            self._done += count
            while self._arrivals and self._arrivals[0][0] <= self._done:
                self._arrivals.popleft()
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
        """Take no more; tries may start for another `patience_s` seconds. A second call can only shorten that."""
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

    def counts(self) -> tuple[int, int, float]:
        """Accepted so far, still waiting, and the age of the oldest that waits in seconds."""
        with self._changed:
            age_s = time.monotonic() - self._arrivals[0][1] if self._arrivals else 0.0
            return self._accepted, len(self._events), age_s

    def rest(self) -> list[Event]:
        """All that still waits, oldest first."""
        with self._changed:
            return list(self._events)
