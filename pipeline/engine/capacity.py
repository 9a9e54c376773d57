"""Capacity of this machine in frames per second: measured before a run, compared with what the cameras need."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.camera import LEAST_FPS
from pipeline.domain.plural import counted
from pipeline.domain.ports import Detector

ASSUMED_FPS: Final = 25.0
"""Frames per second of a camera whose rate is not limited and not known yet."""
_HEADROOM: Final = 0.9
_SIZE: Final = (720, 1280)


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the cameras need and what the machine does, frames per second.

    Attributes:
        rates: of the cameras that share the machine; done: analyzed by it.
    """

    rates: tuple[float, ...]
    done: float

    @property
    def needed(self) -> float:
        """Frames per second of all cameras."""
        return sum(self.rates)

    @property
    def suffices(self) -> bool:
        """Whether the machine does what the cameras need."""
        return self.done >= self.needed

    def advice(self) -> str:
        """Need, capacity and what helps: ``12 cameras x 5/s need 60 frames/s, this machine analyzes 20: …``."""
        cameras = len(self.rates)
        each = f" x {_number(self.rates[0])}/s" if len(set(map(_number, self.rates))) == 1 else ""
        plural = "" if cameras == 1 else "s"
        verb = "needs" if cameras == 1 else "need"
        start = (
            f"{cameras} camera{plural}{each} {verb} {_number(self.needed)} frames/s, "
            f"this machine analyzes {_number(self.done)}"
        )
        return start if self.suffices else f"{start}: {self._remedy()}"

    def _remedy(self) -> str:
        """What brings the need below the capacity; never fewer frames of a camera than its plates need."""
        level = _common_limit(self.rates, _HEADROOM * self.done)
        lowered = tuple(min(rate, max(level, LEAST_FPS)) for rate in self.rates)
        if level >= LEAST_FPS:
            excess = _excess(self.rates, self.done)
            return _limited(self.rates, level) + (f" or remove {excess}" if excess < len(self.rates) else "")
        excess = _excess(lowered, self.done)
        if excess == len(lowered):
            return "use a faster machine or a smaller detect.input_size"
        removal = f"remove {excess}, or add processor cores"
        return " and ".join([removal] if lowered == self.rates else [_limited(self.rates, LEAST_FPS), removal])


def _excess(rates: Sequence[float], done: float) -> int:
    """Cameras that are too many, if all were like the mean one; at least one."""
    return max(1, len(rates) - int(len(rates) * done / sum(rates)))


def _common_limit(rates: Sequence[float], within: float) -> float:
    """The rate above which no camera may be analyzed, so that all together need no more than `within`."""
    left = within
    for number, rate in enumerate(sorted(rates)):
        share = left / (len(rates) - number)
        if rate > share:
            return share
        left -= rate
    return max(rates)


def _limited(rates: Sequence[float], level: float) -> str:
    """The setting, and of which cameras where some are below it already."""
    # Downwards: rounded up it could be more than fits.
    shown = f"set analyze_fps to {_number(math.floor(level * 10) / 10)}"
    above = sum(rate > level for rate in rates)
    return shown if above == len(rates) else f"{shown} in {counted(above, 'camera')} above it"


def measure_detector(
    detector: Detector, cameras: int, seconds: float = 2.0, monotonic_s: Callable[[], float] = time.monotonic
) -> float:
    """Frames per second that a detector analyzes on this machine, in batches as these cameras fill them.

    Decoding and plate reading come on top, so the machine does less in a run.

    Raises:
        ModelRuntimeError: the network failed.
    """
    noise = np.random.default_rng(0).integers(0, 256, (*_SIZE, 3), dtype=np.uint8)
    batch: Sequence[ArrayImage] = [ArrayImage(noise)] * max(1, min(detector.batch_size, cameras))
    detector.detect(batch)  # the first call allocates
    done, began_s = 0, monotonic_s()
    while (passed_s := monotonic_s() - began_s) < seconds:
        detector.detect(batch)
        done += len(batch)
    return done / passed_s


def _number(value: float) -> str:
    """Two significant digits, and none behind the point from 10 on: 0.45, 1.5, 20."""
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"
