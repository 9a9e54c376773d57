"""System clock, the implementation of `Clock` outside tests."""

from __future__ import annotations

import time


class SystemClock:
    """Implements `pipeline.domain.ports.Clock`."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """Seconds of a monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block for some seconds."""
        time.sleep(seconds)
