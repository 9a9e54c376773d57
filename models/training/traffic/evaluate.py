"""Recall and precision of a detector on each set: on the part for judging, or with `--part` on another one.

python -m models.training.traffic.evaluate --data ../shared/data --models ../shared/models --detector viapublica_traffic
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.training.command import reported_errors
from models.training.degrade import Image
from models.training.figures import shown
from models.training.sources import Part, Sample, everything, load, upright
from models.training.traffic.loose_plates import LOOSE
from models.training.traffic.material import COMPLETE, VEHICLES, WITHOUT
from models.training.traffic.network import CLASSES
from models.training.traffic.teachers import CardTeacher, Found, Teacher
from pipeline.domain.detections import overlaps
from pipeline.inference.device import Backend

CONFIDENCE: Final = 0.25
GROUPS: Final[Mapping[str, str]] = {"vehicle": "vehicle"} | dict.fromkeys(VEHICLES, "vehicle")
"""Labels that the tables count together, under which name; the others stand for themselves."""
_LEAST_IOU: Final = {"face": 0.4}
_LEAST_IOU_LOOSE: Final = {"plate": 0.15}
"""Where the collector's boxes are larger than the objects."""
_IOU: Final = 0.5


@dataclass(frozen=True)
class Outcome:
    """Detections of one label in one image.

    Attributes:
        sample, image, label: where and what; the image is rotated as it was processed.
        found, found_right: (n, 4) xyxy boxes, surest first, and which of them are on a labeled object.
        labeled, labeled_found: (m, 4) xyxy boxes and which of them were found.
    """

    sample: Sample
    image: Image
    label: str
    found: npt.NDArray[Any]
    found_right: npt.NDArray[np.bool_]
    labeled: npt.NDArray[Any]
    labeled_found: npt.NDArray[np.bool_]


@dataclass
class Score:
    """Counts of one group of labels in one set."""

    labeled: int = 0
    found: int = 0
    right: int = 0
    images: set[str] = field(default_factory=set)

    @property
    def recall(self) -> float:
        """Share of the labeled objects that were found."""
        return self.right / max(1, self.labeled)

    @property
    def beside(self) -> float:
        """Boxes per image that are on no labeled object."""
        return (self.found - self.right) / max(1, len(self.images))


@dataclass
class Result:
    """One detector's scores by (set, group), and its milliseconds per image."""

    scores: dict[tuple[str, str], Score] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Count an image's label in."""
        key = (outcome.sample.source, GROUPS.get(outcome.label, outcome.label))
        score = self.scores.setdefault(key, Score())
        score.labeled += len(outcome.labeled)
        score.found += len(outcome.found)
        score.right += int(outcome.labeled_found.sum())
        score.images.add(outcome.sample.key)


def matched(found: Any, labeled: Any, least: float) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which of the (n, 4) found and of the (m, 4) labeled boxes belong together, each once, in order of `found`."""
    right, taken = np.zeros(len(found), bool), np.zeros(len(labeled), bool)
    if not len(found) or not len(labeled):
        return right, taken
    for number, row in enumerate(overlaps(found, labeled)):
        best = int(np.argmax(row * ~taken))
        if row[best] >= least and not taken[best]:
            right[number] = taken[best] = True
    return right, taken


def outcomes(
    samples: Sequence[Sample], teacher: Teacher, result: Result, *, as_stored: bool = False
) -> Iterator[Outcome]:
    """Run the teacher on all samples of which its classes are known; times go into `result`."""
    for sample, stored in load([s for s in samples if _asked(s, teacher)]):
        image, boxes = upright(stored, [box.xyxy for box in sample.boxes], 0 if as_stored else sample.turn)
        start = time.perf_counter()
        rows = teacher.detect(image)
        result.milliseconds.append(1000 * (time.perf_counter() - start))
        rows = sorted((row for row in rows if row[5] >= CONFIDENCE), key=lambda row: -row[5])
        for label in _asked(sample, teacher):
            yield _outcome(sample, image, label, rows, boxes)


def _asked(sample: Sample, teacher: Teacher) -> list[str]:
    """Labels to be counted: those the collector gave, those of which they missed none, and those that are not there."""
    labels = {box.label for box in sample.boxes}
    if labels:
        labels |= COMPLETE.get(sample.source, frozenset())
    labels |= WITHOUT.get(sample.source, frozenset())
    return sorted(
        label for label in labels if label in teacher.labels or (label == "vehicle" and "car" in teacher.labels)
    )


def _outcome(sample: Sample, image: Image, label: str, rows: Sequence[Found], boxes: npt.NDArray[Any]) -> Outcome:
    wanted = frozenset(VEHICLES) if label == "vehicle" else frozenset({label})
    found = np.array([row[1:5] for row in rows if row[0] in wanted], np.float32).reshape(-1, 4)
    labeled = boxes[[number for number, box in enumerate(sample.boxes) if box.label == label]]
    special = _LEAST_IOU_LOOSE if sample.source in LOOSE else _LEAST_IOU
    right, taken = matched(found, labeled, special.get(label, _IOU))
    return Outcome(sample, image, label, found, right, labeled, taken)


def evaluate(samples: Sequence[Sample], teacher: Teacher, *, as_stored: bool = False) -> Result:
    """Scores and times over all samples that have labels."""
    result = Result()
    for outcome in outcomes(samples, teacher, result, as_stored=as_stored):
        result.add(outcome)
    return result


def table(name: str, result: Result) -> list[str]:
    """Rows: recall with its interval, precision where everything is labeled, else boxes beside labels per image."""
    lines = []
    for (source, group), score in sorted(result.scores.items()):
        if source in COMPLETE:
            second = f"precision {shown(score.right, score.found)}"
        else:
            second = f"{score.beside:.1f} beside per image"
        lines.append(f"| {name} | {source} | {group} | {shown(score.right, score.labeled)} | {second} |")
    if result.milliseconds:
        lines.append(f"| {name} | | ms per image, median | {statistics.median(result.milliseconds):.0f} | |")
    return lines


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--detector", nargs="+", required=True, help="model cards")
    parser.add_argument("--size", type=int, help="side of the input in pixels, where a network takes any")
    parser.add_argument(
        "--backend", nargs="+", choices=[*Backend], default=[Backend.AUTO], help="who runs it, one by one"
    )
    parser.add_argument("--part", nargs="+", type=Part, choices=[*Part], default=[Part.JUDGE], help="images to run on")
    options = parser.parse_args()
    with reported_errors(parser):
        samples = [s for s in everything(options.data) if s.part in options.part]
        sideways = [s for s in samples if s.turn]
        print("| detector | set | label | recall | |\n| --- | --- | --- | --- | --- |")
        for name, backend in product(options.detector, map(Backend, options.backend)):
            teacher = CardTeacher(name, CLASSES, options.models, options.size, backend=backend)
            shown_as = teacher.name if backend is Backend.AUTO else f"{teacher.name}, {backend.value}"
            print("\n".join(table(shown_as, evaluate(samples, teacher))), flush=True)
            turned = evaluate(sideways, teacher, as_stored=True)
            print("\n".join(table(f"{shown_as}, sideways", turned)), flush=True)


if __name__ == "__main__":
    main()
