"""Pauses between attempts."""

from __future__ import annotations

import random
from collections.abc import Callable

from pipeline.decode.ffmpeg_errors import Retry
from pipeline.decode.settings import DecodeSettings

_QUICK_TRIES = 10
"""After so many wrong answers in a row, most of half a minute, the server is not starting; it is another thing."""


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
        self._wrong_answers = 0

    def pause_s(self, retry: Retry) -> float:
        """Seconds to wait after one more failure."""
        settings = self._settings
        self._wrong_answers = self._wrong_answers + 1 if retry is Retry.EVER_LESS else 0
        if retry is Retry.SLOWLY:
            longest = settings.refused_pause_s
        elif self._wrong_answers > _QUICK_TRIES:
            doublings = min(self._wrong_answers - _QUICK_TRIES, 30)
            longest = min(settings.backoff_max_s * 2**doublings, max(settings.refused_pause_s, settings.backoff_max_s))
        else:
            # The exponent is bounded: a camera may be away for months.
            longest = min(settings.backoff_initial_s * 2 ** min(self._failures, 30), settings.backoff_max_s)
        self._failures += 1
        return longest * (1.0 - settings.backoff_jitter * self._chance())

    def reset(self) -> None:
        """It worked; the next failure is the first again."""
        self._failures = self._wrong_answers = 0
