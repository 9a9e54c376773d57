"""Whether somebody in a finished video can be found among images of all who were in the original.

In memory only, and only for this estimate; nothing of it is kept but counts. The attacker knows the look and where each
cover is. Compared are colors and gradients on a grid, what re-identification used before networks and all that a
mosaic leaves. The same attack on the original, beside it, says what it is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import CoverSettings
from pipeline.anonymize.tracklets import Tracklet, link_both_ways
from pipeline.anonymize.video_detections import Sightings
from pipeline.domain.frame import BgrImage

GRID: Final = (8, 16)
APART_S: Final = 1.0
"""An image of the same second shows the same fold of the same coat."""
LEAST_SEEN: Final = 12
_CLEAR: Final = CoverSettings(sure=0.5, faint=0.3, gap_s=0.5)
SIGNIFICANT: Final = 0.01
"""Chance gives as many first places once in a hundred videos."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Matched:
    """How often the right one came first.

    Attributes:
        people: probes, and images in the gallery.
        hits: first places; equal likenesses give parts of one.
    """

    people: int
    hits: float

    @property
    def chance(self) -> float:
        """Share of first places that drawing lots gives."""
        return 1 / self.people if self.people else 0.0

    @property
    def share(self) -> float:
        """Share of first places."""
        return self.hits / self.people if self.people else 0.0

    @property
    def above_chance(self) -> bool:
        """Whether drawing lots hardly ever gives as many."""
        if not self.people:
            return False
        from scipy.special import bdtrc  # here, because its import takes long

        # bdtrc is the chance of more than k; parts of a hit count as none.
        return (
            float(bdtrc(np.floor(self.hits) - 1, self.people, self.chance)) < SIGNIFICANT if self.hits >= 1 else False
        )


def seen_twice(sightings: Sightings, group: int) -> list[Tracklet]:
    """Who was seen clearly for so long that two images of him tell something; `group` of `chains.GROUPS`."""
    times_s = sightings.times_s
    return [
        chain
        for chain in link_both_ways(sightings, _CLEAR)[0]
        if chain.group == group
        and len(chain.frames) >= LEAST_SEEN
        and times_s[chain.frames[-1]] - times_s[chain.frames[0]] >= APART_S
        and max(chain.scores) >= _CLEAR.sure
    ]


def two_places(chain: Tracklet) -> tuple[int, int]:
    """Positions in a chain, early and late, at which somebody is well in the image: for gallery and probe."""
    margin = len(chain.frames) // 10
    return margin, len(chain.frames) - 1 - margin


def described(image: BgrImage, box: Sequence[float] | npt.NDArray[np.float32]) -> Vector:
    """Colors (Lab) and gradients of a box on a grid, each part of unit length."""
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    return _described(image[max(y1, 0) : max(y2, y1 + 2), max(x1, 0) : max(x2, x1 + 2)])


def _described(image: BgrImage) -> Vector:
    crop = cv2.resize(image, (64, 128))
    lab = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2LAB), GRID, interpolation=cv2.INTER_AREA).astype(np.float64)
    gray = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    strength = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    edges = cv2.resize(strength, GRID, interpolation=cv2.INTER_AREA).astype(np.float64)
    parts = [(lab - lab.mean()).ravel(), (edges - edges.mean()).ravel()]
    return np.concatenate([part / max(float(np.linalg.norm(part)), 1.0) for part in parts])


def first_places(gallery: Sequence[Vector], probes: Sequence[Vector]) -> Matched:
    """Each probe looked for in the gallery; both are of the same people in the same order."""
    if not gallery:
        return Matched(0, 0.0)
    rows = np.stack(gallery)
    hits = 0.0
    for right, probe in enumerate(probes):
        hits += first_place(rows @ probe, right)
    return Matched(len(probes), hits)


def first_place(likeness: Vector, right: int) -> float:
    """1 where the right one is most alike, a part of it where several are as much alike, else 0."""
    best = np.isclose(likeness, likeness.max(), rtol=0, atol=1e-6)
    return float(best[right]) / float(best.sum())
