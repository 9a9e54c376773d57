"""Labeled images of the shared data set, and monochrome images."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.detect.image_region import WholeImage
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label


@dataclass(frozen=True, eq=False)
class Sample:
    """An image with its labeled boxes (n, 4) and labels (n,)."""

    image: WholeImage
    boxes: Boxes
    labels: npt.NDArray[np.int16]


def plain(width: int, height: int, value: int = 114) -> WholeImage:
    return WholeImage(np.full((height, width, 3), value, np.uint8))


def rain_on(pixels: BgrImage, seed: int = 1) -> BgrImage:
    """White streaks over a third of the image."""
    drops = (np.random.default_rng(seed).random(pixels.shape[:2]) > 0.985).astype(np.float32)
    streak = np.zeros((25, 25), np.float32)
    streak[:, 12] = 200
    rained = np.clip(pixels + cv2.filter2D(drops, -1, streak)[..., None], 0, 255)
    return np.asarray(rained, np.uint8)


def read_still(path: Path) -> WholeImage:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert image is not None, path
    return WholeImage(np.asarray(image, np.uint8))


def coco(data_dir: Path, most: int) -> list[Sample]:
    """People and vehicles."""
    folder = data_dir / "coco-val-people-vehicles"
    rows: defaultdict[str, list[tuple[int, list[float]]]] = defaultdict(list)
    with (folder / "boxes.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            box = [float(row[key]) for key in ("x1", "y1", "x2", "y2")]
            rows[row["file"]].append((int(Label.from_word(row["class"])), box))
    return [_sample(folder / name, found) for name, found in list(rows.items())[:most]]


def plates(data_dir: Path, folder: str, most: int) -> list[Sample]:
    """Images with plates, of a set whose images are stored upright."""
    rows: defaultdict[str, list[tuple[int, list[float]]]] = defaultdict(list)
    with (data_dir / folder / "plates.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            x, y, width, height = (float(row[key]) for key in ("x", "y", "w", "h"))
            rows[row["file"]].append((int(Label.PLATE), [x, y, x + width, y + height]))
    return [_sample(data_dir / folder / name, found) for name, found in list(rows.items())[:most]]


def _sample(path: Path, found: list[tuple[int, list[float]]]) -> Sample:
    boxes = np.array([box for _, box in found], np.float32)
    return Sample(read_still(path), boxes, np.array([label for label, _ in found], np.int16))


def overlaps(a: Boxes, b: Boxes) -> npt.NDArray[np.float32]:
    """IoU of (n, 4) and (m, 4) boxes."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (a, b)]
    result: npt.NDArray[np.float32] = shared / (areas[0][:, None] + areas[1][None] - shared)
    return result


def count_found(found: Detections, sample: Sample) -> int:
    """Number of labeled boxes matched by a detection of the same label with IoU 0.5; each detection is used once."""
    fits = overlaps(found.boxes, sample.boxes) * (found.labels[:, None] == sample.labels[None])
    free = np.ones(len(sample.boxes), bool)
    for row in fits:
        best = int(np.argmax(row * free)) if len(row) else 0
        if len(row) and row[best] * free[best] >= 0.5:
            free[best] = False
    return int((~free).sum())
