"""Recall of verification detectors on reference objects: persons, faces and plates that are certainly in the original.

It is measured over the whole video, and in each minute of each scene: detectors that see by day and not in the rain at
night find most of the objects of a day.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

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
MIN_PERSON_PX: Final = 20
"""Height of a person from which verification detectors have to find one; smaller ones are not recognizable."""
NESTED: Final = 0.7
"""Share of a box in another one, from which both are of one object: the search in several views finds parts too."""


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


class _Reference(NamedTuple):
    """A reference object in one frame: number of its tracklet, label, and box (4,) xyxy in pixels."""

    tracklet: int
    label: Label
    box: np.ndarray


class ReferenceRecall:
    """Collects, frame by frame, which reference objects verification detectors find.

    Args:
        plan: its tracklets are the objects; nested ones are one object.
        minutes: of the video.
        sampled: numbers of the frames in which they are searched for.
    """

    def __init__(self, plan: MaskPlan, minutes: SceneMinutes, sampled: AbstractSet[int]) -> None:
        self._minutes = minutes
        self._references: dict[int, list[_Reference]] = defaultdict(list)
        self._detected: dict[tuple[int, int], bool] = {}
        """By part and object."""
        for number, tracklet in enumerate(plan.tracklets):
            if tracklet.label in PERSONAL and tracklet.max_score >= REFERENCE_SCORE:
                for frame, box in zip(tracklet.frames, tracklet.boxes, strict=True):
                    if frame in sampled and not _too_small(tracklet.label, box):
                        self._references[frame].append(_Reference(number, tracklet.label, box))
        self._object_of = _objects(self._references.values())

    def add(self, frame: int, found: Detections) -> None:
        """What the verification detectors find in a frame of the original."""
        part = int(self._minutes.of_frame[frame])
        for one in self._references.get(frame, ()):
            same = found.boxes[found.labels == one.label]
            detected = bool(len(same)) and bool((overlaps(one.box[None], same) >= MIN_IOU).any())
            key = part, self._object_of[one.tracklet]
            self._detected[key] = self._detected.get(key, False) or detected

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


def _too_small(label: Label, box: np.ndarray) -> bool:
    return label is Label.PERSON and float(box[3] - box[1]) < MIN_PERSON_PX


def _objects(frames: Iterable[Sequence[_Reference]]) -> dict[int, int]:
    """The object that each tracklet is of, by the number of one of its tracklets.

    Tracklets are of one object if one lies in the other in at least half of the frames that show both.
    """
    shown: dict[int, set[int]] = defaultdict(set)
    nested: Counter[tuple[int, int]] = Counter()
    for number, found in enumerate(frames):
        for one in found:
            shown[one.tracklet].add(number)
        for label in PERSONAL:
            same = [one for one in found if one.label is label]
            shares = _nested_shares(np.array([one.box for one in same], np.float64).reshape(-1, 4))
            for first, second in np.argwhere(np.triu(shares >= NESTED, 1)).tolist():
                nested[same[first].tracklet, same[second].tracklet] += 1
    objects = {tracklet: tracklet for tracklet in shown}
    for (first, second), count in nested.items():
        if 2 * count >= len(shown[first] & shown[second]):
            whole, part = objects[first], objects[second]
            objects = {tracklet: whole if one == part else one for tracklet, one in objects.items()}
    return objects


def _nested_shares(boxes: np.ndarray) -> np.ndarray:
    """(n, n) the share of the smaller one of two boxes (n, 4) that lies in the other."""
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    return np.asarray(shared / np.maximum(np.minimum(areas[:, None], areas[None]), 1e-9))
