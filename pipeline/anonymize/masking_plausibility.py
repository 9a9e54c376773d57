"""Plausibility of a video's masks: whether they hide what networks see in the original.

A last check that depends on no threshold, label or scale of one network: where any network sees persons or faces, also
faintly, most of them have to be under masks. Panels of a split screen are judged alone too: a well masked half would
outvote another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipeline.anonymize.frame_panels import Box
from pipeline.anonymize.mask_growth import without_giant_faces
from pipeline.anonymize.redaction_masks import MaskPlan
from pipeline.anonymize.residual_detections import unmasked
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label
from pipeline.domain.plural import counted

FAINT_SCORE: Final = 0.25
"""From which a person or face counts, in proportion to its score."""
MIN_EVIDENCE: Final = 1.0
"""Sum of scores below which nothing is concluded: four faint objects, or one certain one."""
MIN_MASKED: Final = 0.5
"""Share of that sum that has to be under masks."""
_ALIKE: Final = 12
"""Parts of the frame's sides, to which panels of several frames are the same one."""


@dataclass(slots=True)
class MaskingPlausibility:
    """Evidence of persons and faces in sampled frames of the original, and how much of it is masked.

    Args:
        plan: the masks.
        width, height: pixels of the frames.
        span: when, and where in the frame, the judged part of the video is seen, in words; "" for the whole video.

    Attributes:
        frames: number of frames with persons or faces.
        evidence: sum of the scores of all persons and faces; unmasked_evidence: of those that no mask hides.
    """

    plan: MaskPlan
    width: int
    height: int
    span: str = ""
    frames: int = 0
    evidence: float = 0.0
    unmasked_evidence: float = 0.0
    _first: tuple[int, str] = field(default=(0, ""))

    def add(self, number: int, seen: Detections) -> None:
        """One frame.

        Args:
            number: of the frame.
            seen: by all networks, objects that two persons exempted removed.
        """
        people = seen.labeled(Label.PERSON, Label.FACE)
        people = without_giant_faces(people.select(people.scores >= FAINT_SCORE), self.width, self.height)
        if not len(people):
            return
        self.frames += 1
        masks = self.plan.at(number)
        left = unmasked(people, masks.of_detections, self.width, self.height, masks.of_regions)
        if len(left) and not self._first[1]:
            best = int(np.argmax(left.scores))
            label, score = Label(int(left.labels[best])).word, float(left.scores[best])
            self._first = (number, f"{label} {score:.2f} in frame {number}")
        self.evidence += float(people.scores.sum())
        self.unmasked_evidence += float(left.scores.sum())

    @property
    def problem(self) -> str:
        """Why the masks are not plausible; empty where they are, or where there is too little evidence."""
        if self.evidence < MIN_EVIDENCE or self.unmasked_evidence <= (1 - MIN_MASKED) * self.evidence:
            return ""
        share = 100 * (1 - self.unmasked_evidence / self.evidence)
        where = f"{counted(self.frames, 'sampled frame')} of the original {self.span}".rstrip()
        return (
            f"networks see persons or faces in {where}, and masks hide "
            f"only {share:.0f}% of them (the first unmasked one: {self._first[1]})"
        )


class PanelPlausibility:
    """Plausibility of a video's masks, in whole frames and in each of their panels.

    Args:
        plan, width, height, span: see `MaskingPlausibility`.
    """

    def __init__(self, plan: MaskPlan, width: int, height: int, span: str = "") -> None:
        self._whole = MaskingPlausibility(plan, width, height, span)
        self._panels: dict[tuple[int, ...], MaskingPlausibility] = {}

    def add(self, number: int, seen: Detections, panels: Sequence[Box]) -> None:
        """One frame.

        Args:
            number, seen: see `MaskingPlausibility.add`.
            panels: of the frame, see `frame_panels`.
        """
        self._whole.add(number, seen)
        whole = self._whole
        size = np.array([whole.width, whole.height], np.float32)
        centers = (seen.boxes[:, :2] + seen.boxes[:, 2:]) / 2 / size
        for panel in panels:
            key = tuple(round(_ALIKE * edge) for edge in panel)
            if key not in self._panels:
                span = f"{whole.span} {_place(panel)}".lstrip()
                self._panels[key] = MaskingPlausibility(whole.plan, whole.width, whole.height, span)
            inside = np.asarray(((centers >= panel[:2]) & (centers < panel[2:])).all(axis=1), bool)
            self._panels[key].add(number, seen.select(inside))

    @property
    def problem(self) -> str:
        """The one of the whole frames, else of the first panel that has one."""
        return next((one.problem for one in (self._whole, *self._panels.values()) if one.problem), "")


def _place(panel: Box) -> str:
    left, top, right, bottom = panel
    return f"in the panel at {left:.0%} to {right:.0%} of the width and {top:.0%} to {bottom:.0%} of the height"
