"""Timestamps of a live stream's packets, replaced by the time of arrival where the stream's do not advance with it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av

_WINDOW_S: Final = 2.0
"""Shortest time over which the stream's clock is compared with the time of arrival."""
_LEAST_STEPS: Final = 4
"""Packets in a window; below, one late packet would decide."""
_SHORTEST_S: Final = 0.5
"""Shortest test of a camera that shows how its clock advances."""
_STILL: Final = 0.02
_SLOWEST: Final = 0.6
_FASTEST: Final = 1.6
"""Seconds of the stream per second of arrival: outside of these, its clock does not advance with the time."""

UNRELIABLE_TIMESTAMPS: Final = "timestamps_unreliable"
"""Warning of a stream whose timestamps do not advance with the time of arrival."""
UNRELIABLE_DETAIL: Final = "the camera's timestamps do not advance with time: the time of arrival is used"
"""Detail of the state of such a stream."""


def slow_clock(stamps: Sequence[float | None], elapsed_s: float) -> str:
    """A warning if the timestamps of frames that arrived in `elapsed_s` stand still or are too slow; else ""."""
    known = [stamp for stamp in stamps if stamp is not None]
    if elapsed_s < _SHORTEST_S or len(stamps) <= _LEAST_STEPS:
        return ""
    advance_s = known[-1] - known[0] if known else 0.0
    if abs(advance_s) < _STILL * elapsed_s:
        how = "stand still or are missing"
    elif advance_s < _SLOWEST * elapsed_s:
        how = f"advance by {advance_s / elapsed_s:.2g} s per second"
    else:
        return ""
    return f"the camera's timestamps {how}: runs use the time of arrival; check the camera's clock and firmware"


@dataclass(frozen=True, slots=True)
class _Sample:
    """One packet: seconds of its arrival, and the newest timestamp; `stamp_s` is None while there was none."""

    arrived_s: float
    stamp_s: float | None


class ArrivalTimestamps:
    """Compares the timestamps of one connection with the times of arrival, and replaces them where they are unreliable.

    Two windows in a row must be too slow or too fast, by themselves and together: a connection that was interrupted
    delivers nothing and then everything at once, and one that begins delivers what the camera had stored. From then on
    until the connection ends, timestamps are seconds of arrival since the first packet.

    Args:
        warn: receives the warning, once per connection.
        pulled: the stream comes as fast as it is read, such as over HTTP: too fast is no error.
        monotonic_s: seconds of a clock that never steps.
    """

    def __init__(
        self, warn: Callable[..., None], *, pulled: bool = False, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._warn = warn
        self._fastest = math.inf if pulled else _FASTEST
        self._monotonic_s = monotonic_s
        self._stamp_s: float | None = None
        self._first: _Sample | None = None
        self._window: _Sample | None = None
        self._steps = 0
        self._before: tuple[_Sample, float | None] | None = None
        self._last_ticks: int | None = None
        self.unreliable = False

    def correct(self, packet: Any) -> None:
        """Note the packet that has just arrived, and replace its timestamps if those of its stream are unreliable.

        Args:
            packet: an `av.Packet` with content.
        """
        base = packet.time_base or Fraction(1, av.time_base)
        own = packet.pts if packet.pts is not None else packet.dts
        self._stamp_s = self._stamp_s if own is None else float(own * base)
        sample = _Sample(self._monotonic_s(), self._stamp_s)
        first = self._first = self._first or sample
        if not self.unreliable:
            self._compare(sample)
        if self.unreliable:
            # From the first timestamp on, so that what came before has its place and nothing is counted twice.
            ticks = round(((first.stamp_s or 0.0) + sample.arrived_s - first.arrived_s) / base)
            ticks = ticks if self._last_ticks is None else max(ticks, self._last_ticks + 1)
            packet.pts = packet.dts = self._last_ticks = ticks

    def _compare(self, sample: _Sample) -> None:
        window = self._window
        if window is None:
            self._window = sample
            return
        self._steps += 1
        if sample.arrived_s - window.arrived_s < _WINDOW_S or self._steps < _LEAST_STEPS:
            return
        rate = _rate(window, sample)
        if self._before is not None and self._bad(self._before[1]) and self._bad(rate):
            whole = _rate(self._before[0], sample)
            if self._bad(whole):
                self.unreliable = True
                self._warn(
                    UNRELIABLE_TIMESTAMPS,
                    stream_seconds_per_second=None if whole is None else round(whole, 2),
                    instead="the time of arrival",
                    fix="Set the camera's clock and frame rate, or update its firmware",
                )
        self._before, self._window, self._steps = (window, rate), sample, 0

    def _bad(self, rate: float | None) -> bool:
        return rate is None or not _SLOWEST <= rate <= self._fastest


def _rate(begin: _Sample, end: _Sample) -> float | None:
    """Seconds of the stream per second of arrival; None without timestamps."""
    if begin.stamp_s is None or end.stamp_s is None:
        return None
    return (end.stamp_s - begin.stamp_s) / (end.arrived_s - begin.arrived_s)
