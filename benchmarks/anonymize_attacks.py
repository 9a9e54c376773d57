"""Whether somebody under a cover can be recognized: plates read, persons and faces matched, for every look.

    python -m benchmarks.anonymize_attacks --data ../shared/data --models ../shared/models

Run on the shared clips only, in memory only; nothing about a person is kept. The attacker knows the look and where
each cover is. **Plates**: our reader on each labeled plate. **Persons** and **faces**: one image of each person of a
clip, covered, is to be found among images of all of them from at least a second before, as they were, and also as the
same look would show them; compared are colors and gradients on a grid (what re-identification used before networks,
and all that a mosaic leaves). First place counts; equal likenesses are drawn by lot. Chance is one in as many as there
are.
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

from benchmarks.results_file import machine, write_table
from models.training.figures import wilson
from models.training.sources import Sample, everything, load, upright
from pipeline.anonymize.mask_rendering import obscure
from pipeline.anonymize.redaction_masks import Covers
from pipeline.anonymize.reidentification import described, first_place, seen_twice, two_places
from pipeline.anonymize.settings import AnonymizeSettings, CoverSettings, Look, MarkText
from pipeline.app.release.redaction_run import Anonymizer
from pipeline.decode.file_video import FileVideo
from pipeline.decode.lazy_images import ArrayImage, image_of
from pipeline.decode.settings import DecodeSettings
from pipeline.detect.build import build_detector
from pipeline.detect.detector_pool import DetectorPool
from pipeline.detect.settings import DetectSettings
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector, PlateReader
from pipeline.domain.video import Planes
from pipeline.lpr.build import build_reader
from pipeline.lpr.plate_syntax import decode
from pipeline.lpr.settings import LprSettings

RESULTS: Final = Path(__file__).resolve().parent / "results" / "anonymize_attacks.md"
CLIPS: Final = ("clips/people-walking.mp4", "pets09-s2l1/pedestrians.avi", "clips/person-bicycle-car-detection.mp4")
PLATES: Final = ("openalpr-br", "br-phone-plates")
LOOKS: Final = (None, *Look)
"""None: nothing is covered, which shows what the attack can do."""
MARGIN: Final = CoverSettings().person_margin


@dataclass
class Hits:
    """Attempts, hits (equal likenesses give parts of one) and what chance would give."""

    attempts: int = 0
    hits: float = 0.0
    chance: float = 0.0
    rows: list[float] = field(default_factory=list)

    def add(self, likeness: npt.NDArray[np.float64], right: int) -> None:
        self.attempts += 1
        self.hits += first_place(likeness, right)
        self.chance += 1 / len(likeness)

    def shown(self) -> str:
        low, high = wilson(round(self.hits), self.attempts)
        return f"{self.hits / max(1, self.attempts):.2f} ({low:.2f}-{high:.2f})"


def look_of(planes: Planes, boxes: Sequence[Any], label: Label, look: Look | None) -> BgrImage:
    """The whole image with covers, as BGR."""
    if look is not None:
        covers = Covers(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.full(len(boxes), label, np.int16),
            np.zeros((len(boxes), 2), np.float32),
        )
        obscure(planes, covers, look)
    return image_of(planes).bgr()


def grown(box: Any, margin: float, width: int, height: int) -> tuple[float, ...]:
    x1, y1, x2, y2 = (float(value) for value in box)
    dx, dy = (x2 - x1) * margin, (y2 - y1) * margin
    return max(x1 - dx, 0.0), max(y1 - dy, 0.0), min(x2 + dx, width), min(y2 + dy, height)


def match(clip: Path, detector: Detector, label: Label) -> tuple[dict[tuple[Look | None, str], Hits], int]:
    """Hits per look and gallery; and how many persons there were."""
    video = FileVideo(clip, DecodeSettings())
    seen = Anonymizer(video, AnonymizeSettings(), MarkText(), lambda _, __: None).look(DetectorPool([detector]))
    chains = seen_twice(seen, 0 if label is Label.PERSON else 1)
    wanted: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, chain in enumerate(chains):
        early, late = two_places(chain)
        wanted[chain.frames[early]].append((number, "gallery"))
        wanted[chain.frames[late]].append((number, "probe"))
    boxes = {(n, f): box for n, chain in enumerate(chains) for f, box in zip(chain.frames, chain.boxes, strict=True)}
    taken: dict[tuple[Look | None, str], dict[int, Any]] = defaultdict(dict)
    for index, frame in enumerate(video.frames()):
        for number, role in wanted.get(index, ()):
            box = boxes[number, index]
            cover = grown(box, MARGIN, seen.width, seen.height)
            for look in LOOKS:
                taken[look, role][number] = described(look_of(frame.image.planes(), [cover], label, look), box)
    hits: dict[tuple[Look | None, str], Hits] = defaultdict(Hits)
    for look in LOOKS:
        for name, gallery in (("as they were", None), ("covered alike", look)):
            rows = np.stack([taken[gallery, "gallery"][n] for n in range(len(chains))]) if chains else np.empty((0, 1))
            for number in range(len(chains)):
                hits[look, name].add(rows @ taken[look, "probe"][number], number)
    return hits, len(chains)


def read_plates(samples: Sequence[Sample], reader: PlateReader) -> dict[Look | None, tuple[int, int]]:
    """Look to plates read right and plates."""
    found: dict[Look | None, tuple[int, int]] = {}
    images = [
        (sample, *upright(image, [box.xyxy for box in sample.boxes], sample.turn))
        for sample, image in load(list(samples))
    ]
    for look in LOOKS:
        right = total = 0
        for sample, image, boxes in images:
            height, width = image.shape[:2]
            for box, labeled in zip(boxes, sample.boxes, strict=True):
                cover = grown(box, CoverSettings().plate_margin, width, height)
                covered = look_of(ArrayImage(image).planes(), [cover], Label.PLATE, look)
                x1, y1, x2, y2 = (round(value) for value in grown(box, 0.04, width, height))
                read = decode(reader.read([np.ascontiguousarray(covered[y1:y2, x1:x2])])[0])
                total += 1
                right += read is not None and read.text == labeled.text
        found[look] = right, total
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
            for name in ("as they were", "covered alike"):
                cells = [hits[look, name].shown() for look in LOOKS]
                rows.append((f"{label.word}s, {Path(clip).stem}", name, str(people), f"{1 / people:.2f}", *cells))
                print(*rows[-1], sep=" | ", flush=True)
    samples = [sample for sample in everything(options.data) if sample.source in PLATES and sample.validation]
    plates = read_plates(samples, build_reader(LprSettings(), options.models))
    rows.append(
        (
            "plates, held out",
            "read whole",
            str(plates[None][1]),
            "0.00",
            *(f"{plates[look][0] / plates[look][1]:.2f}" for look in LOOKS),
        )
    )
    print(*rows[-1], sep=" | ")
    how = (
        f"`python -m benchmarks.anonymize_attacks`. {machine()} Share of first places, with 95 % interval. The "
        "gallery is of at least a second earlier."
    )
    columns = ("whom", "gallery", "n", "chance", *("uncovered" if look is None else look.value for look in LOOKS))
    write_table(RESULTS, "Recognized under a cover?", how, columns=columns, rows=rows)


if __name__ == "__main__":
    main()
