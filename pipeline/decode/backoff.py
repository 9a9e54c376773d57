"""Pauses between attempts."""

from __future__ import annotations

import random
from collections.abc import Callable

from pipeline.decode.faults import Retry
from pipeline.decode.settings import DecodeSettings


class Backoff:
    """Doubling, capped, jittered pauses.

    Args:
        settings: first and longest pause, jitter, pause after a refusal.
        chance: a number from 0 to 1, by default at random.
    """

    def __init__(self, settings: DecodeSettings, chance: Callable[[], float] = random.random) -> None:
        self._settings = settings
        self._chance = chance
        self._failures = 0

    def pause_s(self, retry: Retry) -> float:
        """Seconds to wait after one more failure."""
        settings = self._settings
        if retry is Retry.SLOWLY:
            longest = settings.refused_pause_s
        else:
            # The exponent is bounded: a camera may be away for months.
            longest = min(settings.backoff_initial_s * 2 ** min(self._failures, 30), settings.backoff_max_s)
        self._failures += 1
        return longest * (1.0 - settings.backoff_jitter * self._chance())

    def reset(self) -> None:
        """It worked; the next failure is the first again."""
        self._failures = 0
