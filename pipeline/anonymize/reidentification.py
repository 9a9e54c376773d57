"""Re-identification attack: masked persons or faces are searched for among unmasked images of the same video.

It runs in memory, and only counts are stored. The attacker knows the style and the place of each mask. Colors and
gradients on a grid are compared: the features of re-identification before deep networks, and all that a mosaic
preserves. The same attack on the original is the baseline.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.tracklets import Tracklet, link_forward
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.frame import BgrImage

GRID: Final = (8, 16)
MIN_SPAN_S: Final = 1.0
"""Between gallery and probe: images of the same second show the same fold of the same coat."""
MIN_FRAMES: Final = 12
_CLEAR: Final = MaskSettings(confirm_score=0.5, link_score=0.3, gap_s=0.5)
SIGNIFICANCE: Final = 0.01
"""Probability that chance gives as many matches."""

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RankOne:
    """How often the right gallery image was the most similar one.

    Attributes:
        people: probes, and images in the gallery.
        hits: rank-1 matches; a tie counts as a fraction.
    """

    people: int
    hits: float

    @property
    def chance(self) -> float:
        """Expected rank-1 rate of random guesses."""
        return 1 / self.people if self.people else 0.0

    @property
    def share(self) -> float:
        """Rank-1 rate."""
        return self.hits / self.people if self.people else 0.0

    @property
    def above_chance(self) -> bool:
        """Whether random guesses would give as many hits with a probability below `SIGNIFICANCE`."""
        if not self.people:
            return False
        from scipy.special import bdtrc  # here, because its import takes long

        # bdtrc is the probability of more than k; fractions of a hit count as none.
        return (
            float(bdtrc(np.floor(self.hits) - 1, self.people, self.chance)) < SIGNIFICANCE if self.hits >= 1 else False
        )


def matchable_tracklets(detections: VideoDetections, groups: Collection[int]) -> list[Tracklet]:
    """Tracklets of the given `LABEL_GROUPS` that are clear and long enough for a gallery image and a probe."""
    times_s = detections.times_s
    return [
        tracklet
        for tracklet in link_forward(detections, _CLEAR, groups)
        if len(tracklet.frames) >= MIN_FRAMES
        and times_s[tracklet.frames[-1]] - times_s[tracklet.frames[0]] >= MIN_SPAN_S
        and tracklet.max_score >= _CLEAR.confirm_score
    ]


def gallery_and_probe(tracklet: Tracklet) -> tuple[int, int]:
    """Early and late position in a tracklet at which the object is well in the image."""
    margin = len(tracklet.frames) // 10
    return margin, len(tracklet.frames) - 1 - margin


def descriptor(image: BgrImage, box: Sequence[float] | npt.NDArray[np.float32]) -> Vector:
    """Colors (Lab) and gradients of a box on a grid, each part of unit length."""
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    crop = cv2.resize(image[max(y1, 0) : max(y2, y1 + 2), max(x1, 0) : max(x2, x1 + 2)], (64, 128))
    lab = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2LAB), GRID, interpolation=cv2.INTER_AREA).astype(np.float64)
    gray = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
    strength = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    edges = cv2.resize(strength, GRID, interpolation=cv2.INTER_AREA).astype(np.float64)
    parts = [(lab - lab.mean()).ravel(), (edges - edges.mean()).ravel()]
    return np.concatenate([part / max(float(np.linalg.norm(part)), 1.0) for part in parts])


def match_probes(gallery: Sequence[Vector], probes: Sequence[Vector]) -> RankOne:
    """Match each probe against the gallery; both hold the same people in the same order."""
    if not gallery:
        return RankOne(0, 0.0)
    rows = np.stack(gallery)
    hits = sum(rank_one_hit(rows @ probe, right) for right, probe in enumerate(probes))
    return RankOne(len(probes), float(hits))


def rank_one_hit(similarity: Vector, right: int) -> float:
    """1 where the right gallery image is the most similar, a fraction in a tie, else 0."""
    best = np.isclose(similarity, similarity.max(), rtol=0, atol=1e-6)
    return float(best[right]) / float(best.sum())
