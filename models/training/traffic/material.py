"""Training images of the detector: labels from opinions, uncertain objects painted over, objects pasted in.

    python -m models.training.traffic.material --data ../shared/data --work build/training/traffic

Reads `opinions.jsonl` and writes `images/` in the layout of Ultralytics (images, labels, data.yaml) and contact
sheets for review before training.
"""

from __future__ import annotations

import argparse
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import yaml
from tqdm import tqdm

from models.training.command import reported_errors
from models.training.degrade import Image
from models.training.sources import Part, Sample, TrainingDataError, everything, load, upright
from models.training.traffic.bank import Bank, Labeled
from models.training.traffic.compose import compose
from models.training.traffic.far import four_in_one
from models.training.traffic.fuse import Opinion, inside
from models.training.traffic.loose_plates import LOOSE, SIDE, tightened
from models.training.traffic.network import CLASSES
from models.training.traffic.opinions import read_opinions
from models.training.traffic.teachers import CardTeacher, Teacher
from pipeline.domain.detections import overlaps

SURE: Final = {"face": 0.4, "plate": 0.45}
UNSURE: Final = {"face": 0.12, "plate": 0.15}
_SURE, _UNSURE = 0.42, 0.2  # objects
_SURE_HERE: Final = {"clips/highway-motorbike.mp4": {"motorcycle": (0.15, 0.05), "person": (0.2, 0.05)}}
"""Sure and unsure where the teachers doubt what is there: small riders from behind, looked at frame by frame."""
_ONLY_WITH: Final = {"clips/highway-motorbike.mp4": "motorcycle"}
"""Sources of which images without this label are left out: what no teacher saw there is not background."""
COMPLETE: Final = {
    "coco-val-people-vehicles": frozenset({"person", "bicycle", "car", "motorcycle", "bus", "truck"}),
    "pets09-s2l1/pedestrians.avi": frozenset({"person"}),
}
"""Sources whose collectors labeled every object of these labels; elsewhere the teachers may add some."""
WITH_RIDERS: Final = frozenset({"br-manaus-cctv", "cctv-junctions", "cyclists", "in-riders"})
"""Sources whose boxes of motorcycles and bicycles take in the riders; everywhere else, and in what the network learns,
machine and rider have a box each, as in COCO."""
WITHOUT: Final = {"negatives-no-plates": frozenset({"plate"}), "none-stated/faces-mask-kaggle": frozenset({"plate"})}
"""Labels of which a source has no object, whatever a teacher sees there."""
VEHICLES: Final = ("car", "bus", "truck", "motorcycle", "bicycle")
_GRAY: Final = 114
_FAR: Final = 0.12
"""Share of the training images that are four at half of their size."""
_LOOKED_AT: Final = (640, 960, 1280)
"""Sides in pixels at which our detector looks for what is no plate."""
_WEIGHTS: Final = {
    "clips/highway-motorbike.mp4": 6.0, "clips/people-walking.mp4": 3.0, "coco-val-people-vehicles": 12.0,
    "faces-web": 12.0, "pennfudan-street": 4.0, "topview-vehicles": 6.0, "br-phone-plates": 1.0, "openalpr-br": 2.0,
    "br-street-plates": 1.0, "openalpr-eu": 1.0, "openalpr-us": 2.0, "br-manaus-cctv": 20.0, "cctv-junctions": 12.0,
    "cyclists": 3.0, "in-riders": 4.0, "highway-poles": 4.0, "in-streets": 4.0, "oi-vehicles": 3.0,
    "negatives-no-plates": 12.0,
}  # fmt: skip
"""How often an image of a source is drawn, beside 1 for the others: few images with many labels come more often."""

_RARE: Final = frozenset({"bus", "truck", "bicycle"})
"""Labels whose images are drawn twice as often."""
_TURNED: Final = {"br-phone-plates": 0.4}
"""How likely an image of a source is laid on its side, where phones do so; elsewhere seldom."""


@dataclass(frozen=True)
class Decision:
    """What an image's labels are, and where it is to be painted over: lists of (label, xyxy) and of xyxy."""

    labels: Sequence[tuple[str, tuple[float, ...]]]
    unsure: Sequence[tuple[float, ...]]


def decide(sample: Sample, truth: Sequence[tuple[str, tuple[float, ...]]], opinions: Sequence[Opinion]) -> Decision:
    """The collector's labels, the teachers' where they agree, and the doubts."""
    if sample.source in WITH_RIDERS:
        truth = [part for word, box in truth for part in machine_and_rider(word, box, opinions)]
    opinions = [opinion for opinion in opinions if opinion.label not in WITHOUT.get(sample.source, ())]
    labels = [(_vehicle(box, opinions) if word == "vehicle" else word, box) for word, box in truth]
    complete = COMPLETE.get(sample.source, frozenset()) if truth else frozenset()
    doubts = []
    for opinion in sorted(opinions, key=lambda o: -o.score):
        if opinion.label in complete or _known(opinion, labels):
            continue
        general = (SURE.get(opinion.label, _SURE), UNSURE.get(opinion.label, _UNSURE))
        sure, least = _SURE_HERE.get(sample.source, {}).get(opinion.label, general)
        if opinion.score >= sure:
            labels.append((opinion.label, opinion.xyxy))
        elif opinion.score >= least:
            doubts.append(opinion.xyxy)
    kept = np.array([box for _, box in labels]).reshape(-1, 4)
    unsure = [box for box in doubts if not len(kept) or inside(kept, np.array([box])).max() < 0.2]
    return Decision(labels, unsure)


_MACHINE: Final = (0.0, 0.38, 1.0, 1.0)
_RIDER: Final = (0.1, 0.0, 0.9, 0.8)
"""Where the machine and its rider usually are in a box around both, as fractions of it."""
_RIDER_SEEN: Final = 0.15
"""Score from which a teacher's person in such a box is the rider."""


def machine_and_rider(
    word: str, box: tuple[float, ...], opinions: Sequence[Opinion]
) -> list[tuple[str, tuple[float, ...]]]:
    """The parts of a collector's box around a two-wheeler and its riders: as the teachers see them, else as usual."""
    if word not in {"motorcycle", "bicycle"}:
        return [(word, box)]
    around = np.array([box])
    within = [o for o in opinions if inside(np.array([o.xyxy]), around)[0, 0] > 0.75]
    machines = [o for o in within if o.label == word and inside(around, np.array([o.xyxy]))[0, 0] > 0.3]
    people = [
        o
        for o in within
        if o.label == "person" and o.score >= _RIDER_SEEN and inside(around, np.array([o.xyxy]))[0, 0] > 0.25
    ]
    machine = max(machines, key=lambda o: o.score).xyxy if machines else _part(box, _MACHINE)
    riders: list[tuple[float, ...]] = [o.xyxy for o in people]
    riders = riders or [_part(box, _RIDER)]
    return [(word, machine), *(("person", rider) for rider in riders)]


def _part(box: tuple[float, ...], share: tuple[float, ...]) -> tuple[float, ...]:
    """The part of a box at such fractions of it."""
    width, height = box[2] - box[0], box[3] - box[1]
    return (
        box[0] + share[0] * width,
        box[1] + share[1] * height,
        box[0] + share[2] * width,
        box[1] + share[3] * height,
    )


def _vehicle(box: tuple[float, ...], opinions: Sequence[Opinion]) -> str:
    near = [o for o in opinions if o.label in VEHICLES and overlaps(np.array([box]), np.array([o.xyxy]))[0, 0] > 0.4]
    return max(near, key=lambda o: o.score).label if near else "car"


def _known(opinion: Opinion, labels: Sequence[tuple[str, tuple[float, ...]]]) -> bool:
    """Whether this object has a label already; a car that may be a truck is one object."""
    vehicle = opinion.label in VEHICLES
    alike = [box for word, box in labels if word == opinion.label or (vehicle and word in VEHICLES)]
    if not alike:
        return False
    limit = 0.4 if not vehicle else 0.55
    return float(overlaps(np.array([opinion.xyxy]), np.array(alike)).max()) >= limit


def decided(data: Path, work: Path, *, labeled: bool = False) -> Iterator[tuple[Sample, Labeled]]:
    """Every image that is not for judging, upright, with its labels, its doubts painted over.

    Args:
        data: the material.
        work: folder of `opinions.jsonl`.
        labeled: leave out images that it has no line of.

    Raises:
        TrainingDataError: an image has no line in `opinions.jsonl`.
    """
    opinions = read_opinions(work / "opinions.jsonl")
    samples = [sample for sample in everything(data) if sample.part is not Part.JUDGE]
    if labeled:
        samples = [sample for sample in samples if sample.key in opinions]
    finder = CardTeacher("viapublica_traffic", ("plate",), data, SIDE)
    for sample, stored in load(samples):
        if sample.key not in opinions:
            raise TrainingDataError(
                f"{work / 'opinions.jsonl'}: lacks {sample.key}; run `label` to its end first, or give --labeled"
            )
        image, boxes = upright(stored, [box.xyxy for box in sample.boxes], sample.turn)
        truth = [(box.label, tuple(map(float, place))) for box, place in zip(sample.boxes, boxes, strict=True)]
        truth, hidden = tightened(image, truth, finder) if sample.source in LOOSE else (truth, [])
        decision = decide(sample, truth, opinions[sample.key])
        words = [word for word, _ in decision.labels]
        places = np.array([box for _, box in decision.labels], np.float32).reshape(-1, 4)
        yield sample, Labeled(paint(image, [*decision.unsure, *hidden]), places, words)


def false_plates(image: Image, finders: Sequence[Teacher]) -> list[Labeled]:
    """What detectors of plates see in an image without plates, cut out."""
    found = [row[1:5] for finder in finders for row in finder.detect(image) if row[0] == "plate"]
    patches = [image[max(0, int(y1)) : int(y2) + 1, max(0, int(x1)) : int(x2) + 1].copy() for x1, y1, x2, y2 in found]
    return [Labeled(patch, np.zeros((0, 4), np.float32), []) for patch in patches if min(patch.shape[:2]) >= 8]


def paint(image: Image, regions: Sequence[tuple[float, ...]]) -> Image:
    """Doubtful regions made flat gray: neither object nor background to learn from."""
    image = image.copy()
    for x1, y1, x2, y2 in regions:
        image[max(0, int(y1)) : int(y2) + 1, max(0, int(x1)) : int(x2) + 1] = _GRAY
    return image


def write(data: Path, work: Path, count: int, seed: int, *, labeled: bool = False) -> Path:
    """Make the training images; returns the path of `data.yaml`. Nothing is left half-written."""
    final, unfinished = work / "images", work / "images.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    training: list[Labeled] = []
    lookalikes: list[Labeled] = []
    sources: list[str] = []
    finders = [CardTeacher("viapublica_traffic", ("plate",), data, side) for side in _LOOKED_AT]
    for sample, image in tqdm(decided(data, work, labeled=labeled), desc="images", unit="images"):
        if sample.part is Part.CHOOSE:
            _save(unfinished / "val", sample.key.replace("/", "_").replace("#", "_"), image)
            continue
        if sample.source in _ONLY_WITH and _ONLY_WITH[sample.source] not in image.words:
            continue
        if "plate" in WITHOUT.get(sample.source, ()):
            lookalikes += false_plates(image.image, finders)
        training.append(image.at_most(1280))
        sources.append(sample.source)
    bank = replace(Bank.cut_from(training), lookalikes=lookalikes)
    weights = np.array([_WEIGHTS.get(source, 1.0) for source in sources])
    weights *= [1.0 if _RARE.isdisjoint(image.words) else 2.0 for image in training]
    for number in tqdm(range(count), desc="composed", unit="images"):
        rng = np.random.default_rng([seed, number])
        drawn = int(rng.choice(len(training), p=weights / weights.sum()))
        made = compose(training[drawn], bank, rng, turned=_TURNED.get(sources[drawn], 0.06))
        if rng.random() < _FAR:
            others = rng.choice(len(training), 3, p=weights / weights.sum())
            made = four_in_one([made, *(compose(training[int(other)], bank, rng) for other in others)])
        _save(unfinished / "train", f"{number:05}", made)
    _sheets(unfinished / "train", work)
    described = {"path": str(final.resolve()), "train": "train/images", "val": "val/images"}
    text = yaml.safe_dump(described | {"names": dict(enumerate(CLASSES))}, sort_keys=False)
    (unfinished / "data.yaml").write_text(text, encoding="utf-8")
    shutil.rmtree(final, ignore_errors=True)
    unfinished.rename(final)
    return final / "data.yaml"


def _save(folder: Path, name: str, image: Labeled) -> None:
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    small = image.at_most(640)
    path = folder / "images" / f"{name}.jpg"
    if not cv2.imwrite(str(path), small.image, [cv2.IMWRITE_JPEG_QUALITY, 92]):
        raise TrainingDataError(f"{path}: cannot be written; is the disk full?")
    height, width = small.image.shape[:2]
    lines = []
    for (x1, y1, x2, y2), word in zip(small.boxes, small.words, strict=True):
        left, right = np.clip([x1, x2], 0, width)
        top, bottom = np.clip([y1, y2], 0, height)
        if right - left >= 2 and bottom - top >= 2:
            size = ((right - left) / width, (bottom - top) / height)
            center = ((left + right) / 2 / width, (top + bottom) / 2 / height, *size)
            lines.append(" ".join([str(CLASSES.index(word)), *(f"{v:.5f}" for v in center)]))
    (folder / "labels" / f"{name}.txt").write_text("\n".join(lines))


def _sheets(folder: Path, work: Path) -> None:
    """Contact sheets of the first 48 training images with their labels drawn."""
    colors = (
        (0, 200, 0),
        (200, 200, 0),
        (0, 128, 255),
        (255, 0, 255),
        (255, 128, 0),
        (128, 64, 0),
        (0, 0, 255),
        (0, 255, 255),
    )
    cells = []
    for path in sorted((folder / "images").glob("*.jpg"))[:48]:
        image = np.asarray(cv2.imread(str(path)), np.uint8)
        height, width = image.shape[:2]
        for line in (folder / "labels" / f"{path.stem}.txt").read_text().splitlines():
            kind, x, y, w, h = (float(v) for v in line.split())
            corner = (round((x - w / 2) * width), round((y - h / 2) * height))
            cv2.rectangle(
                image, corner, (round((x + w / 2) * width), round((y + h / 2) * height)), colors[int(kind)], 2
            )
        cell = np.full((360, 400, 3), 40, np.uint8)
        scale = min(400 / width, 360 / height)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        cell[: small.shape[0], : small.shape[1]] = small[:360, :400]
        cells.append(cell)
    for number in range(0, len(cells) - 11, 12):
        rows = [np.hstack(cells[number + row : number + row + 4]) for row in (0, 4, 8)]
        cv2.imwrite(str(work / f"sheet{number // 12}.png"), np.vstack(rows))


def counts(folder: Path) -> dict[str, int]:
    """Labels per class in a folder of label files."""
    total: dict[str, int] = defaultdict(int)
    for path in folder.glob("*.txt"):
        for line in path.read_text().splitlines():
            total[CLASSES[int(line.split()[0])]] += 1
    return dict(total)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the labeled material")
    parser.add_argument("--work", type=Path, default=Path("build/training/traffic"))
    parser.add_argument("--count", type=int, default=5000, help="training images to compose")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--labeled", action="store_true", help="only images that `label` has reached so far")
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    with reported_errors(parser):
        table = write(options.data, options.work, options.count, options.seed, labeled=options.labeled)
        print(table, {part: counts(table.parent / part / "labels") for part in ("train", "val")})


if __name__ == "__main__":
    main()
