"""Limit on the times of events: what bears a time in the future is never due for deletion, so it may not be stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from pipeline.domain.events import Event
from pipeline.policy.gate import Refusal, RefusalRule

IN_FUTURE: Final = Refusal(
    RefusalRule.CLOCK, "its time is in the future: the clock of its camera, or of this machine, is wrong"
)


class ClockLead:
    """A condition of a `Gate`: how far later than the clock an event's time may be.

    Args:
        max_lead_s: seconds.
        clock_ms: milliseconds since 1970 UTC.
    """

    def __init__(self, max_lead_s: float, clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        self._max_lead_ms = max_lead_s * 1000
        self._clock_ms = clock_ms

    def refusal(self, event: Event) -> Refusal | None:
        """Why this event is refused; None when its time may be."""
        return IN_FUTURE if event.ts_ms > self._clock_ms() + self._max_lead_ms else None
