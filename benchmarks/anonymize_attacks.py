"""Re-identification under redaction masks: plates read, persons and faces matched, for every style.

    python -m benchmarks.anonymize_attacks --data ../shared/data --models ../shared/models

Run on the shared clips only, in memory only; no data about a person is stored. The attacker knows the style and the
place of each mask. **Plates**: our reader on each labeled plate. **Persons** and **faces**: one masked image of each
person of a clip is searched for among images of all of them, at least a second earlier, unmasked and also masked in
the same style. Colors and gradients on a grid are compared (the features of re-identification before deep networks,
and all that a mosaic preserves). Rank-1 matches count; a tie counts as a fraction.
Writes benchmarks/results/anonymize_attacks.md.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.training.figures import wilson
from models.training.sources import Part, Sample, everything, load, upright
from pipeline.anonymize.mask_rendering import draw_masks
from pipeline.anonymize.redaction_masks import FrameMasks
from pipeline.anonymize.reidentification import descriptor, gallery_and_probe, matchable_tracklets, rank_one_hit
from pipeline.anonymize.settings import AnonymizeSettings, MaskSettings
from pipeline.anonymize.tracklets import FACES, PERSONS
from pipeline.app.anonymize.progress import Silent
from pipeline.app.anonymize.redaction_run import Redactor
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage, image_of
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.detector_pool import DetectorPool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector, PlateReader
from pipeline.domain.redaction import OverlayText, RedactionStyle
from pipeline.domain.video import Planes
from pipeline.lpr.build import build_reader
from pipeline.lpr.plate_syntax import decode
from pipeline.lpr.settings import LprSettings

MEASURES = (
    "pipeline/anonymize",
    "pipeline/app/anonymize",
    "pipeline/lpr",
)
"""The code that the figures are of."""

RESULTS: Final = Path(__file__).resolve().parent / "results" / "anonymize_attacks.md"
CLIPS: Final = ("clips/people-walking.mp4", "pets09-s2l1/pedestrians.avi", "clips/person-bicycle-car-detection.mp4")
PLATES: Final = ("openalpr-br", "br-phone-plates")
STYLES: Final = (None, *RedactionStyle)
"""None: nothing is masked, which is the baseline of the attack."""
MARGIN: Final = MaskSettings().person_margin


@dataclass
class Hits:
    """Attempts, hits (a tie counts as a fraction) and the expected hits by chance."""

    attempts: int = 0
    hits: float = 0.0
    chance: float = 0.0
    rows: list[float] = field(default_factory=list)

    def add(self, similarity: npt.NDArray[np.float64], right: int) -> None:
        self.attempts += 1
        self.hits += rank_one_hit(similarity, right)
        self.chance += 1 / len(similarity)

    def shown(self) -> str:
        low, high = wilson(round(self.hits), self.attempts)
        return f"{self.hits / max(1, self.attempts):.2f} ({low:.2f}-{high:.2f})"


def redacted_image(planes: Planes, boxes: Sequence[Any], label: Label, style: RedactionStyle | None) -> BgrImage:
    """The whole image with masks, as BGR."""
    if style is not None:
        masks = FrameMasks(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), label, np.int16),
            np.zeros((len(boxes), 2), np.float32),
        )
        draw_masks(planes, masks, style)
    return image_of(planes).bgr()


def grown(box: Any, margin: float, width: int, height: int) -> tuple[float, ...]:
    x1, y1, x2, y2 = (float(value) for value in box)
    dx, dy = (x2 - x1) * margin, (y2 - y1) * margin
    return max(x1 - dx, 0.0), max(y1 - dy, 0.0), min(x2 + dx, width), min(y2 + dy, height)


def match(clip: Path, detector: Detector, label: Label) -> tuple[dict[tuple[RedactionStyle | None, str], Hits], int]:
    """Hits per style and gallery; and how many persons there were."""
    video = FileVideo(clip, DecodeSettings())
    seen = Redactor(video, AnonymizeSettings(), OverlayText(), Silent()).detect(DetectorPool([detector]))
    tracklets = matchable_tracklets(seen, (PERSONS if label is Label.PERSON else FACES,))
    wanted: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, tracklet in enumerate(tracklets):
        early, late = gallery_and_probe(tracklet)
        wanted[tracklet.frames[early]].append((number, "gallery"))
        wanted[tracklet.frames[late]].append((number, "probe"))
    boxes = {
        (n, f): box
        for n, tracklet in enumerate(tracklets)
        for f, box in zip(tracklet.frames, tracklet.boxes, strict=True)
    }
    taken: dict[tuple[RedactionStyle | None, str], dict[int, Any]] = defaultdict(dict)
    for index, frame in enumerate(video.frames()):
        for number, role in wanted.get(index, ()):
            box = boxes[number, index]
            mask = grown(box, MARGIN, seen.width, seen.height)
            for style in STYLES:
                taken[style, role][number] = descriptor(redacted_image(frame.image.planes(), [mask], label, style), box)
    hits: dict[tuple[RedactionStyle | None, str], Hits] = defaultdict(Hits)
    for style in STYLES:
        for name, gallery in (("as they were", None), ("masked alike", style)):
            rows = (
                np.stack([taken[gallery, "gallery"][n] for n in range(len(tracklets))])
                if tracklets
                else np.empty((0, 1))
            )
            for number in range(len(tracklets)):
                hits[style, name].add(rows @ taken[style, "probe"][number], number)
    return hits, len(tracklets)


def read_plates(samples: Sequence[Sample], reader: PlateReader) -> dict[RedactionStyle | None, tuple[int, int]]:
    """Style to plates read correctly, and plates."""
    found: dict[RedactionStyle | None, tuple[int, int]] = {}
    images = [
        (sample, *upright(image, [box.xyxy for box in sample.boxes], sample.turn))
        for sample, image in load(list(samples))
    ]
    for style in STYLES:
        right = total = 0
        for sample, image, boxes in images:
            height, width = image.shape[:2]
            for box, labeled in zip(boxes, sample.boxes, strict=True):
                mask = grown(box, MaskSettings().plate_margin, width, height)
                redacted = redacted_image(ArrayImage(image).planes(), [mask], Label.PLATE, style)
                x1, y1, x2, y2 = (round(value) for value in grown(box, 0.04, width, height))
                read = decode(reader.read([np.ascontiguousarray(redacted[y1:y2, x1:x2])])[0])
                total += 1
                right += read is not None and read.text == labeled.text
        found[style] = right, total
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path)
    options = parser.parse_args()
    detector = build_detector(DetectSettings(confidence=0.2), options.models)
    rows: list[tuple[str, ...]] = []
    for clip in CLIPS:
        for label in (Label.PERSON, Label.FACE):
            hits, people = match(options.data / clip, detector, label)
            if people < 4:
                continue
            for name in ("as they were", "masked alike"):
                cells = [hits[style, name].shown() for style in STYLES]
                rows.append((f"{label.word}s, {Path(clip).stem}", name, str(people), f"{1 / people:.2f}", *cells))
                print(*rows[-1], sep=" | ", flush=True)
    samples = [sample for sample in everything(options.data) if sample.source in PLATES and sample.part is Part.JUDGE]
    plates = read_plates(samples, build_reader(LprSettings(), options.models))
    rows.append(
        (
            "plates, held out",
            "read whole",
            str(plates[None][1]),
            "0.00",
            *(f"{plates[style][0] / plates[style][1]:.2f}" for style in STYLES),
        )
    )
    print(*rows[-1], sep=" | ")
    how = (
        f"`python -m benchmarks.anonymize_attacks`. {machine()} Share of first places, with 95 % interval. The "
        "gallery is of at least a second earlier."
    )
    columns = ("object", "gallery", "n", "chance", *("original" if style is None else style.value for style in STYLES))
    write_table(RESULTS, "Re-identification under masks", how, measures=MEASURES, columns=columns, rows=rows)


if __name__ == "__main__":
    main()
