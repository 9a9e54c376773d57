"""Pauses between attempts: exponential back-off with a cap and jitter."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

_MOST_DOUBLINGS: Final = 30
"""The exponent is bounded: a camera or broker may be away for months."""


class Backoff:
    """Pauses after failures in a row: each twice as long as the one before.

    Args:
        first_s: pause after the first failure, seconds.
        longest_s: limit of the pauses.
        jitter: largest share of a pause that chance may take off it, 0 to 1, so that many clients that lost one server
            do not return at the same moment.
        chance: a number from 0 to 1, by default at random.
    """

    def __init__(
        self, first_s: float, longest_s: float, jitter: float = 0.5, chance: Callable[[], float] = random.random
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._jitter = jitter
        self._chance = chance
        self._failures = 0

    def pause_s(self, instead_s: float | None = None) -> float:
        """Seconds to wait after one more failure.

        Args:
            instead_s: a pause to take instead of the doubled one, before jitter.
        """
        doubled_s = min(self._first_s * float(2 ** min(self._failures, _MOST_DOUBLINGS)), self._longest_s)
        self._failures += 1
        return (doubled_s if instead_s is None else instead_s) * (1.0 - self._jitter * self._chance())

    def reset(self) -> None:
        """An attempt succeeded; the next failure is the first again."""
        self._failures = 0
