"""What a detector finds of the held-out part, set by set, beside its peers.

python -m models.training.traffic.evaluate --data ../shared/data --models ../shared/models --detector A B …
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.training.figures import shown
from models.training.sources import Sample, everything, load, upright
from pipeline.decode.picture import ArrayPicture
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import overlaps
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector

VEHICLES: Final = frozenset({"bicycle", "car", "motorcycle", "bus", "truck"})
GROUPS: Final = {
    "plate": ("plate", 0.5),
    "face": ("face", 0.4),
    "person": ("person", 0.5),
    "vehicle": ("vehicle", 0.5),
} | {word: (word, 0.5) for word in VEHICLES}
"""Label in the tables to the group it is scored in, and the least IoU."""
COMPLETE: Final = frozenset({"coco-val-people-vehicles", "pets09-s2l1/pedestrians.avi"})
"""Sets in which everything of the labelled groups is labelled, so that precision means something."""


@dataclass
class Score:
    """Counts of one group in one set."""

    labelled: int = 0
    found: int = 0
    right: int = 0
    pictures: int = 0


@dataclass
class Result:
    """One detector's scores by (set, group), and its milliseconds per picture."""

    scores: dict[tuple[str, str], Score] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)


def matched(found: Any, labelled: Any, least: float) -> int:
    """How many labelled boxes (m, 4) are found by the (n, 4) boxes, each once, in the order of `found`."""
    if not len(found) or not len(labelled):
        return 0
    fits = overlaps(found, labelled)
    free = np.ones(len(labelled), bool)
    for row in fits:
        best = int(np.argmax(row * free))
        if row[best] * free[best] >= least:
            free[best] = False
    return int((~free).sum())


def evaluate(samples: Sequence[Sample], detector: Detector, *, as_stored: bool = False) -> Result:
    """Run over all samples that have labels."""
    result = Result()
    for sample, stored in load([s for s in samples if s.boxes]):
        turn = 0 if as_stored else sample.turn
        image, boxes = upright(stored, [box.xyxy for box in sample.boxes], turn)
        picture = ArrayPicture(image)
        start = time.perf_counter()
        found = detector.detect([picture])[0]
        result.milliseconds.append(1000 * (time.perf_counter() - start))
        order = np.argsort(-found.scores, kind="stable")
        words = [Label(int(found.labels[i])).word for i in order]
        for group in {box.label for box in sample.boxes}:
            name, least = GROUPS[group]
            wanted = VEHICLES if name == "vehicle" else {name}
            mine = found.boxes[[i for i, word in zip(order, words, strict=True) if word in wanted]]
            truth = boxes[[i for i, box in enumerate(sample.boxes) if box.label == group]]
            score = result.scores.setdefault((sample.source, name), Score())
            score.labelled += len(truth)
            score.found += len(mine)
            score.right += matched(mine, truth, least)
            score.pictures += 1
    return result


def table(name: str, result: Result) -> list[str]:
    """Rows: recall with its interval, precision where everything is labelled, else found per picture."""
    lines = []
    for (source, group), score in sorted(result.scores.items()):
        if source in COMPLETE:
            second = f"precision {shown(score.right, score.found)}"
        else:
            second = f"{score.found / score.pictures:.1f} found per picture"
        lines.append(f"| {name} | {source} | {group} | {shown(score.right, score.labelled)} | {second} |")
    lines.append(f"| {name} | | ms per picture, median | {statistics.median(result.milliseconds):.0f} | |")
    return lines


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--detector", nargs="+", required=True, help="model cards")
    parser.add_argument("--everything", action="store_true", help="not only the held-out part")
    options = parser.parse_args()
    samples = [s for s in everything(options.data) if s.validation or options.everything]
    print("| detector | set | label | recall | |\n| --- | --- | --- | --- | --- |")
    for name in options.detector:
        settings = DetectSettings(model=name, plate_model=None, confidence=0.25)
        detector = build_detector(settings, options.models)
        print("\n".join(table(name, evaluate(samples, detector))), flush=True)


if __name__ == "__main__":
    main()
