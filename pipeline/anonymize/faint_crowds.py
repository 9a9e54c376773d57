"""Faint crowds: detections with low scores that are persons, because certain persons as small are beside them.

Of people of 15 to 30 pixels at tables and under umbrellas, networks are certain of the few that stand apart. The others
have scores that shadows and signs have elsewhere. Magnified views do not change that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.labels import Label

CROWD: Final = 4
"""Certain small persons in a frame, from which faint ones beside them count."""
SMALL: Final = 0.2
"""Largest height of a small person, as a share of the image's."""
REACH: Final = 6.0
"""Distance from a certain person, in heights of that person …"""
SIMILAR: Final = 2.5
"""… to one that is at most so many times as high, or as low."""
SAME_IOU: Final = 0.3
"""From which two certain boxes are one person."""


def with_faint_crowds(detections: VideoDetections, settings: MaskSettings) -> VideoDetections:
    """The detections, with persons of a crowd as certain as is needed to be masked.

    Args:
        detections: of the video.
        settings: `confirm_score` makes a person certain; faint ones reach it from `crowd_score` on.
    """
    per_frame = [faint_crowd(found, detections.height, settings) for found in detections.per_frame]
    return replace(detections, per_frame=per_frame)


def faint_crowd(found: Detections, height: int, settings: MaskSettings) -> Detections:
    """Detections of one frame, `height` pixels high, with the faint persons of a crowd at `confirm_score`."""
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    centers = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    small = (found.labels == Label.PERSON) & (sides[:, 1] < SMALL * height)
    least = np.float32(settings.crowd_score)
    certain = _distinct(found, small & (found.scores >= settings.confirm_score))
    faint = np.flatnonzero(small & (found.scores < settings.confirm_score) & (found.scores >= least))
    if len(certain) < CROWD or not len(faint):
        return found
    heights = sides[certain, 1]
    ratio = sides[faint, 1][:, None] / np.maximum(heights, 1e-3)
    distance = np.linalg.norm(centers[faint][:, None] - centers[certain][None], axis=2)
    beside = (distance < REACH * heights) & (ratio < SIMILAR) & (ratio > 1 / SIMILAR)
    scores = found.scores.copy()
    scores[faint[beside.any(axis=1)]] = settings.confirm_score
    return Detections(found.boxes, scores, found.labels)


def _distinct(found: Detections, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Positions of chosen detections, one of each person."""
    positions = np.flatnonzero(chosen)[np.argsort(-found.scores[chosen], kind="stable")]
    same = overlaps(found.boxes[positions], found.boxes[positions]) >= SAME_IOU
    distinct: list[int] = []
    for number in range(len(positions)):
        if not same[number, distinct].any():
            distinct.append(number)
    return np.asarray(positions[distinct], np.int64)
