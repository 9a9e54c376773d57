"""Time spent in decoding, as opposed to waiting for a network or a disk."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

OnDecoded: TypeAlias = Callable[[float, float], None]
"""Called once per decoded frame with the seconds of wall clock and of the decoding thread's processor that it took."""


class DecodeTimer:
    """Sums the time inside its `with` blocks until it is taken; used by one thread.

    Processor time is that of the calling thread: with several decoder threads, the work of the others shows only in
    the wall clock.
    """

    def __init__(self) -> None:
        self._seconds = self._cpu_seconds = 0.0
        self._began = self._cpu_began = 0.0

    def __enter__(self) -> Self:
        self._began, self._cpu_began = time.perf_counter(), time.thread_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seconds += time.perf_counter() - self._began
        self._cpu_seconds += time.thread_time() - self._cpu_began

    def take(self) -> tuple[float, float]:
        """Seconds of wall clock and of processor time since the last call."""
        taken = self._seconds, self._cpu_seconds
        self._seconds = self._cpu_seconds = 0.0
        return taken
