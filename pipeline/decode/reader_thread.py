"""Runs a take in a thread of its own, so that a camera that hangs inside FFmpeg cannot hang its supervisor."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.domain.frame import Frame

_WAITING_FRAMES = 2
"""One being handed over and one decoded meanwhile. Older frames are the engine's to drop, not ours to hoard."""
_OFFER_S = 0.25
"""How often a thread that cannot hand over a frame looks whether anybody still wants it."""


@dataclass(frozen=True, slots=True)
class End:
    """The take is over; `error` says why, None at its ordinary end."""

    error: Exception | None


class Reader:
    """One take in one daemon thread.

    A cancelled reader is abandoned, not joined: FFmpeg cannot be interrupted from outside, but every one of its calls
    ends within the timeouts of the settings, and then the thread closes the connection and ends.

    Args:
        name: of the thread.
        frames: makes the frames; is given the event that says when to stop.
    """

    def __init__(self, name: str, frames: Callable[[threading.Event], Iterator[Frame]]) -> None:
        self._queue: queue.Queue[Frame | End] = queue.Queue(_WAITING_FRAMES)
        self._cancelled = threading.Event()
        self._frames = frames
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Frame | End | None:
        """The next frame, the end, or None when neither came within `timeout_s` seconds."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def cancel(self) -> None:
        """Nobody wants its frames any more."""
        self._cancelled.set()

    def _run(self) -> None:
        error: Exception | None = None
        try:
            for frame in self._frames(self._cancelled):
                if not self._offer(frame):
                    return
        except Exception as trouble:  # noqa: BLE001 - handed to the supervisor's thread, which knows what it means
            error = trouble
        self._offer(End(error))

    def _offer(self, item: Frame | End) -> bool:
        while not self._cancelled.is_set():
            try:
                self._queue.put(item, timeout=_OFFER_S)
            except queue.Full:
                continue
            return True
        return False
