"""Labeled data in three parts, to train, to choose and to judge: images and frames of clips.

Folders as the data's README describes them: `plates.csv` (file, plate_text, x, y, w, h, layout) or `boxes.csv` (file,
class, x1, y1, x2, y2), pixels of the stored file, in the data's folder or in `data2` beside it. A fifth of every source
is for judging: no network, epoch, limit or temperature is chosen on it. A tenth, of some sources more, is for those
choices. The part follows from the plate's text where there is one, so that no plate is in two parts, else from the
file's name. A few sources are for judging entirely.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training.degrade import Image

PLATE_SETS: Final = ("openalpr-br", "br-phone-plates", "openalpr-eu", "openalpr-us")
READER_SETS: Final = (
    *PLATE_SETS,
    "br-plate-crops",
    "br-street-plates2",
    "br-moto-mercosul",
    "none-stated/br-moto-mercosul",
)
"""Sets with texts."""
BOX_SETS: Final = (
    "br-street-plates", "br-mercosul-parking", "alpr-unconstrained", "ro-dashcam-plates", "coco-val-people-vehicles",
    "pennfudan-street", "topview-vehicles", "faces-web",
)  # fmt: skip
LATER_BOX_SETS: Final = (
    "br-manaus-cctv", "cctv-junctions", "cyclists", "in-riders", "highway-poles", "in-streets", "oi-vehicles",
    "oi-plates", "eg-moto-plates", "ro-dashcam-night", "br-street-plates2", "negatives-no-plates",
    "none-stated/faces-mask-kaggle", "none-stated/plates-world",
)  # fmt: skip
"""Sets that the second generation of the detector is trained on too."""
WITHOUT_OBJECTS: Final = frozenset({"negatives-no-plates"})
"""Sets of images without a row: what they are for is not in them."""
CLIPS: Final = (
    ("clips/car-detection.mp4", 6), ("clips/person-bicycle-car-detection.mp4", 8), ("clips/highway-motorbike.mp4", 8),
    ("clips/people-walking.mp4", 6), ("clips/traffic-plates-nz.mp4", 16), ("clips/egoblur-parking-plates.mp4", 3),
    ("pets09-s2l1/pedestrians.avi", 9),
)  # fmt: skip
"""Clips, and the sampling interval in frames."""
EVALUATION_ONLY: Final = frozenset(
    {
        "br-mercosul-parking", "pets09-s2l1/pedestrians.avi", "clips/traffic-plates-nz.mp4",
        "br-moto-mercosul", "none-stated/br-moto-mercosul", "none-stated/plates-world",
    }
)  # fmt: skip
"""Sources for judging entirely: without a license, not for commercial use, or so that some are known to no network."""
_MORE_TO_CHOOSE: Final = {
    "negatives-no-plates": 4, "cyclists": 2, "cctv-junctions": 2, "oi-vehicles": 2, "oi-plates": 2, "eg-moto-plates": 2,
    "ro-dashcam-night": 2,
}  # fmt: skip
"""Tenths of a source that are for choices, where one has too few objects to compare networks."""
_HELD_OUT_FROM: Final = {"clips/highway-motorbike.mp4": 0.6}
"""Clips that are used for training up to this fraction of their length, and for evaluation after it."""
_TURNED: Final = {
    "br-phone-plates/images/IRR__lok6380__175505__PLACA_jpg.rf.930d1750d5a8bdccacac91a172c74123.jpg": 2,
}
"""Quarter turns to add where the table is wrong (found by reading the plate both ways, and verified by eye)."""
_LINE: Final = "line of the table"
_LONGEST_TEXT: Final = 10
_WORDS: Final = {"license_plate": "plate", "vehicle": "vehicle"}


class Part(StrEnum):
    """What a labeled image is for."""

    TRAIN = "train"
    CHOOSE = "choose"
    JUDGE = "judge"


class TrainingDataError(Exception):
    """The data is not as the training code expects; names the file and the fix."""


@dataclass(frozen=True)
class Box:
    """A labeled object; xyxy in pixels of the upright or stored image, as the sample states."""

    label: str
    xyxy: tuple[float, float, float, float]
    text: str = ""
    layout: str = ""


@dataclass(frozen=True)
class Sample:
    """An image with its collector's labels.

    Attributes:
        key: source and file (and frame), unique.
        source: the folder, such as ``openalpr-br``.
        path: the image's or clip's file; frame: index in a clip, −1 for an image.
        turn: clockwise quarter turns that make the stored image upright.
        boxes: in pixels of the stored image.
        part: what it is for.
    """

    key: str
    source: str
    path: Path
    frame: int = -1
    turn: int = 0
    boxes: tuple[Box, ...] = field(default=())
    part: Part = Part.TRAIN


def part_of(name: str, to_choose: int = 1) -> Part:
    """The part of a plate or a file, by its name alone: a fifth judges, `to_choose` tenths (up to four) choose."""
    number = hashlib.sha256(name.encode()).digest()[0] % 10
    return Part.JUDGE if number % 5 == 0 else Part.CHOOSE if number <= to_choose else Part.TRAIN


def folder_of(data: Path, name: str) -> Path:
    """The folder of a set: in `data`, or in `data2` beside it."""
    first = data / name
    return first if first.is_dir() else data.with_name("data2") / name


def read_images(data: Path, folder: str) -> list[Sample]:
    """All images of a set.

    Raises:
        TrainingDataError: the table or an image is missing, or a row is not one.
    """
    home = folder_of(data, folder)
    table = home / ("plates.csv" if (home / "plates.csv").is_file() else "boxes.csv")
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            for row in reader:
                rows[row["file"]].append(row | {_LINE: str(reader.line_num)})
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise TrainingDataError(f"{table}: cannot be read ({error}). Check the folder of the material") from error
    if folder in WITHOUT_OBJECTS:
        rows = {f"images/{path.name}": rows[f"images/{path.name}"] for path in sorted((home / "images").iterdir())}
    if not rows:
        raise TrainingDataError(f"{table}: has no rows")
    return [_sample(home, folder, table, name, found) for name, found in rows.items()]


def _sample(home: Path, folder: str, table: Path, name: str, rows: list[dict[str, str]]) -> Sample:
    path = home / name
    if not path.is_file():
        raise TrainingDataError(f"{table}: names {name}, which does not exist")
    boxes = tuple(_box_of(row, table, name) for row in rows)
    try:
        degrees = int(rows[0].get("rotate_cw_to_upright") or 0) if rows else 0
    except ValueError as error:
        raise TrainingDataError(f"{table}, line {rows[0][_LINE]}: {name} has no turn in degrees ({error})") from error
    turn = degrees // 90 + _TURNED.get(f"{folder}/{name}", 0)
    split = (boxes[0].text if boxes else "") or f"{folder}/{name}"
    part = Part.JUDGE if folder in EVALUATION_ONLY else part_of(split, _MORE_TO_CHOOSE.get(folder, 1))
    return Sample(f"{folder}/{name}", folder, path, turn=turn, boxes=boxes, part=part)


def _box_of(row: dict[str, str], table: Path, name: str) -> Box:
    try:
        return _box(row)
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingDataError(f"{table}, line {row[_LINE]}: the row of {name} is not a box ({error})") from error


def _box(row: dict[str, str]) -> Box:
    if "plate_text" in row:
        x, y, width, height = (float(row[key]) for key in ("x", "y", "w", "h"))
        text = row["plate_text"].strip()
        if not (text.isascii() and text == text.upper() and len(text) <= _LONGEST_TEXT):
            raise ValueError(f"{text!r} is not a plate text: at most {_LONGEST_TEXT} capitals and digits")
        kind = ", ".join(filter(None, (row["layout"], row.get("polarity"))))
        return Box("plate", _checked(x, y, x + width, y + height), text, kind)
    x1, y1, x2, y2 = (float(row[key]) for key in ("x1", "y1", "x2", "y2"))
    return Box(_WORDS.get(row["class"], row["class"]), _checked(x1, y1, x2, y2))


def _checked(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
    """The box.

    Raises:
        ValueError: it has no area, or a coordinate is not finite.
    """
    if not all(map(math.isfinite, (x1, y1, x2, y2))) or x2 <= x1 or y2 <= y1:
        raise ValueError(f"a box from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g}) has no area")
    return x1, y1, x2, y2


def read_frames(data: Path) -> list[Sample]:
    """Frames spread over the clips; PETS with its labels where it has some."""
    labeled: dict[int, list[Box]] = defaultdict(list)
    table = data / "pets09-s2l1" / "boxes.csv"
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                labeled[int(row["frame_index"])].append(_box(row))
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise TrainingDataError(f"{table}: cannot be read ({error}). Check the folder of the material") from error
    samples = []
    for name, step in CLIPS:
        path = data / name
        total = int(_open(path).get(cv2.CAP_PROP_FRAME_COUNT))
        pets = name.startswith("pets")
        # Containers state a few frames more than there are.
        wanted = set(range(0, total - total // 20, step)) | (set(labeled) if pets else set())
        first_held_out = 0.0 if name in EVALUATION_ONLY else _HELD_OUT_FROM.get(name, 1.0)
        samples += [
            Sample(
                f"{name}#{number}",
                name,
                path,
                number,
                boxes=tuple(labeled[number]) if pets and number in labeled else (),
                part=Part.JUDGE if number >= first_held_out * total else Part.TRAIN,
            )
            for number in sorted(wanted)
        ]
    return samples


def everything(data: Path) -> list[Sample]:
    """All images and frames."""
    folders = (*PLATE_SETS, *BOX_SETS, *LATER_BOX_SETS)
    return [sample for folder in folders for sample in read_images(data, folder)] + read_frames(data)


def _open(path: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise TrainingDataError(f"{path}: cannot be opened as a video")
    return capture


def load(samples: list[Sample]) -> Iterator[tuple[Sample, Image]]:
    """Each sample with its image as stored, frames of a clip in one pass.

    Raises:
        TrainingDataError: a file is corrupt.
    """
    clips: dict[Path, dict[int, Sample]] = defaultdict(dict)
    for sample in samples:
        if sample.frame >= 0:
            clips[sample.path][sample.frame] = sample
            continue
        image = cv2.imread(str(sample.path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if image is None:
            raise TrainingDataError(f"{sample.path}: cannot be read as an image; remove it or its row")
        yield sample, _within(sample, np.asarray(image, np.uint8))
    for path, wanted in clips.items():
        capture = _open(path)
        for number in range(max(wanted) + 1):
            if not capture.grab():
                raise TrainingDataError(f"{path}: ends before frame {number}")
            if number in wanted:
                _, image = capture.retrieve()
                yield wanted[number], _within(wanted[number], np.asarray(image, np.uint8))


def _within(sample: Sample, image: Image) -> Image:
    """The image, after a check that every box of the sample overlaps it."""
    height, width = image.shape[:2]
    for box in sample.boxes:
        x1, y1, x2, y2 = box.xyxy
        if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
            raise TrainingDataError(
                f"{sample.key}: its box from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g}) lies outside the image of "
                f"{width}x{height} pixels; correct its row"
            )
    return image


def upright(image: Image, boxes: npt.ArrayLike, turn: int) -> tuple[Image, npt.NDArray[np.float32]]:
    """The image turned clockwise by quarter turns, and its (n, 4) xyxy boxes with it."""
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    for _ in range(turn % 4):
        x1, y1, x2, y2 = boxes.T
        boxes = np.column_stack([image.shape[0] - y2, x1, image.shape[0] - y1, x2])
        image = np.ascontiguousarray(np.rot90(image, -1))
    return image, boxes
