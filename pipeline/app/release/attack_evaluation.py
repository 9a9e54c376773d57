"""Attacks on a finished video, in memory, before others can try them; and a test of the eyes that checked it.

The original is read once more beside the finished video. Images are compared as they come by; kept are counts.
Plates are read in the finished video only, and no text is kept: whether this camera's plates may be read at all
(law 11.766/2022 art. 9 §3) does not matter then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from pipeline.anonymize.manual_regions import Region
from pipeline.anonymize.redaction_masks import CoverPlan
from pipeline.anonymize.reidentification import Matched, Vector, described, first_places, seen_twice, two_places
from pipeline.anonymize.residual_detections import PERSONAL, Residue
from pipeline.anonymize.settings import CoverSettings
from pipeline.anonymize.tracklets import GROUPS, link_both_ways
from pipeline.anonymize.video_detections import Sightings
from pipeline.app.release.prefetch import ahead
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector, PlateReader
from pipeline.domain.video import Video, VideoFrame
from pipeline.lpr.plate_syntax import decode

READABLE: Final = 0.6
"""Least confidence of a plate's weakest character from which the plate counts as read."""
LEAST_CHARACTERS: Final = 5
ASKED_IMAGES: Final = 40
"""Of the original, evenly over the video, on which the eyes are tried."""
SEEN_OVERLAP: Final = 0.3
HALF: Final = 0.5
KNOWN: Final = 0.5
"""Least score, once, of an object that is certainly there, so that the eyes may be asked for it."""
MOST_PLATES: Final = 60
_WORDS: Final = {0: "person", 1: "face"}
"""Groups of `chains.GROUPS` that are matched."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What the attacks gave.

    Attributes:
        matched: "person" and "face" to first places of the covered ones among the originals.
        bare: the same attack on the original: what it is worth.
        plates_tried: places of plates, covered ones and such as somebody still sees, that a reader got to read.
        plates_read: how many of them gave a text.
        plates_seen: uncovered ones among those.
        plates_there: those uncovered places at which the eyes see a plate in the original too; the others are there
            because of the covers, such as a slit between two of them.
        eyes_saw, eyes_asked: of how many objects that are certainly there the eyes saw how many in the original.
    """

    matched: Mapping[str, Matched]
    bare: Mapping[str, Matched]
    plates_tried: int
    plates_read: int
    plates_seen: tuple[Residue, ...]
    plates_there: tuple[Residue, ...]
    eyes_saw: int
    eyes_asked: int

    @property
    def recognized(self) -> tuple[str, ...]:
        """Of whom more are found again than lots would find."""
        return tuple(word for word, matched in self.matched.items() if matched.above_chance)


@dataclass
class _Crops:
    """Vectors of one kind, by number of the chain."""

    gallery: dict[int, Vector] = field(default_factory=dict)
    covered: dict[int, Vector] = field(default_factory=dict)
    bare: dict[int, Vector] = field(default_factory=dict)

    def matched(self) -> tuple[Matched, Matched]:
        numbers = sorted(self.gallery.keys() & self.covered.keys())
        gallery = [self.gallery[n] for n in numbers]
        return (
            first_places(gallery, [self.covered[n] for n in numbers]),
            first_places(gallery, [self.bare[n] for n in numbers]),
        )


def probe(
    original: Video,
    finished: Video,
    *,
    sightings: Sightings,
    plan: CoverPlan,
    eyes: Detector,
    reader: PlateReader | None,
    bare_plates: Sequence[Residue],
    freed: Sequence[Region],
    told: Callable[[int], None],
) -> Probed:
    """Try to recognize somebody.

    Args:
        original, finished: the same frames, before and after.
        sightings: of the original.
        plan: its covers.
        eyes: who checked the finished video.
        reader: of plates; none where its weights are not here.
        bare_plates: uncovered places of the finished video that might be plates.
        freed: regions in which a second person agreed to leave objects as they are: who stays there is not looked for.
        told: hears how many frames are done.

    Raises:
        SourceError: one of the videos cannot be read.
        ModelRuntimeError: a network failed.
    """
    work = _Work(sightings=sightings, plan=plan, eyes=eyes, reader=reader, bare_plates=bare_plates, freed=freed)
    with closing(ahead(original.frames())) as before, closing(ahead(finished.frames())) as after:
        for number, (bare, covered) in enumerate(zip(before, after, strict=True)):
            work.look(number, bare, covered)
            told(number + 1)
    return work.result()


class _Work:
    """One run of `probe`."""

    def __init__(
        self,
        *,
        sightings: Sightings,
        plan: CoverPlan,
        eyes: Detector,
        reader: PlateReader | None,
        bare_plates: Sequence[Residue],
        freed: Sequence[Region],
    ) -> None:
        self._eyes = eyes
        self._reader = reader
        self._crops = {group: _Crops() for group in _WORDS}
        self._matching: dict[int, list[tuple[int, int, bool, np.ndarray]]] = defaultdict(list)
        for group in _WORDS:
            for number, chain in enumerate(seen_twice(sightings, group)):
                if any(region.keeps(chain.frames, chain.boxes, sightings) for region in freed):
                    continue
                early, late = two_places(chain)
                self._matching[chain.frames[early]].append((group, number, True, chain.boxes[early]))
                self._matching[chain.frames[late]].append((group, number, False, chain.boxes[late]))
        self._asking = set(np.linspace(0, len(sightings) - 1, min(ASKED_IMAGES, len(sightings))).astype(int).tolist())
        self._objects: dict[int, list[tuple[int, Label, np.ndarray]]] = defaultdict(list)
        for number, chain in enumerate(link_both_ways(sightings, CoverSettings())[0]):
            label = next(iter(GROUPS[chain.group]))
            if label in PERSONAL and max(chain.scores) >= KNOWN:
                for frame, box in zip(chain.frames, chain.boxes, strict=True):
                    if frame in self._asking:
                        self._objects[frame].append((number, label, box))
        self._asked: dict[int, bool] = {}
        self._plates: dict[int, list[tuple[np.ndarray, Residue | None]]] = defaultdict(list)
        self._choose_plates(plan, bare_plates)
        self._tried = self._read = 0
        self._plates_seen: list[Residue] = []
        self._plates_there: list[Residue] = []

    def _choose_plates(self, plan: CoverPlan, bare: Sequence[Residue]) -> None:
        for residue in bare:
            self._plates[residue.at].append((np.array(residue.box), residue))
        spans = [span for span in plan.spans if span.label is Label.PLATE]
        for span in spans[:: -(-len(spans) // MOST_PLATES) or 1]:
            middle = (span.first + span.last) // 2
            covers = plan.of(middle)
            for box in covers.boxes[covers.labels == Label.PLATE]:
                self._plates[middle].append((box, None))

    def look(self, number: int, bare: VideoFrame, covered: VideoFrame) -> None:
        """One frame, before and after."""
        for group, person, early, box in self._matching.get(number, ()):
            crops = self._crops[group]
            if early:
                crops.gallery[person] = described(bare.image.bgr(), box)
            else:
                crops.bare[person] = described(bare.image.bgr(), box)
                crops.covered[person] = described(covered.image.bgr(), box)
        doubtful = [residue for _, residue in self._plates.get(number, ()) if residue is not None]
        if number in self._objects or doubtful:
            found = self._eyes.detect([bare.image])[0]
            self._ask(number, found)
            self._plates_there += [residue for residue in doubtful if _is_there(residue, found)]
        if self._reader is not None and number in self._plates:
            self._read_plates(self._plates[number], covered.image.bgr(), self._reader)

    def _ask(self, number: int, found: Detections) -> None:
        for thing, label, box in self._objects.get(number, ()):
            same = found.boxes[found.labels == label]
            seen = bool(len(same)) and bool((overlaps(box[None], same) >= SEEN_OVERLAP).any())
            self._asked[thing] = self._asked.get(thing, False) or seen

    def _read_plates(
        self, wanted: list[tuple[np.ndarray, Residue | None]], image: BgrImage, reader: PlateReader
    ) -> None:
        for box, residue in wanted:
            x1, y1, x2, y2 = np.rint(np.clip(box, 0, [*image.shape[1::-1]] * 2)).astype(int).tolist()
            if x2 - x1 < 8 or y2 - y1 < 4:
                continue
            text = decode(reader.read([np.ascontiguousarray(image[y1:y2, x1:x2])])[0])
            self._tried += 1
            if text is not None and len(text.text) >= LEAST_CHARACTERS and text.confidence >= READABLE:
                self._read += 1
                if residue is not None:
                    self._plates_seen.append(residue)

    def result(self) -> Probed:
        """Counts."""
        both = {_WORDS[group]: crops.matched() for group, crops in self._crops.items()}
        return Probed(
            matched={word: pair[0] for word, pair in both.items()},
            bare={word: pair[1] for word, pair in both.items()},
            plates_tried=self._tried,
            plates_read=self._read,
            plates_seen=tuple(self._plates_seen),
            plates_there=tuple(self._plates_there),
            eyes_saw=sum(self._asked.values()),
            eyes_asked=len(self._asked),
        )


def _is_there(residue: Residue, found: Detections) -> bool:
    """Whether half of it at least lies in a plate."""
    box, plates = np.array(residue.box), found.labeled(Label.PLATE).boxes
    shared = np.minimum(plates[:, 2:], box[2:]) - np.maximum(plates[:, :2], box[:2])
    area = float(np.prod(box[2:] - box[:2]))
    return bool((np.clip(shared, 0, None).prod(axis=1) >= HALF * area).any())
