"""Recall of verification detectors on reference objects: persons, faces and plates that are certainly in the original.

It is measured over the whole video, and in each minute of each scene: detectors that see by day and not in the rain at
night find most of the objects of a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import numpy as np

from pipeline.anonymize.redaction_masks import MaskPlan
from pipeline.anonymize.residual_detections import PERSONAL, wilson_low
from pipeline.anonymize.video_minutes import SceneMinutes
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.labels import Label

MIN_IOU: Final = 0.3
"""Of a reference object with its detection."""
REFERENCE_SCORE: Final = 0.5
"""Of an object, once, so that it is certainly there."""
MIN_REFERENCES: Final = 5
"""Objects without which nothing is concluded."""
MIN_RECALL: Final = 0.5
"""Of the verification detectors, on reference objects."""


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall in a part of a video.

    Attributes:
        span: when the part is seen, in words; "" for the whole video.
        detected, reference_objects: numbers of objects.
    """

    span: str
    detected: int
    reference_objects: int

    @property
    def counts(self) -> tuple[int, int]:
        """`detected` and `reference_objects`."""
        return self.detected, self.reference_objects

    @property
    def too_low(self) -> bool:
        """Whether the detectors do not see what is there.

        Few objects vary by chance: of a part, all of five have to be missed, or so many that the recall of other such
        objects would be below `MIN_RECALL` too (upper end of the interval of 95 %).
        """
        if self.reference_objects < MIN_REFERENCES:
            return False
        if not self.span:
            return self.detected < MIN_RECALL * self.reference_objects
        missed = self.reference_objects - self.detected
        return wilson_low(missed, self.reference_objects) > 1 - MIN_RECALL


class ReferenceRecall:
    """Collects, frame by frame, which reference objects verification detectors find.

    Args:
        plan: its tracklets are the objects.
        minutes: of the video.
        sampled: numbers of the frames in which they are searched for.
    """

    def __init__(self, plan: MaskPlan, minutes: SceneMinutes, sampled: AbstractSet[int]) -> None:
        self._minutes = minutes
        self._references: dict[int, list[tuple[int, Label, np.ndarray]]] = defaultdict(list)
        self._detected: dict[tuple[int, int], bool] = {}
        """By part and object."""
        for number, tracklet in enumerate(plan.tracklets):
            if tracklet.label in PERSONAL and tracklet.max_score >= REFERENCE_SCORE:
                for frame, box in zip(tracklet.frames, tracklet.boxes, strict=True):
                    if frame in sampled:
                        self._references[frame].append((number, tracklet.label, box))

    def add(self, frame: int, found: Detections) -> None:
        """What the verification detectors find in a frame of the original."""
        part = int(self._minutes.of_frame[frame])
        for reference, label, box in self._references.get(frame, ()):
            same = found.boxes[found.labels == label]
            detected = bool(len(same)) and bool((overlaps(box[None], same) >= MIN_IOU).any())
            self._detected[part, reference] = self._detected.get((part, reference), False) or detected

    @property
    def whole(self) -> Recall:
        """Of the whole video; an object counts as detected once it is."""
        detected: dict[int, bool] = {}
        for (_, reference), found in self._detected.items():
            detected[reference] = detected.get(reference, False) or found
        return Recall("", sum(detected.values()), len(detected))

    @property
    def parts(self) -> tuple[Recall, ...]:
        """Of each minute of each scene, in their order; without those that have no reference object.

        None of a video that has but one.
        """
        by_part: dict[int, list[bool]] = defaultdict(list)
        for (part, _), found in self._detected.items():
            by_part[part].append(found)
        if self._minutes.count == 1:
            return ()
        return tuple(
            Recall(self._minutes.span(part), sum(found), len(found)) for part, found in sorted(by_part.items())
        )
