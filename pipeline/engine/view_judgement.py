"""Judgement of a camera's view against the confirmed one: the same, moved, another one, or not to be judged."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np

from pipeline.engine.view_reference import ViewReference
from pipeline.engine.view_shift import Transform, ViewMatch, ViewPattern, known_areas, still_areas

LIMITS: Final = Transform(x=0.015, zoom=0.0225, turn=1.1)
"""Shift, zoom and turn from which a view counts as moved: three quarters of what must be found (2 %, 3 %, 1.5°)."""
_LASTS_S: Final = 0.9
"""Time over which samples say that the view moved before it counts: a mast that trembles comes back sooner."""
_LEAST_SAMPLES: Final = 2
_APART: Final = 0.5
"""Share of the limits by which half of the samples may differ from their mean."""
_FORGOTTEN_S: Final = 4.0
"""Time after which a sample that said so has no part in it."""
_BACK_S: Final = 10.0
"""Time over which samples say that the confirmed view is back."""
_BACK: Final = 0.6
"""Share of the limits up to which a view that moved is the confirmed one again."""
_LEAST_STILL: Final = 6
"""Areas that stand still from sample to sample, so that it is a view and not something that passes."""
_MOST_KNOWN: Final = 0.15
"""Share of them that are those of the confirmed view: more are left of it beside a truck."""
_LOST_S: Final = 20.0
"""Time without any sample of the confirmed view after which it counts as lost: vehicles and gusts last 6 s."""
_LOST_STILL: Final = 8
"""Areas that stand still in a sample that could have shown it: fog and darkness leave fewer."""
_LOST_SHARE: Final = 0.6
"""Share of such samples in that time."""
_LEAST_LOST: Final = 6


class Verdict(StrEnum):
    """Result of one sample."""

    SAME = "same"
    MOVED = "moved"
    OTHER = "other"
    """A still view with edges, none of which are those of the confirmed one."""
    UNCERTAIN = "uncertain"
    """The sum of all areas says that it is the same, and too few of them alone do: neither for nor against."""
    UNJUDGED = "unjudged"


@dataclass(slots=True)
class ViewJudge:
    """Judges samples of one camera in order of time.

    Attributes:
        reference: the confirmed view.
        verdict: of the newest sample; match: with the reference.
        unjudged_s: time since which no sample could be judged; None while they can.
    """

    reference: ViewReference
    verdict: Verdict = Verdict.UNJUDGED
    match: ViewMatch = field(default_factory=lambda: ViewMatch(None, 0, 0))
    unjudged_s: float | None = None
    _before: ViewPattern | None = None
    _run: deque[tuple[float, Transform | None]] = field(default_factory=lambda: deque(maxlen=16))
    _back_s: float | None = None
    _still: int = 0
    _without: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=128))
    """Samples since the last one of the confirmed view: their times, and whether they could have shown it."""

    def add(self, pattern: ViewPattern, at_s: float) -> None:
        """Judge one more sample.

        Args:
            pattern: of the sample; at_s: its time, seconds of the monotonic clock.
        """
        self.match = self.reference.match(pattern)
        self.verdict = self._verdict(pattern)
        self._before = pattern
        self._note_lost(at_s)
        if self.verdict is Verdict.UNJUDGED:
            self.unjudged_s = at_s if self.unjudged_s is None else self.unjudged_s
            return
        self.unjudged_s = None
        if self.verdict is Verdict.UNCERTAIN:
            return
        if self.verdict is Verdict.SAME:
            self._run.clear()
            near = self.match.transform is not None and self.match.transform.excess(LIMITS) <= _BACK
            self._back_s = (at_s if self._back_s is None else self._back_s) if near else None
        else:
            self._run.append((at_s, self.match.transform if self.verdict is Verdict.MOVED else None))
            while at_s - self._run[0][0] > _FORGOTTEN_S:
                self._run.popleft()
            self._back_s = None

    def _note_lost(self, at_s: float) -> None:
        if self.verdict in (Verdict.SAME, Verdict.UNCERTAIN):
            self._without.clear()
            return
        self._without.append((at_s, self.verdict is not Verdict.UNJUDGED or self._still >= _LOST_STILL))
        while len(self._without) > _LEAST_LOST and at_s - self._without[1][0] >= _LOST_S:
            self._without.popleft()

    def _verdict(self, pattern: ViewPattern) -> Verdict:
        transform = self.match.transform
        if transform is None or not self.match.areas:
            if self._stands_elsewhere(pattern):
                return Verdict.OTHER
            if transform is None:
                return Verdict.UNJUDGED
        if transform.excess(LIMITS) >= 1:
            return Verdict.MOVED
        return Verdict.SAME if self.match.areas else Verdict.UNCERTAIN

    def _stands_elsewhere(self, pattern: ViewPattern) -> bool:
        """Whether what stands still in a sample is nowhere in the confirmed view."""
        self._still = 0
        if self._before is None:
            return False
        lights = self.reference.patterns()
        still = still_areas(pattern, self._before) & np.any([light.textured for light in lights], axis=0)
        known = np.any([known_areas(pattern, light) for light in lights], axis=0)
        count = self._still = int(np.count_nonzero(still))
        return count >= _LEAST_STILL and int(np.count_nonzero(still & known)) <= _MOST_KNOWN * count

    @property
    def moved(self) -> bool:
        """Whether the newest samples agree that the view moved, or the confirmed one is lost."""
        return self._moved or self._lost

    @property
    def _lost(self) -> bool:
        """Whether the confirmed view has not been seen for long, although there was much to see."""
        if len(self._without) < _LEAST_LOST or self._without[-1][0] - self._without[0][0] < _LOST_S:
            return False
        return sum(could for _, could in self._without) >= _LOST_SHARE * len(self._without)

    @property
    def _moved(self) -> bool:
        if len(self._run) < _LEAST_SAMPLES or self._run[-1][0] - self._run[0][0] < _LASTS_S:
            return False
        known = [transform for _, transform in self._run if transform is not None]
        return 2 * len(known) <= len(self._run) or _agree(known)

    def is_back(self, at_s: float) -> bool:
        """Whether the confirmed view has been there again for long enough."""
        return self._back_s is not None and at_s - self._back_s >= _BACK_S

    @property
    def movement(self) -> str:
        """How the view moved, of the words in `pipeline.policy.detail_words`."""
        known = [transform for _, transform in self._run if transform is not None]
        if 2 * len(known) <= len(self._run) or not self._moved:
            return "it shows another view than the one that was confirmed"
        mean = _mean(known)
        parts = []
        if mean.shift >= LIMITS.x:
            parts.append(f"shifted by {100 * mean.shift:.1f} % of its width")
        if abs(mean.zoom) >= LIMITS.zoom:
            parts.append(f"{100 * abs(mean.zoom):.1f} % {'larger' if mean.zoom > 0 else 'smaller'}")
        if abs(mean.turn) >= LIMITS.turn:
            parts.append(f"turned by {abs(mean.turn):.1f} degrees")
        return f"its view is {' and '.join(parts)}"


def _agree(transforms: list[Transform]) -> bool:
    """Whether samples say that the view moved, and most of them the same: what chance finds is elsewhere each time."""
    mean = _mean(transforms)
    apart = sorted(one.after(mean.reversed()).excess(LIMITS) for one in transforms)
    return mean.excess(LIMITS) >= 1 and apart[len(apart) // 2] <= _APART


def _mean(transforms: list[Transform]) -> Transform:
    count = len(transforms)
    return Transform(
        sum(one.x for one in transforms) / count,
        sum(one.y for one in transforms) / count,
        sum(one.zoom for one in transforms) / count,
        sum(one.turn for one in transforms) / count,
    )
