"""Joint evidence: persons and faces of which the networks of the masks and those of the verification are unsure alike.

A motorcyclist of 30 pixels has a score of 0.2 from either network, below what counts for each. What two networks that
were trained apart see at one place is rarely a shadow, so their scores are added there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from pipeline.anonymize.faint_riders import with_faint_riders
from pipeline.anonymize.settings import MaskSettings
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.labels import Label

JOINT_SCORE: Final = 0.25
"""Least sum of both scores; `MaskSettings.confirm_score` of one network."""
SAME_PLACE_IOU: Final = 0.3


def with_joint_evidence(
    seen: VideoDetections, original: VideoDetections, *, clear_score: float, min_score: float
) -> VideoDetections:
    """The verification detections that count alone, riders of divided scores, and those that both networks see.

    Args:
        seen: verification detections, faint ones included; an unmasked object is the same in the redacted video.
        original: detections of the masks' networks in the same frames.
        clear_score: from which verification detections are used alone.
        min_score: given to riders, and to those that count together.
    """
    settings = MaskSettings(confirm_score=min_score)
    people = [with_faint_riders(each, settings).per_frame for each in (seen, original)]
    clear = with_faint_riders(seen.from_score(clear_score), settings).from_score(clear_score)
    per_frame = [
        Detections.concatenate(
            [
                found,
                *(_joint(one.labeled(label), other.labeled(label), min_score) for label in (Label.PERSON, Label.FACE)),
            ]
        )
        for found, one, other in zip(clear.per_frame, *people, strict=True)
    ]
    return replace(seen, per_frame=per_frame)


def _joint(faint: Detections, others: Detections, min_score: float) -> Detections:
    """The detections whose score and that of another one at their place suffice together, at `min_score` at least."""
    same = overlaps(faint.boxes, others.boxes) >= SAME_PLACE_IOU
    beside = np.where(same, others.scores[None], 0).max(axis=1, initial=0)
    joint = faint.select((beside > 0) & (faint.scores + beside >= JOINT_SCORE))
    return Detections(joint.boxes, np.maximum(joint.scores, np.float32(min_score)), joint.labels)
