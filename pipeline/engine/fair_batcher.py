"""Fills the detector's batches fairly from all cameras."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pipeline.domain.frame import Frame
from pipeline.engine.frame_queue import FrameQueue, WhenFull


class FairBatcher:
    """Takes one frame of every camera in the order of their age, then a second one of each, until the batch is full.

    A camera that sends much cannot push another one out: it gets its second place in a batch only after every other
    camera that has a frame has got its first.

    Args:
        batch_size: frames in a full batch.
        wait_s: seconds to wait for a fuller batch once there is a first frame.
    """

    def __init__(self, batch_size: int, wait_s: float) -> None:
        self._batch_size = batch_size
        self._wait_s = wait_s
        self._changed = threading.Condition()
        self._slots: list[FrameQueue] = []

    def open_slot(self, camera_id: str, capacity: int, when_full: WhenFull) -> FrameQueue:
        """A new slot whose frames are batched from now on."""
        slot = FrameQueue(camera_id, capacity, when_full, self._changed)
        with self._changed:
            self._slots.append(slot)
        return slot

    def next_batch(self, may_take: Callable[[FrameQueue], bool], timeout_s: float) -> list[Frame]:
        """Up to `batch_size` frames; frames of one camera keep their order.

        Args:
            may_take: False for slots to leave alone for now (files, while a sink pushes back).
            timeout_s: seconds to wait for a first frame; then the result is empty.
        """
        with self._changed:
            ready_by = time.monotonic() + timeout_s
            while not (slots := self._ready(may_take)):
                left = ready_by - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return []
            full_by = time.monotonic() + self._wait_s
            while self._wait_s and sum(len(s.waiting()) for s in slots) < self._batch_size and not self._all_done():
                left = full_by - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
                slots = self._ready(may_take)
            batch = self._take(slots)
            self._changed.notify_all()
            return batch

    def _ready(self, may_take: Callable[[FrameQueue], bool]) -> list[FrameQueue]:
        return [slot for slot in self._slots if slot.waiting() and may_take(slot)]

    def _all_done(self) -> bool:
        return all(slot.drained for slot in self._slots)

    def _take(self, slots: list[FrameQueue]) -> list[Frame]:
        queues = {id(slot): slot.waiting() for slot in slots}
        turns = sorted(
            (place, frame.arrived_s, number)
            for number, slot in enumerate(slots)
            for place, frame in enumerate(queues[id(slot)])
        )
        return [slots[number].take() for _, _, number in turns[: self._batch_size]]
