"""Local features of a scene: two streams that show the same one are found although one is cropped, turned or masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

FEATURES_PX: Final = (480, 270)
"""Width and height to which images are scaled before features are extracted."""
_FEATURES: Final = 600
_LEAST_FEATURES: Final = 40
"""Of each image: a dark or empty one says nothing."""
_MOST_BITS: Final = 64
_RATIO: Final = 0.8
"""Distance of a match as a share of that of the next best one (D. Lowe, 2004)."""
_MOST_OFF_PX: Final = 4.0
_LEAST_INLIERS: Final = 20
_LEAST_AREAS: Final = 5
"""Areas, of 12 × 8, in which there are matches: of 946 pairs of clips 5 with 5 matches at most for two scenes, and 5 to
45 for one, cropped, turned, masked or dark."""
_BORDER: Final = 0.12
"""Share of the height above and below without a say: two cameras of one city have the same captions."""

_ORB: Final = cv2.ORB_create(  # type: ignore[attr-defined]
    _FEATURES, scaleFactor=1.2, nlevels=8, edgeThreshold=15, patchSize=31, fastThreshold=6
)
_MATCHER: Final = cv2.BFMatcher(cv2.NORM_HAMMING)


@dataclass(frozen=True, slots=True)
class SceneFeatures:
    """Oriented features (ORB; E. Rublee et al., 2011).

    Attributes:
        points: (n, 2) float32, pixels.
        descriptors: (n, 32) uint8.
    """

    points: npt.NDArray[np.float32]
    descriptors: npt.NDArray[np.uint8]


def scene_features(image: npt.NDArray[np.uint8]) -> SceneFeatures | None:
    """Features of an image (h, w, 3), BGR, of `FEATURES_PX`; None where there are too few."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    low, high = np.percentile(gray, (2, 98))
    # So that a dark or hazy copy has the same features.
    stretched = np.clip((gray.astype(np.float32) - low) * (255 / max(8.0, high - low)), 0, 255).astype(np.uint8)
    points, descriptors = _ORB.detectAndCompute(cv2.GaussianBlur(stretched, (0, 0), 0.8), None)
    if descriptors is None or len(points) < _LEAST_FEATURES:
        return None
    return SceneFeatures(np.array([point.pt for point in points], np.float32), np.asarray(descriptors, np.uint8))


def show_one_scene(one: SceneFeatures, other: SceneFeatures) -> bool:
    """Whether a plane transformation maps features of one image, spread over it, to those of the other."""
    pairs = [
        best
        for best, *rest in _MATCHER.knnMatch(one.descriptors, other.descriptors, k=2)
        if rest and best.distance < min(_MOST_BITS, _RATIO * rest[0].distance)
    ]
    if len(pairs) < _LEAST_INLIERS:
        return False
    here = one.points[[pair.queryIdx for pair in pairs]]
    there = other.points[[pair.trainIdx for pair in pairs]]
    _, agreeing = cv2.findHomography(here, there, cv2.RANSAC, _MOST_OFF_PX, maxIters=500)
    if agreeing is None or np.count_nonzero(agreeing) < _LEAST_INLIERS:
        return False
    inliers = np.flatnonzero(agreeing)
    return min(_areas(here[inliers]), _areas(there[inliers])) >= _LEAST_AREAS


def _areas(points: npt.NDArray[np.float32]) -> int:
    width, height = FEATURES_PX
    inner = points[(points[:, 1] > _BORDER * height) & (points[:, 1] < (1 - _BORDER) * height)]
    return len({(int(x * 12 / width), int(y * 8 / height)) for x, y in inner})
