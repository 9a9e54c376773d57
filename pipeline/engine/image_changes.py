"""Changes between the samples of one camera: images that no longer change, and images that were seen before."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.engine.image_quality import GRID, Defect, Gray, area_deviations, area_means

_SAME: Final = 1.0
"""Gray levels by which the mean of an area differs because of compression alone: 0.4 at most where a frozen image is
encoded anew."""
_CLOCK: Final = 6
"""Areas, of 128, that a clock or moving text changes: always the same ones."""
_IDENTICAL_S: Final = 60.0
_CODEC_S: Final = 120.0
"""Where only compression changes the image."""
_DARK_S: Final = 900.0
"""The same at night, when a codec removes the noise of a sensor and nothing may happen for long."""
_NOISE_S: Final = 3600.0
"""Where there is fresh noise, as of a sensor: a parked scene is the same but for its light."""
_DARK_MEAN: Final = 50.0
_CODEC_NOISE: Final = 1.0
"""Gray levels by which pixels of an area differ between two samples: 0.9 at most by compression, 1.2 by a sensor."""
_NEWEST_SHARE: Final = 1 / 15
_LEAST_SAMPLES: Final = 3
_REMEMBERED: Final = 600
"""Samples: loops of up to ten minutes are found."""
_JUDGED: Final = 40
"""Newest samples in which something moved."""
_MOST_SEEN: Final = 0.6
"""Share of them that was seen before, exactly: a lamp that blinks repeats too, but in a few states."""
_LEAST_STATES: Final = 8

_Means = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: of the monotonic clock, for durations, and milliseconds since 1970 UTC, for events."""

    at_s: float = 0.0
    ts_ms: int = 0


@dataclass(slots=True)
class _Run:
    """Samples that equal the first one but for a clock.

    Attributes:
        begin: time of the first sample; means: of its areas; changed: areas that differed from it since.
        identical: since when no pixel changes; quiet: since when no more changes than compression does.
        noise: mean change of pixels from sample to sample over some of the newest, in gray levels.
        samples: how many.
    """

    begin: Moment
    means: _Means
    changed: npt.NDArray[np.bool_]
    identical: Moment
    quiet: Moment
    noise: float = 0.0
    samples: int = 1

    def add(self, now: Moment, step: npt.NDArray[np.float32]) -> None:
        """One more sample, by its difference to the last one."""
        change = float(np.median(area_deviations(step)))
        self.noise = change if self.samples == 1 else self.noise + (change - self.noise) * _NEWEST_SHARE
        self.samples += 1
        if step.any():
            self.identical = now
        if self.noise > _CODEC_NOISE:
            self.quiet = now

    def frozen_since(self, now: Moment) -> Moment | None:
        """Since when the image counts as frozen, None if it does not."""
        longest_s = _DARK_S if self.means.mean() < _DARK_MEAN else _CODEC_S
        for since, least_s in ((self.identical, _IDENTICAL_S), (self.quiet, longest_s), (self.begin, _NOISE_S)):
            if now.at_s - since.at_s >= least_s and self.samples >= _LEAST_SAMPLES:
                return since
        return None


class ImageChanges:
    """Compares each sample of a camera with earlier ones; used by one thread."""

    def __init__(self) -> None:
        self._gray: npt.NDArray[np.float32] | None = None
        self._run: _Run | None = None
        self._means: _Means | None = None
        self._seen = np.zeros((_REMEMBERED, GRID[0] * GRID[1]), np.float32)
        self._states = np.full(_REMEMBERED, -1)
        self._count = 0
        self._moving: deque[tuple[bool, int]] = deque(maxlen=_JUDGED)
        """Of the newest samples in which something moved: whether each was seen before, and its state."""

    def add(self, gray: Gray, now: Moment) -> None:
        """One more sample, about a second after the last one."""
        levels = gray.astype(np.float32)
        means = area_means(levels).ravel()
        self._compare_with_run(levels, means, now)
        if self._means is not None and np.count_nonzero(abs(means - self._means) > _SAME) > _CLOCK:
            self._compare_with_all(means)
        self._gray, self._means = levels, means

    def found(self, now: Moment) -> tuple[Defect, Moment] | None:
        """The defect as of now and since when it lasts, None without one."""
        frozen = None if self._run is None else self._run.frozen_since(now)
        if frozen is not None:
            return Defect.FROZEN, frozen
        return (Defect.REPEATED, now) if self._repeats() else None

    def _compare_with_run(self, levels: npt.NDArray[np.float32], means: _Means, now: Moment) -> None:
        run = self._run
        if run is not None and self._gray is not None:
            run.changed |= abs(means - run.means) > _SAME
            if np.count_nonzero(run.changed) <= _CLOCK:
                run.add(now, levels - self._gray)
                return
        self._run = _Run(now, means, np.zeros(means.shape, np.bool_), now, now)

    def _compare_with_all(self, means: _Means) -> None:
        """A sample in which something moved, compared with all such that are remembered."""
        known = self._seen[: min(self._count, _REMEMBERED)]
        alike = np.count_nonzero(abs(known - means) > _SAME, axis=1) <= _CLOCK
        earlier = int(np.argmax(alike)) if alike.any() else -1
        state = self._count if earlier < 0 else int(self._states[earlier])
        self._moving.append((earlier >= 0, state))
        slot = self._count % _REMEMBERED
        self._seen[slot], self._states[slot] = means, state
        self._count += 1

    def _repeats(self) -> bool:
        if len(self._moving) < _JUDGED:
            return False
        seen = [state for was_seen, state in self._moving if was_seen]
        return len(seen) >= _MOST_SEEN * _JUDGED and len(set(seen)) >= _LEAST_STATES
