"""Bounded queue of one camera's frames between its decoder and the detector, with counted drops."""

from __future__ import annotations

import threading
from collections import Counter, deque
from enum import Enum
from typing import Final

from pipeline.domain.camera import Priority
from pipeline.domain.frame import Frame
from pipeline.observe.snapshots import QueueSnapshot

_FULL: Final = "queue-full-"
"""Begin of the reasons of frames that were dropped because the detector did not keep up."""


_LATE: Final = "late"
"""Reason of frames that were dropped because they had become old while a newer one was waiting."""


class WhenFull(Enum):
    """Policy of `FrameQueue.put` when the queue is full."""

    WAIT = "wait"
    """Block the decoder: files lose nothing."""
    DROP_OLDEST = "drop-oldest"
    """Drop the oldest frame: least lag for live cameras. Counted as ``queue-full-oldest``."""
    DROP_NEWEST = "drop-newest"
    """Drop the new frame: fewest gaps for live cameras. Counted as ``queue-full-newest``."""


class FrameQueue:
    """Frames of one camera waiting for the detector, oldest first.

    Args:
        camera_id: the camera.
        capacity: frames that may wait.
        when_full: see `WhenFull`.
        changed: condition that all queues of a batcher share; notified on every change.
        priority: of the camera in an overload.
    """

    def __init__(
        self,
        camera_id: str,
        capacity: int,
        when_full: WhenFull,
        changed: threading.Condition,
        priority: Priority = Priority.NORMAL,
    ) -> None:
        self.camera_id = camera_id
        self.priority = priority
        self.when_full = when_full
        self._capacity = capacity
        self._changed = changed
        self._frames: deque[Frame] = deque()
        self._drops: Counter[str] = Counter()
        self._closed = False

    @property
    def rank(self) -> int:
        """Turn of its frames in a batch, 0 first. Files wait for live cameras, which cannot."""
        return len(Priority) if self.when_full is WhenFull.WAIT else self.priority.rank

    def put(self, frame: Frame) -> bool:
        """Add a frame from the decoder's thread; False once the queue is closed."""
        with self._changed:
            while not self._closed and len(self._frames) >= self._capacity:
                if self.when_full is WhenFull.WAIT:
                    self._changed.wait()
                elif self.when_full is WhenFull.DROP_NEWEST:
                    self._drops[f"{_FULL}newest"] += 1
                    return True
                else:
                    self._frames.popleft()
                    self._drops[f"{_FULL}oldest"] += 1
            if self._closed:
                self._drops["stopped"] += 1
                return False
            self._frames.append(frame)
            self._changed.notify_all()
            return True

    def close(self) -> None:
        """Refuse further frames; waiting ones can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def discard(self) -> None:
        """Close, and drop waiting frames (counted as ``stopped``)."""
        with self._changed:
            self._drops["stopped"] += len(self._frames)
            self._frames.clear()
        self.close()

    @property
    def dropped_by_overload(self) -> int:
        """Frames dropped so far because the queue was full or they had become old in it."""
        with self._changed:
            return sum(count for reason, count in self._drops.items() if reason.startswith((_FULL, _LATE)))

    @property
    def drained(self) -> bool:
        """Closed and empty."""
        with self._changed:
            return self._closed and not self._frames

    def drop_late(self, before_s: float) -> None:
        """Drop frames of a live camera that arrived before a time, but never the newest: a slow machine sees each
        camera now and then. Call with the batcher's condition held.
        """
        if self.when_full is WhenFull.WAIT:
            return
        while len(self._frames) > 1 and self._frames[0].arrived_s < before_s:
            self._frames.popleft()
            self._drops[_LATE] += 1

    def waiting(self) -> list[Frame]:
        """Waiting frames, oldest first. Call with the batcher's condition held."""
        return list(self._frames)

    def take(self) -> Frame:
        """Remove the oldest frame. Call with the batcher's condition held."""
        return self._frames.popleft()

    def snapshot(self) -> QueueSnapshot:
        """Depth, capacity and drops by reason."""
        with self._changed:
            return QueueSnapshot(depth=len(self._frames), capacity=self._capacity, drops=dict(self._drops))
