"""Detector batches, filled fairly from the frame queues of all cameras."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from pipeline.domain.camera import Priority
from pipeline.domain.frame import Frame
from pipeline.engine.frame_queue import FrameQueue, WhenFull
from pipeline.engine.rate_sharing import UNSEEN_S


class FairBatcher:
    """Takes one frame of every camera, then a second one of each, until the batch is full.

    A camera that sends many frames cannot displace another one: it gets its second place in a batch only after every
    other camera with a frame has got its first. Where not every camera has a place, those come first that were served
    longest ago, so that an overload is shared: cameras that offer as much get the same, however their clocks and the
    batches fall together (by the age of frames alone, some got five times as much as others). Cameras of a higher
    priority come first, and files last: `RateControl` leaves something for each.

    Attributes:
        batch_size: frames in a full batch; most: the same at present, at most as many.
        taken: frames so far; waited_s: seconds spent without any to take, or with too few for a batch.

    Args:
        batch_size: frames in a full batch.
        wait_s: seconds to wait for a fuller batch once there is a first frame.
        enough: frames for which it does not wait for more; None for a full batch.
        max_age_s: seconds after which a frame of a live camera is dropped if the camera has a newer one.
    """

    def __init__(
        self, batch_size: int, wait_s: float, max_age_s: float = math.inf, *, enough: int | None = None
    ) -> None:
        self.batch_size = self.most = batch_size
        self._enough = batch_size if enough is None else enough
        self.taken = 0
        self.waited_s = 0.0
        self._max_age_s = max_age_s
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._queues: list[FrameQueue] = []
        self._turn = 0
        self._served: dict[str, int] = {}
        """The last turn of each camera."""
        self._served_s: dict[str, float] = {}
        """Its time; at first that of its first frame."""

    def open_queue(
        self, camera_id: str, capacity: int, when_full: WhenFull, priority: Priority = Priority.NORMAL
    ) -> FrameQueue:
        """A new queue whose frames are batched from now on; safe from any thread."""
        queue = FrameQueue(camera_id, capacity, when_full, self._changed, priority)
        with self._changed:
            self._queues.append(queue)
        return queue

    def close_queue(self, queue: FrameQueue) -> None:
        """Batch no further frames of a queue; its waiting frames are dropped. Safe from any thread."""
        queue.discard()
        with self._changed:
            if queue in self._queues:
                self._queues.remove(queue)
                self._served.pop(queue.camera_id, None)
                self._served_s.pop(queue.camera_id, None)

    def next_batch(self, may_take: Callable[[FrameQueue], bool], timeout_s: float) -> list[Frame]:
        """Up to `batch_size` frames; frames of one camera keep their order.

        Args:
            may_take: False for queues to leave alone for now (files, while a sink pushes back).
            timeout_s: seconds to wait for a first frame; without one the result is empty.
        """
        with self._changed:
            began_s = time.monotonic()
            queues = self._filled(may_take, began_s + timeout_s)
            ended_s = time.monotonic()
            self.waited_s += ended_s - began_s
            for queue in queues:
                queue.drop_late(ended_s - self._max_age_s)
            batch = self._take(queues, ended_s)
            self.taken += len(batch)
            if batch:
                self._changed.notify_all()
            return batch

    def _filled(self, may_take: Callable[[FrameQueue], bool], ready_by: float) -> list[FrameQueue]:
        """Queues with a batch to take, or with less after a while; none if no frame came in time."""
        while not (queues := self._ready(may_take)):
            left = ready_by - time.monotonic()
            if left <= 0 or not self._changed.wait(left):
                return []
        full_by = time.monotonic() + self._wait_s
        enough = min(self.most, self._enough)
        while self._wait_s and sum(len(q.waiting()) for q in queues) < enough and not self._all_done():
            left = full_by - time.monotonic()
            if left <= 0 or not self._changed.wait(left):
                break
            queues = self._ready(may_take)
        return queues

    def _ready(self, may_take: Callable[[FrameQueue], bool]) -> list[FrameQueue]:
        return [queue for queue in self._queues if queue.waiting() and may_take(queue)]

    def _all_done(self) -> bool:
        return all(queue.drained for queue in self._queues)

    def _rank(self, queue: FrameQueue, now_s: float) -> int:
        """Its rank, or before all others when a live camera has been waiting for too long."""
        unseen_s = now_s - self._served_s.setdefault(queue.camera_id, now_s)
        return -1 if unseen_s > UNSEEN_S and queue.when_full is not WhenFull.WAIT else queue.rank

    def _take(self, queues: list[FrameQueue], now_s: float) -> list[Frame]:
        ranks = [self._rank(queue, now_s) for queue in queues]
        waiting = [queue.waiting() for queue in queues]
        turns = sorted(
            (ranks[number], place, self._served.get(queue.camera_id, 0), frame.arrived_s, number)
            for number, (queue, frames) in enumerate(zip(queues, waiting, strict=True))
            for place, frame in enumerate(frames)
        )
        batch = []
        for *_, number in turns[: self.most]:
            self._turn += 1
            self._served[queues[number].camera_id] = self._turn
            self._served_s[queues[number].camera_id] = now_s
            batch.append(queues[number].take())
        return batch
