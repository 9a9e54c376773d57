"""How many Brazilian plates are read exactly right: from labelled boxes, and end to end from detected ones.

openalpr-br as stored; br-phone-plates turned upright by its CSV's column. Three readings of every picture:

- peer: fast-plate-ocr's own reading of the labelled box (with our margin), most probable character per slot;
- labelled: our reader and syntax on the same box;
- end to end: plates found by our detector; the reading whose box overlaps the label counts (IoU 0.3 or more).

    python -m benchmarks.plates --data ../shared/data --models ../shared/models
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.results_file import machine, write_table
from pipeline.decode.picture import ArrayPicture
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label
from pipeline.lpr.build import build_reader
from pipeline.lpr.crops import plate_crop
from pipeline.lpr.settings import LprSettings
from pipeline.lpr.syntax import decode

SETS = ("openalpr-br", "br-phone-plates")
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class Labelled(NamedTuple):
    """A picture with one labelled plate; box is xyxy in pixels of `image`."""

    dataset: str
    layout: str
    text: str
    image: Image
    box: tuple[float, float, float, float]


class Result(NamedTuple):
    """What the three readings gave."""

    peer: bool
    labelled: bool
    found: bool
    end_to_end: bool


def labelled_pictures(data: Path) -> Iterator[Labelled]:
    """All pictures of both sets, upright."""
    for dataset in SETS:
        with (data / dataset / "plates.csv").open(newline="") as rows:
            for row in csv.DictReader(rows):
                flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
                image = cv2.imread(str(data / dataset / row["file"]), flags)
                if image is None:
                    raise SystemExit(f"cannot read {row['file']}")
                x, y, w, h = (float(row[name]) for name in "xywh")
                turn = int(row.get("rotate_cw_to_upright") or 0)
                box = turned((x, y, x + w, y + h), image.shape[1], image.shape[0], turn)
                if turn:
                    image = cv2.rotate(image, _TURNS[turn])
                yield Labelled(dataset, row["layout"], row["plate_text"], np.asarray(image, np.uint8), box)


def turned(
    box: tuple[float, float, float, float], width: int, height: int, degrees: int
) -> tuple[float, float, float, float]:
    """A box after the picture of this size was turned clockwise."""
    x1, y1, x2, y2 = box
    if degrees == 90:
        return height - y2, x1, height - y1, x2
    if degrees == 180:
        return width - x2, height - y2, width - x1, height - y1
    if degrees == 270:
        return y1, width - x2, y2, width - x1
    return box


def iou(a: tuple[float, ...], b: np.ndarray) -> float:
    """Intersection over union of two xyxy boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    inter = width * height
    return float(inter / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter))


def measure(data: Path, models: Path) -> dict[tuple[str, str], list[Result]]:
    """Results of every picture, by set and layout."""
    settings = LprSettings()
    detector, reader = build_detector(DetectSettings(), models), build_reader(settings, models)
    results: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for item in labelled_pictures(data):
        picture = ArrayPicture(item.image)
        (seen,) = reader.read([plate_crop(picture, item.box, settings)])
        columns = seen.values.argmax(axis=1)
        peer = "".join(seen.alphabet[c] for c in columns).replace(seen.pad, "")
        ours = decode(seen)
        plates = detector.detect([picture])[0].labelled(Label.PLATE)
        overlaps = [iou(item.box, box) for box in plates.boxes]
        found = bool(overlaps) and max(overlaps) >= 0.3
        right = False
        if found:
            box = plates.boxes[int(np.argmax(overlaps))]
            (again,) = reader.read([plate_crop(picture, box, settings)])
            read = decode(again)
            right = read is not None and read.text == item.text
        results[item.dataset, item.layout].append(
            Result(peer == item.text, ours is not None and ours.text == item.text, found, right)
        )
    detector.close()
    return results


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--models", type=Path, required=True)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "plates.md")
    options = arguments.parse_args()
    results = measure(options.data, options.models)
    groups = [(dataset, [layout]) for dataset, layout in results]
    groups += [(dataset, [layout for name, layout in results if name == dataset]) for dataset in SETS]
    rows = []
    for dataset, layouts in groups:
        part = [result for layout in layouts for result in results[dataset, layout]]
        shares = [f"{sum(column)} ({sum(column) / len(part):.3f})" for column in zip(*part, strict=True)]
        rows.append([dataset, " + ".join(layouts), len(part), *shares])
    write_table(
        options.out,
        "Brazilian plates read exactly right, third-party weights",
        f"{machine()} Command: `python -m benchmarks.plates`. Detector and reader: the defaults of `viapublica read`. "
        "Every picture has one labelled plate; 'found' is IoU 0.3 or more.",
        columns=["set", "layout", "plates", "peer, labelled box", "ours, labelled box", "found", "ours, end to end"],
        rows=rows,
    )
    print(options.out.read_text())


if __name__ == "__main__":
    main()
