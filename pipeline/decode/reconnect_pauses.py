"""Pauses before a live source is connected again, by the kind of its failure."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from pipeline.decode.ffmpeg_errors import Retry
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.backoff import Backoff

_QUICK_TRIES: Final = 10
"""After so many wrong answers in a row, most of half a minute, the server is not starting; something else is wrong."""
_MOST_DOUBLINGS: Final = 30


class ReconnectPauses:
    """Exponential back-off, and longer pauses after a refused login or repeated wrong answers.

    Args:
        settings: first and longest pause, jitter, pause after a refusal.
        chance: a number from 0 to 1, by default at random.
    """

    def __init__(self, settings: DecodeSettings, chance: Callable[[], float] = random.random) -> None:
        self._settings = settings
        self._backoff = Backoff(settings.backoff_initial_s, settings.backoff_max_s, settings.backoff_jitter, chance)
        self._wrong_answers = 0

    def pause_s(self, retry: Retry) -> float:
        """Seconds to wait after one more failure."""
        self._wrong_answers = self._wrong_answers + 1 if retry is Retry.EVER_LESS else 0
        if retry is Retry.SLOWLY:
            return self._backoff.pause_s(self._settings.refused_pause_s)
        if self._wrong_answers > _QUICK_TRIES:
            return self._backoff.pause_s(self._after_wrong_answers_s())
        return self._backoff.pause_s()

    def _after_wrong_answers_s(self) -> float:
        factor = float(2 ** min(self._wrong_answers - _QUICK_TRIES, _MOST_DOUBLINGS))
        longest_s = max(self._settings.refused_pause_s, self._settings.backoff_max_s)
        return min(self._settings.backoff_max_s * factor, longest_s)

    def reset(self) -> None:
        """The source worked; the next failure is the first again."""
        self._backoff.reset()
        self._wrong_answers = 0
