"""Ranges: a typical value between a low and a high one, and their arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Range(NamedTuple):
    """A quantity of 0 or more that is not known exactly."""

    low: float
    typical: float
    high: float

    def times(self, factor: Range | float) -> Range:
        """The product."""
        other = factor if isinstance(factor, Range) else exactly(factor)
        return Range(self.low * other.low, self.typical * other.typical, self.high * other.high)

    def per(self, divisor: Range | float) -> Range:
        """The quotient: lowest where the divisor is highest."""
        other = divisor if isinstance(divisor, Range) else exactly(divisor)
        return Range(self.low / other.high, self.typical / other.typical, self.high / other.low)

    def each(self, change: Callable[[float], float]) -> Range:
        """Each of the three values changed, such as rounded up."""
        return Range(*map(change, self))

    def least(self, bound: float) -> Range:
        """None of the values below `bound`."""
        return self.each(lambda value: max(bound, value))


def exactly(value: float) -> Range:
    """A quantity that is known."""
    return Range(value, value, value)


def total(parts: Iterable[Range]) -> Range:
    """The sum: as if all were low, or all high, together."""
    three = [*zip(*parts, strict=True)]
    return Range(*map(math.fsum, three)) if three else exactly(0)
