"""Comparison of trackers on the PETS09-S2L1 clip: identity metrics, also with frames missing, and cost.

    python -m benchmarks.tracking --data ../shared/data --models ../shared/models --out benchmarks/results/tracking.md

Detections are made once, by one network, and passed to every tracker. The other trackers are not dependencies of the
program and are skipped if they are not installed: `uv pip install trackers 'supervision<0.31' norfair-enough` into a
separate environment (supervision removed its ByteTrack in 0.31).
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import av
import motmetrics as mm
import numpy as np

from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.lazy_images import ArrayImage
from pipeline.detect.build import build_detector, build_tracker
from pipeline.detect.settings import DetectSettings, TrackSettings
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.labels import Label

MEASURES = (
    "pipeline/detect/tracker.py",
    "pipeline/detect/motion_model.py",
    "pipeline/detect/assignment.py",
)
"""The code that the figures are of."""

Step = Callable[[Detections, float], tuple[Any, Any]]
"""Detections and seconds to boxes (n, 4) and ids (n,)."""

CLIP_RATE = 10.0
"""Frames of the clip per second."""
LOST_S = 1.5
"""Lost time of every tracker."""
DROPPED = (0.3, 0.6)
"""Fractions of the frames that are dropped at random."""
SEEDS = range(200, 220)
"""Of the drops. No parameter of our tracker was chosen with them, nor on this clip
(`docs/decisions/0017-own-tracker.md`)."""
IMPORTS = 5
"""Number of timed imports, each in a new process."""


def ours(_frame_rate: float) -> Step:
    tracker = build_tracker(TrackSettings(lost_s=LOST_S))

    def step(found: Detections, at_s: float) -> tuple[Any, Any]:
        tracks = tracker.update(found, round(at_s * 1000))
        return tracks.detections.boxes, tracks.ids

    return step


def _supervision(tracker: Any, *, timed: bool) -> Step:
    import supervision as sv

    def step(found: Detections, at_s: float) -> tuple[Any, Any]:
        boxes = sv.Detections(found.boxes, confidence=found.scores, class_id=found.labels.astype(int))
        out = tracker.update(boxes, timestamp=at_s) if timed else tracker.update_with_detections(boxes)
        if out.tracker_id is None:
            return np.empty((0, 4)), np.empty(0, int)
        known = out.tracker_id >= 0
        return out.xyxy[known], out.tracker_id[known]

    return step


def roboflow(name: str, **settings: Any) -> Callable[[float], Step]:
    def make(frame_rate: float) -> Step:
        import trackers

        kind = getattr(trackers, name)
        return _supervision(
            kind(frame_rate=frame_rate, lost_track_buffer=round(LOST_S * 30), minimum_consecutive_frames=2, **settings),
            timed=True,
        )

    return make


def supervision_bytetrack(frame_rate: float) -> Step:
    import supervision as sv

    tracker = getattr(sv, "ByteTrack")(  # noqa: B009  removed in 0.31, hidden from mypy
        track_activation_threshold=0.35,
        lost_track_buffer=round(LOST_S * 30),
        frame_rate=round(frame_rate),
        minimum_consecutive_frames=2,
    )
    return _supervision(tracker, timed=False)


def norfair(frame_rate: float) -> Step:
    nf: Any = import_module("norfair")

    tracker = nf.Tracker(
        distance_function="iou",
        distance_threshold=0.8,
        hit_counter_max=round(LOST_S * frame_rate),
        initialization_delay=1,
    )

    def step(found: Detections, _at_s: float) -> tuple[Any, Any]:
        sure = found.select(found.scores >= 0.35)
        seen = tracker.update([nf.Detection(box.reshape(2, 2)) for box in sure.boxes])
        live = [t for t in seen if t.last_detection.age == t.age]  # matched in this image, not merely predicted
        if not live:
            return np.empty((0, 4)), np.empty(0, int)
        return np.array([t.last_detection.points.reshape(4) for t in live]), np.array([t.id for t in live])

    return step


CANDIDATES: Mapping[str, tuple[str, Callable[[float], Step]]] = {
    "ours": ("viapublica", ours),
    "trackers ByteTrackTracker": (
        "trackers",
        roboflow("ByteTrackTracker", track_activation_threshold=0.35, high_conf_det_threshold=0.35),
    ),
    "trackers OCSORTTracker": ("trackers", roboflow("OCSORTTracker", high_conf_det_threshold=0.35)),
    "trackers SORTTracker": ("trackers", roboflow("SORTTracker", track_activation_threshold=0.35)),
    "trackers CBIoUTracker": (
        "trackers",
        roboflow("CBIoUTracker", track_activation_threshold=0.35, high_conf_det_threshold=0.35),
    ),
    "supervision ByteTrack": ("supervision", supervision_bytetrack),
    "norfair IoU": ("norfair-enough", norfair),
}


MODULES: Mapping[str, str] = {
    "viapublica": "pipeline.detect.tracker",
    "trackers": "trackers, supervision",
    "supervision": "supervision",
    "norfair-enough": "norfair",
}
"""Import names by package."""


def find_people(clip: Path, models: Path, model: str) -> list[Detections]:
    """Persons of every image of the clip."""
    settings = DetectSettings(model=model, plate_model=None, confidence=0.2)
    detector = build_detector(settings, models)
    with av.open(str(clip)) as container:
        return [
            detector.detect([ArrayImage(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))])[0].labeled(
                Label.PERSON
            )
            for frame in container.decode(video=0)
        ]


def read_truth(path: Path) -> dict[int, tuple[list[int], Any]]:
    """Frame index to ids and boxes (n, 4)."""
    rows = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            box = [float(row[key]) for key in ("x1", "y1", "x2", "y2")]
            rows[int(row["frame_index"])].append((int(row["track_id"]), box))
    return {frame: ([i for i, _ in found], np.array([box for _, box in found])) for frame, found in rows.items()}


def distances(truth: Any, found: Any) -> Any:
    """1 - IoU of (n, 4) and (m, 4) boxes, NaN under IoU 0.5 (motmetrics' own does not run on NumPy 2)."""
    found = np.asarray(found, float).reshape(-1, 4)
    overlap = overlaps(truth, found)
    return np.where(overlap >= 0.5, 1 - overlap, np.nan)


def score(
    make: Callable[[float], Step], found: list[Detections], truth: Any, rate: float, shown: Collection[int]
) -> list[str]:
    """IDF1, MOTA, switches, ids given and median ms per frame, when only some frames are shown.

    Args:
        make: a tracker for a rate of frames.
        found: persons of each frame of the clip.
        truth: index of a frame to its ground truth.
        rate: frames per second, for trackers that require it.
        shown: indices of the frames passed to it, in addition to those with ground truth.
    """
    step = make(rate)
    accumulator = mm.MOTAccumulator()
    ids, spent = set(), []
    for index in sorted({*shown, *truth}):
        start = time.perf_counter()
        boxes, numbers = step(found[index], index / CLIP_RATE)
        spent.append(time.perf_counter() - start)
        ids |= set(np.asarray(numbers).tolist())
        if index in truth:
            expected, places = truth[index]
            accumulator.update(expected, list(numbers), distances(places, boxes), frameid=index)
    summary = mm.metrics.create().compute(accumulator, metrics=["idf1", "mota", "num_switches"], name="clip")
    idf1, mota, switches = summary.iloc[0]
    return [f"{idf1:.3f}", f"{mota:.3f}", str(int(switches)), str(len(ids)), f"{1000 * float(np.median(spent)):.2f}"]


def sampled(make: Callable[[float], Step], found: list[Detections], truth: Any, every: int) -> list[str]:
    """`score` when every `every`-th frame is shown."""
    return score(make, found, truth, CLIP_RATE / every, range(0, len(found), every))


def dropped(make: Callable[[float], Step], found: list[Detections], truth: Any, share: float) -> str:
    """Mean IDF1 over `SEEDS` with minimum and maximum, if a fraction of the frames is dropped at random."""
    values = []
    for seed in SEEDS:
        remaining = np.flatnonzero(np.random.default_rng(seed).uniform(size=len(found)) >= share)
        values.append(float(score(make, found, truth, CLIP_RATE, remaining.tolist())[0]))
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def cost(make: Callable[[float], Step], objects: int) -> str:
    """Median ms per frame for objects with uniform motion."""
    random = np.random.default_rng(7)
    place, speed = random.uniform(0, 1000, (objects, 2)), random.uniform(-3, 3, (objects, 2))
    step, spent = make(10.0), []
    for k in range(200):
        corner = place + speed * k
        boxes = np.concatenate([corner, corner + 60], axis=1)
        people = Detections.build(boxes, np.full(objects, 0.8), np.full(objects, Label.PERSON))
        start = time.perf_counter()
        step(people, k / 10)
        spent.append(time.perf_counter() - start)
    return f"{1000 * float(np.median(spent)):.2f}"


def import_time(module: str) -> str:
    """Median ms of an import in a process that has the rest of the program loaded."""
    code = (
        "import time, pipeline.detect.network_detector, pipeline.detect.settings, pipeline.domain.ports as _;"
        f"t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(IMPORTS)
    ]
    return f"{1000 * float(np.median([float(run.stdout) for run in runs])):.0f}"


def measure(name: str, found: list[Detections], truth: Any) -> list[str]:
    """A row of the table; mostly blank if the library is not installed."""
    package, make = CANDIDATES[name]
    try:
        full, half, sparse = (sampled(make, found, truth, every) for every in (1, 2, 4))
        gaps = [dropped(make, found, truth, share) for share in DROPPED]
        costs = [cost(make, objects) for objects in (20, 100)]
        imported = import_time(MODULES[package])
        return [name, version(package), *full, *half[:3], *sparse[:3], *gaps, *costs, imported]
    except (ImportError, PackageNotFoundError, AttributeError) as error:
        print(f"{name}: not installed, skipped ({error})")
        return [name, "not installed", *[""] * 16]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--model", default="yolov8n_dequantised_float")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    folder = options.data / "pets09-s2l1"
    found = find_people(folder / "pedestrians.avi", options.models, options.model)
    truth = read_truth(folder / "boxes.csv")
    rows = []
    for name in CANDIDATES:
        rows.append(measure(name, found, truth))
        print(rows[-1])
    columns = ["tracker", "version", "IDF1", "MOTA", "switches", "ids", "ms"]
    columns += [f"{what} {rate}" for rate in ("5 fps", "2.5 fps") for what in ("IDF1", "MOTA", "switches")]
    columns += [f"IDF1, {share:.0%} dropped" for share in DROPPED]
    write_table(
        options.out,
        "Trackers",
        f"PETS09-S2L1 view 1, 795 frames at 10 per second, ground truth on 24 of them (IoU 0.5), which are never "
        f"dropped; persons detected by {options.model} from score 0.2, the same for all. Dropped: frames dropped at "
        f"random, mean over {len(SEEDS)} seeds and range. Import: import time of a tracker in a process that has the "
        f"rest of the program loaded. {machine()} `python -m benchmarks.tracking`. Times are noisy: compare within the "
        "table.",
        measures=MEASURES,
        columns=[*columns, "ms, 20 objects", "ms, 100 objects", "import, ms"],
        rows=rows,
    )


if __name__ == "__main__":
    main()
