"""A thread that runs one session of a live source, so that a hanging FFmpeg call cannot block its supervisor."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.domain.frame import Frame

_QUEUED_FRAMES = 2
"""One being passed on and one decoded meanwhile. Dropping older frames is the engine's decision."""
_OFFER_S = 0.25
"""How often a thread that cannot pass on a frame checks whether it was cancelled."""


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """The session is over; `error` is the reason, None at a regular end."""

    error: Exception | None


class ReaderThread:
    """One session in one daemon thread.

    A cancelled thread is abandoned, not joined: FFmpeg cannot be interrupted from outside, but every one of its calls
    ends within the timeouts of the settings, and then the thread closes the connection and ends.

    Args:
        name: of the thread.
        frames: makes the frames; receives the event that cancels the session.
    """

    def __init__(self, name: str, frames: Callable[[threading.Event], Iterator[Frame]]) -> None:
        self._queue: queue.Queue[Frame | SessionEnd] = queue.Queue(_QUEUED_FRAMES)
        self._cancelled = threading.Event()
        self._frames = frames
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def next(self, timeout_s: float) -> Frame | SessionEnd | None:
        """The next frame, the end, or None when neither came within `timeout_s` seconds."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def cancel(self) -> None:
        """End the session; its further frames are dropped."""
        self._cancelled.set()

    def _run(self) -> None:
        error: Exception | None = None
        try:
            for frame in self._frames(self._cancelled):
                if not self._offer(frame):
                    return
        except Exception as raised:  # noqa: BLE001 - passed to the supervisor's thread, which translates it
            error = raised
        self._offer(SessionEnd(error))

    def _offer(self, item: Frame | SessionEnd) -> bool:
        while not self._cancelled.is_set():
            try:
                self._queue.put(item, timeout=_OFFER_S)
            except queue.Full:
                continue
            return True
        return False
