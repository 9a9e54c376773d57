"""Accuracy of a plate reader on labeled boxes and on the boxes of a detector.

python -m models.training.plates.evaluate --data ../shared/data --models ../shared/models --reader viapublica_plates
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from models.training.command import reported_errors
from models.training.figures import calibration_error, shown
from models.training.plates.crops import reader_part
from models.training.sources import READER_SETS, Part, Sample, load, read_images, upright
from pipeline.decode.lazy_images import ArrayImage
from pipeline.demo.plate_image import render_plate
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector, PlateReader
from pipeline.lpr.build import build_reader
from pipeline.lpr.plate_crops import plate_crop
from pipeline.lpr.plate_syntax import decode
from pipeline.lpr.settings import LprSettings

CROPS_ONLY: Final = frozenset({"br-plate-crops"})
"""Sets of crops: nothing is to be found in them."""
ACCEPTED_FROM: Final = 0.9


@dataclass(frozen=True)
class Reading:
    """One labeled plate: what was read, how surely, and whether it is right."""

    sample: Sample
    layout: str
    text: str
    read: str
    confidence: float

    @property
    def right(self) -> bool:
        """Exactly."""
        return self.read == self.text


def read_labeled(samples: Sequence[Sample], reader: PlateReader) -> list[Reading]:
    """From the labeled boxes of upright images."""
    readings = []
    for sample, stored in load(list(samples)):
        pixels, boxes = upright(stored, [box.xyxy for box in sample.boxes], sample.turn)
        crops = [plate_crop(ArrayImage(pixels), box, LprSettings()) for box in boxes]
        for labeled, seen in zip(sample.boxes, reader.read(crops), strict=True):
            read = decode(seen)
            words = ("", 0.0) if read is None else (read.text, read.confidence)
            readings.append(Reading(sample, labeled.layout, labeled.text, *words))
    return readings


def read_found(samples: Sequence[Sample], detector: Detector, reader: PlateReader, *, as_stored: bool) -> list[Reading]:
    """From the detector's boxes; a plate that was not found counts as read wrong, with confidence 0."""
    readings = []
    for sample, stored in load(list(samples)):
        turn = 0 if as_stored else sample.turn
        pixels, boxes = upright(stored, [box.xyxy for box in sample.boxes], turn)
        image = ArrayImage(pixels)
        found = detector.detect([image])[0].labeled(Label.PLATE).boxes
        seen = reader.read([plate_crop(image, box, LprSettings()) for box in found])
        for box, labeled in zip(boxes, sample.boxes, strict=True):
            read, confidence = "", 0.0
            middle = _nearest(box, found)
            if middle is not None and (decoded := decode(seen[middle])) is not None:
                read, confidence = decoded.text, decoded.confidence
            readings.append(Reading(sample, labeled.layout, labeled.text, read, confidence))
    return readings


def _nearest(box: Any, found: Any) -> int | None:
    """The found box whose middle lies in the labeled one and nearest to its middle."""
    if not len(found):
        return None
    middles = (found[:, :2] + found[:, 2:]) / 2
    inside = ((middles >= box[:2]) & (middles <= box[2:])).all(axis=1)
    distance = np.abs(middles - (box[:2] + box[2:]) / 2).sum(axis=1) + 1e9 * ~inside
    best = int(np.argmin(distance))
    return best if inside[best] else None


def table(columns: Mapping[str, Sequence[Reading]]) -> list[str]:
    """Lines of a Markdown table: a row per set and kind of plate, a column per reader and choice of boxes."""
    head = ["set", "kind", *columns]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " --- |" * (len(head) - 1)]
    kinds = sorted({(r.sample.source, r.layout) for readings in columns.values() for r in readings})
    for source, layout in kinds:
        cells = []
        for readings in columns.values():
            chosen = [r for r in readings if (r.sample.source, r.layout) == (source, layout)]
            cells.append(shown(sum(r.right for r in chosen), len(chosen)) if chosen else "")
        lines.append(f"| {source} | {layout} | " + " | ".join(cells) + " |")
    return [*lines, _sure_row(columns), _calibration_row(columns)]


def _sure_row(columns: Mapping[str, Sequence[Reading]]) -> str:
    """Of the readings that are emitted at the default limit, how many are right."""
    cells = []
    for readings in columns.values():
        sure = [r for r in readings if r.confidence >= ACCEPTED_FROM]
        cells.append(shown(sum(r.right for r in sure), len(sure)))
    return f"| all | right of those read with confidence {ACCEPTED_FROM:g} and more | " + " | ".join(cells) + " |"


def _calibration_row(columns: Mapping[str, Sequence[Reading]]) -> str:
    errors = [calibration_error([r.confidence for r in rs], [r.right for r in rs]) for rs in columns.values()]
    return "| all | expected calibration error | " + " | ".join(f"{error:.3f}" for error in errors) + " |"


def plot(readings: Sequence[Reading], name: str, out: Path) -> None:
    """Reliability: how often readings of a confidence are right, and how many there are of it."""
    import matplotlib.pyplot as plt

    edges = np.linspace(0, 1, 11)
    confidences = np.array([r.confidence for r in readings])
    right = np.array([r.right for r in readings], float)
    bins = np.clip(np.digitize(confidences, edges) - 1, 0, 9)
    counts = np.bincount(bins, minlength=10)
    shares = np.bincount(bins, weights=right, minlength=10) / np.maximum(counts, 1)
    figure, (upper, lower) = plt.subplots(2, 1, sharex=True, height_ratios=(3, 1), figsize=(5, 5.5), layout="tight")
    upper.plot([0, 1], [0, 1], color="gray", linestyle="--", label="perfectly calibrated")
    filled = counts > 0
    upper.plot((edges[:-1] + 0.05)[filled], shares[filled], marker="o", label=name)
    upper.set(ylabel="share exactly right", ylim=(-0.03, 1.03))
    upper.legend()
    lower.bar(edges[:-1] + 0.05, counts, width=0.09)
    lower.set(xlabel="confidence (weakest character)", ylabel="plates", yscale="symlog")
    figure.savefig(out, dpi=110)
    plt.close(figure)


def milliseconds(reader: PlateReader) -> float:
    """Per plate, in batches of eight level rendered ones, the best of some runs."""
    plates = [render_plate(f"BRA{number}E19") for number in range(8)]
    crops = [np.asarray(cv2.resize(plate, (130, 42), interpolation=cv2.INTER_AREA), np.uint8) for plate in plates]
    reader.read(crops)
    taken = []
    for _ in range(30):
        start = time.perf_counter()
        reader.read(crops)
        taken.append(time.perf_counter() - start)
    return 1000 * min(taken) / len(crops)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--reader", nargs="+", default=["cct_xs_v1_global"])
    parser.add_argument("--part", type=Part, default=Part.JUDGE, choices=list(Part), help="part of the data")
    parser.add_argument("--plot", type=Path, help="reliability of the last reader on labeled boxes, as PNG")
    parser.add_argument("--misses", type=Path, help="misread plates of the last reader as JSON lines")
    options = parser.parse_args()
    with reported_errors(parser):
        samples = [s for folder in READER_SETS for s in read_images(options.data, folder)]
        samples = [s for s in samples if reader_part(s) is options.part]
        whole = [s for s in samples if s.source not in CROPS_ONLY]
        detector = build_detector(DetectSettings(), options.models)
        for how in ("labeled", "found", "found as stored"):
            columns = {}
            for name in options.reader:
                reader = build_reader(LprSettings(model=name), options.models)
                if how == "labeled":
                    columns[name] = read_labeled(samples, reader)
                else:
                    columns[name] = read_found(whole, detector, reader, as_stored=how == "found as stored")
            print(f"\nBoxes: {how}.\n\n" + "\n".join(table(columns)), flush=True)
            readings = columns[options.reader[-1]]
            if how == "labeled" and options.plot:
                plot(readings, options.reader[-1], options.plot)
            if options.misses:
                _write_misses(options.misses, how, readings)
        times = [f"{milliseconds(build_reader(LprSettings(model=n), options.models)):.2f}" for n in options.reader]
        print("\nMilliseconds per plate in batches of 8: " + ", ".join(times))


def _write_misses(out: Path, how: str, readings: Sequence[Reading]) -> None:
    with out.open("a", encoding="utf-8") as file:
        for r in readings:
            if not r.right:
                row = {"boxes": how, "image": r.sample.key, "kind": r.layout, "text": r.text, "read": r.read}
                file.write(json.dumps(row | {"confidence": round(r.confidence, 3)}) + "\n")


if __name__ == "__main__":
    main()
