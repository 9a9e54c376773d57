"""Attacks on a redacted video, in memory, and the recall of the verification detectors on the original.

Original and redacted video are decoded side by side; only counts are stored. Plates are read in the redacted video
only, and no text is stored: whether this camera's plates may be read at all (law 11.766/2022 art. 9 §3) does not
matter then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.anonymize.frame_panels import panels_of
from pipeline.anonymize.masking_plausibility import PanelPlausibility
from pipeline.anonymize.part_meshes import without_part_meshes
from pipeline.anonymize.redaction_masks import MaskPlan
from pipeline.anonymize.reference_recall import Recall, ReferenceRecall
from pipeline.anonymize.reidentification import (
    RankOne,
    Vector,
    descriptor,
    gallery_and_probe,
    match_probes,
    matchable_tracklets,
)
from pipeline.anonymize.release_report import clock
from pipeline.anonymize.residual_detections import CERTAIN_SCORE, ResidualDetection, unmasked
from pipeline.anonymize.tracklets import FACES, PERSONS
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.anonymize.video_minutes import SceneMinutes
from pipeline.app.anonymize.prefetch import prefetched
from pipeline.app.anonymize.progress import Progress, Stage
from pipeline.decode.lazy_images import ArrayImage
from pipeline.domain.detections import Detections, shared_areas
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector, PlateReader
from pipeline.domain.video import Video, VideoFrame
from pipeline.lpr.plate_syntax import decode

MIN_CHARACTER_SCORE: Final = 0.6
"""Of a plate's weakest character, from which the plate counts as read."""
MIN_CHARACTERS: Final = 5
RECALL_FRAMES: Final = 40
"""Of each minute of the original, evenly over it, on which the verification detectors run too."""
MESH_HITS: Final = 2
"""Frames with meshes on a part, filled, in which someone is seen, from which the video has a problem; one of a video of
one frame. A frame of each second is filled: masks bridge longer than is between them."""
MIN_PLATE_SHARE: Final = 0.5
MAX_PLATES: Final = 60
_MATCHED_GROUPS: Final = {PERSONS: "person", FACES: "face"}


@dataclass(frozen=True, slots=True)
class AttackResults:
    """Results of the attacks.

    Attributes:
        rank_one: "person" and "face" to the matches of masked probes among unmasked gallery images.
        baseline: the same attack with unmasked probes.
        plates_tried: places of plates, masked or residual, on which the plate reader was run.
        plates_read: how many of them gave a text.
        legible_plates: the residual ones among those.
        present_plates: residual plates that the verification detectors find in the original too; the others are
            artifacts of the masks, such as a slit between two of them.
        recall: of the verification detectors on the original; recall_of_parts: in each minute of each scene.
        implausible: why the masks hide too little of what any network sees in the original, when, and in which panel of
            a split screen or behind a mesh; "" where they do not.
    """

    rank_one: Mapping[str, RankOne]
    baseline: Mapping[str, RankOne]
    plates_tried: int
    plates_read: int
    legible_plates: tuple[ResidualDetection, ...]
    present_plates: tuple[ResidualDetection, ...]
    recall: Recall
    recall_of_parts: tuple[Recall, ...] = ()
    implausible: str = ""

    @property
    def reidentified(self) -> tuple[str, ...]:
        """Labels that are matched more often than by chance."""
        return tuple(word for word, matched in self.rank_one.items() if matched.above_chance)


@dataclass
class _Crops:
    """Descriptors of one label, by number of the tracklet."""

    gallery: dict[int, Vector] = field(default_factory=dict)
    redacted: dict[int, Vector] = field(default_factory=dict)
    original: dict[int, Vector] = field(default_factory=dict)

    def matched(self) -> tuple[RankOne, RankOne]:
        numbers = sorted(self.gallery.keys() & self.redacted.keys())
        gallery = [self.gallery[n] for n in numbers]
        return (
            match_probes(gallery, [self.redacted[n] for n in numbers]),
            match_probes(gallery, [self.original[n] for n in numbers]),
        )


def evaluate_attacks(
    original: Video,
    redacted: Video,
    *,
    detections: VideoDetections,
    plan: MaskPlan,
    detectors: Detector,
    plate_reader: PlateReader,
    residual_plates: Sequence[ResidualDetection],
    overlay: npt.NDArray[np.float32],
    progress: Progress,
) -> AttackResults:
    """Try to read plates and to re-identify persons and faces.

    Args:
        original, redacted: the same frames, before and after.
        detections: in the original.
        plan: its masks, and the exempted objects, which are not searched for.
        detectors: the verification detectors.
        plate_reader: run on the places of plates.
        residual_plates: unmasked places of the redacted video that may be plates.
        overlay: (1, 4) xyxy in pixels; its own text is not read as a plate.
        progress: receives the frames done.

    Raises:
        SourceError: one of the videos cannot be read.
        ModelRuntimeError: a network failed.
    """
    attacks = _Attacks(detections, plan, residual_plates, overlay)
    with closing(prefetched(original.frames())) as before, closing(prefetched(redacted.frames())) as after:
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            attacks.add(number, one, other, detectors, plate_reader)
            progress.advance(Stage.ATTACK, number + 1)
    return attacks.results()


class _Attacks:
    """State of one evaluation."""

    def __init__(
        self,
        detections: VideoDetections,
        plan: MaskPlan,
        residual_plates: Sequence[ResidualDetection],
        overlay: npt.NDArray[np.float32],
    ) -> None:
        self._overlay = overlay
        self._crops = {group: _Crops() for group in _MATCHED_GROUPS}
        self._matching: dict[int, list[tuple[int, int, bool, np.ndarray]]] = defaultdict(list)
        self._choose_probes(detections, plan)
        self._original, self._plan = detections, plan
        self._minutes = SceneMinutes(detections)
        self._sampled = self._minutes.sampled(RECALL_FRAMES)
        self._recall = ReferenceRecall(plan, self._minutes, self._sampled)
        self._plausibility: dict[int, PanelPlausibility] = {}
        self._filled = self._minutes.each_second()
        self._behind_meshes_s: list[float] = []
        self._plates: dict[int, list[tuple[np.ndarray, ResidualDetection | None]]] = defaultdict(list)
        self._choose_plates(plan, residual_plates)
        self._tried = self._read = 0
        self._legible: list[ResidualDetection] = []
        self._present: list[ResidualDetection] = []

    def _choose_probes(self, detections: VideoDetections, plan: MaskPlan) -> None:
        for number, tracklet in enumerate(matchable_tracklets(detections, _MATCHED_GROUPS)):
            early, late = gallery_and_probe(tracklet)
            if any(plan.exempts([tracklet.frames[at]], [tracklet.boxes[at]]) for at in (early, late)):
                continue
            for position, is_gallery in ((early, True), (late, False)):
                entry = (tracklet.group, number, is_gallery, tracklet.boxes[position])
                self._matching[tracklet.frames[position]].append(entry)

    def _choose_plates(self, plan: MaskPlan, residual: Sequence[ResidualDetection]) -> None:
        for plate in residual:
            self._plates[plate.best_frame].append((np.array(plate.box), plate))
        spans = [span for span in plan.spans if span.label is Label.PLATE]
        for span in spans[:: -(-len(spans) // MAX_PLATES) or 1]:
            middle = (span.first + span.last) // 2
            masks = plan.at(middle)
            for box in masks.boxes[masks.labels == Label.PLATE]:
                self._plates[middle].append((box, None))

    def add(
        self, number: int, original: VideoFrame, redacted: VideoFrame, detectors: Detector, reader: PlateReader
    ) -> None:
        """One frame, before and after."""
        for group, person, is_gallery, box in self._matching.get(number, ()):
            crops = self._crops[group]
            if is_gallery:
                crops.gallery[person] = descriptor(original.image.bgr(), box)
            else:
                crops.original[person] = descriptor(original.image.bgr(), box)
                crops.redacted[person] = descriptor(redacted.image.bgr(), box)
        residual = [plate for _, plate in self._plates.get(number, ()) if plate is not None]
        if number in self._sampled or residual:
            found = detectors.detect([original.image])[0]
            self._judge_masks(number, original.image.bgr(), found)
            self._recall.add(number, found)
            self._present += [plate for plate in residual if _is_present(plate, found)]
        if number in self._filled:
            self._search_behind_meshes(number, original.image, detectors)
        if number in self._plates:
            image = redacted.image.bgr().copy()
            for x1, y1, x2, y2 in self._overlay.astype(int).tolist():
                image[y1:y2, x1:x2] = 0
            self._read_plates(self._plates[number], image, reader)

    def _judge_masks(self, number: int, image: BgrImage, found: Detections) -> None:
        part = int(self._minutes.of_frame[number])
        if part not in self._plausibility:
            span = self._minutes.span(part) if self._minutes.count > 1 else ""
            self._plausibility[part] = PanelPlausibility(self._plan, self._original.width, self._original.height, span)
        self._plausibility[part].add(number, self._seen(number, found), panels_of(image))

    def _search_behind_meshes(self, number: int, image: Image, detectors: Detector) -> None:
        clear = without_part_meshes(image.bgr()) if self._is_clear_of_meshes else None
        if clear is None:
            return
        found = detectors.detect([ArrayImage(clear, image.sample_aspect)])[0].labeled(Label.PERSON, Label.FACE)
        found = self._without_exempted(number, found.select(found.scores >= CERTAIN_SCORE))
        masks = self._plan.at(number)
        left = unmasked(found, masks.of_detections, self._original.width, self._original.height, masks.of_regions)
        if len(left):
            self._behind_meshes_s.append(float(self._original.times_s[number] - self._original.times_s[0]))

    @property
    def _is_clear_of_meshes(self) -> bool:
        """Whether people were seen behind meshes in too few frames for a problem."""
        return len(self._behind_meshes_s) < min(MESH_HITS, len(self._filled))

    @property
    def _problem_of_meshes(self) -> str:
        if self._is_clear_of_meshes:
            return ""
        at = clock(self._behind_meshes_s[0])
        return f"behind a mesh, networks see persons or faces at {at} that no mask hides"

    def _seen(self, number: int, found: Detections) -> Detections:
        """Detections of all networks in a frame of the original, without exempted ones."""
        return self._without_exempted(number, Detections.concatenate([self._original.per_frame[number], found]))

    def _without_exempted(self, number: int, seen: Detections) -> Detections:
        exempted = [self._plan.exempts([number], [box]) for box in seen.boxes]
        return seen.select(~np.array(exempted, bool))

    def _read_plates(
        self, wanted: list[tuple[np.ndarray, ResidualDetection | None]], image: BgrImage, reader: PlateReader
    ) -> None:
        for box, plate in wanted:
            x1, y1, x2, y2 = np.rint(np.clip(box, 0, [*image.shape[1::-1]] * 2)).astype(int).tolist()
            if x2 - x1 < 8 or y2 - y1 < 4:
                continue
            text = decode(reader.read([np.ascontiguousarray(image[y1:y2, x1:x2])])[0])
            self._tried += 1
            if text is not None and len(text.text) >= MIN_CHARACTERS and text.confidence >= MIN_CHARACTER_SCORE:
                self._read += 1
                if plate is not None:
                    self._legible.append(plate)

    def results(self) -> AttackResults:
        """The counts."""
        both = {_MATCHED_GROUPS[group]: crops.matched() for group, crops in self._crops.items()}
        return AttackResults(
            rank_one={word: pair[0] for word, pair in both.items()},
            baseline={word: pair[1] for word, pair in both.items()},
            plates_tried=self._tried,
            plates_read=self._read,
            legible_plates=tuple(self._legible),
            present_plates=tuple(self._present),
            recall=self._recall.whole,
            recall_of_parts=self._recall.parts,
            implausible=next((one.problem for _, one in sorted(self._plausibility.items()) if one.problem), "")
            or self._problem_of_meshes,
        )


def _is_present(plate: ResidualDetection, found: Detections) -> bool:
    """Whether at least `MIN_PLATE_SHARE` of it lies in a detected plate."""
    box, plates = np.array(plate.box), found.labeled(Label.PLATE).boxes
    area = float(np.prod(box[2:] - box[:2]))
    return bool((shared_areas(plates, box[None]) >= MIN_PLATE_SHARE * area).any())
