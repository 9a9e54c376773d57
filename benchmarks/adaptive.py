"""Adaptive analysis against the analysis of every frame: network passes, processor time, tracks, plates and counts.

    python -m benchmarks.adaptive --data ../shared/data ../shared/data2 --models ../shared/models

Each clip is analyzed twice in one process, as by `viapublica run`, with the shipped networks: once with every frame and
once adaptively. A track of the first run is found if a track of the second one follows it (Hungarian assignment, mean
IoU of at least 0.5 over the frames that both span; between two analyzed frames boxes are interpolated), and covered if
tracks of the second one, however many, follow it in half of its frames. Processor time is that of the whole process,
with decoding; wall-clock time is not used.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from pipeline.adaptive.controller import AdaptiveController
from pipeline.adaptive.settings import AnalyzeSettings
from pipeline.analytics.settings import AnalyticsSettings
from pipeline.analytics.track_summarizer import TrackSummarizer
from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_detector, build_tracker
from pipeline.detect.close_up_detector import CloseUpDetector
from pipeline.detect.settings import DetectSettings, TrackSettings
from pipeline.domain.detections import overlaps
from pipeline.domain.events import CountEvent, Event, PlateReadEvent, TrackEvent
from pipeline.domain.frame import Frame
from pipeline.domain.frame_decision import FrameDecision
from pipeline.domain.labels import VEHICLES
from pipeline.domain.ports import Detector, PlateReader
from pipeline.engine.camera_stream import CameraStream
from pipeline.engine.frame_analyzer import FrameAnalyzer
from pipeline.lpr.build import build_reader
from pipeline.lpr.plate_observer import PlateObserver
from pipeline.lpr.settings import LprSettings
from pipeline.observe.stage_timing import StageClock

CLIPS: Mapping[str, str] = {
    "traffic-plates-nz": "approaching cars, rain",
    "street-parked-cars": "street, parked cars",
    "625_201709140917": "motorway, dense",
    "625_201709042126": "motorway, night",
    "car-detection": "cars from above, empty stretches",
    "person-bicycle-car-detection": "car park",
    "highway-motorbike": "motorway",
    "people-walking": "shopping street, no vehicles",
    "625_201709042122": "motorway, night",
    "625_201709210946": "motorway, dense",
    "625_201709281436": "motorway",
    "625_201709301058": "motorway",
    "625_201709281001": "motorway, dense",
    "625_201708311646": "motorway",
    "road-from-above-320x176": "road from above",
    "pedestrians": "campus, parked cars",
}
JUDGING = frozenset({"625_201709210946", "625_201709281436", "625_201709301058", "625_201709042122"})
"""No constant of `pipeline/adaptive` was chosen with them."""
LEAST_IOU = 0.5
SURE = 0.5
"""Confidence from which the text of a plate does not change from run to run with the crops that were read."""

_Box = npt.NDArray[np.float32]


@dataclass
class Result:
    """One analysis of a clip.

    Attributes:
        boxes: of each track by index of the frame.
        cpu_s: processor time of the process.
    """

    events: list[Event] = field(default_factory=list)
    boxes: defaultdict[int, dict[int, _Box]] = field(default_factory=lambda: defaultdict(dict))
    decisions: Counter[FrameDecision] = field(default_factory=Counter)
    cpu_s: float = 0.0

    @property
    def passes(self) -> int:
        return sum(count for decision, count in self.decisions.items() if decision.analyzes)

    def vehicles(self) -> list[int]:
        """Ids of the tracks with a track event."""
        words = {label.word for label in VEHICLES}
        return [event.track_id for event in self.events if isinstance(event, TrackEvent) and event.label in words]

    def plates(self) -> Counter[str]:
        return Counter(event.plate for event in self.events if isinstance(event, PlateReadEvent))

    def sure_plates(self) -> set[str]:
        return {e.plate for e in self.events if isinstance(e, PlateReadEvent) and e.confidence >= SURE}

    def counted(self) -> int:
        words = {label.word for label in VEHICLES}
        return sum(event.count for event in self.events if isinstance(event, CountEvent) and event.label in words)


def analyze(clip: Path, detector: Detector, reader: PlateReader, *, adaptive: bool) -> Result:
    """All frames of a clip, as a camera of `viapublica run` is analyzed."""
    result = Result()

    def new_stream(first: Frame) -> CameraStream:
        settings = AnalyzeSettings().max_interval_s, TrackSettings().lost_s, LprSettings().min_height_px
        controller = AdaptiveController(*settings) if adaptive else None
        plates = PlateObserver(first.camera_id, first.stream_id, LprSettings())
        summarizer = TrackSummarizer(first.camera_id, first.stream_id, AnalyticsSettings())
        return CameraStream(
            first.stream_id, build_tracker(TrackSettings()), [plates, summarizer], adaptive=controller, repeatable=True
        )

    analyzer = FrameAnalyzer(
        detector, reader, new_stream, StageClock(), on_decision=lambda _, made: result.decisions.update([made])
    )
    began_s = time.process_time()
    for frame in open_source(clip.stem, str(clip), settings=DecodeSettings()).frames():
        result.events += analyzer.analyze([frame])
        stream = analyzer.stream(frame.camera_id)
        if stream is not None and stream.analyzed_frame is frame:
            for box, track_id in zip(stream.tracks.detections.boxes, stream.tracks.ids.tolist(), strict=True):
                result.boxes[track_id][frame.index] = box
    result.events += analyzer.close_all()
    result.cpu_s = time.process_time() - began_s
    return result


def at_frames(boxes: Mapping[int, _Box], wanted: list[int]) -> tuple[npt.NDArray[np.bool_], _Box]:
    """Whether a track spans each of these frames, and its boxes there."""
    frames = np.array(sorted(boxes))
    values = np.array([boxes[frame] for frame in frames.tolist()])
    at = np.array(wanted)
    found = np.stack([np.interp(at, frames, values[:, side]) for side in range(4)], axis=1)
    return (at >= frames[0]) & (at <= frames[-1]), found.astype(np.float32)


def found_and_covered(every: Result, adaptive: Result) -> tuple[int, int]:
    """How many vehicle tracks of the first one a track of the second one follows, and how many several follow."""
    theirs, ours = every.vehicles(), adaptive.vehicles()
    scores, covered = np.zeros((len(theirs), len(ours))), 0
    for row, track_id in enumerate(theirs):
        boxes = every.boxes[track_id]
        frames = sorted(boxes)
        follows = np.zeros(len(frames), bool)
        for column, our_id in enumerate(ours):
            spans, found = at_frames(adaptive.boxes[our_id], frames)
            same = np.array([overlaps(boxes[f][None], found[i][None])[0, 0] for i, f in enumerate(frames)])
            scores[row, column] = same[spans].mean() if spans.any() else 0.0
            follows |= spans & (same >= LEAST_IOU)
        covered += bool(follows.mean() >= 0.5)
    scores[scores < LEAST_IOU] = 0.0
    rows, columns = linear_sum_assignment(-scores)
    return int((scores[rows, columns] > 0).sum()), covered


def rows_of(clips: list[Path], models: Path | None) -> Iterator[dict[str, Any]]:
    detector = CloseUpDetector(build_detector(DetectSettings(threads=1), models))
    reader = build_reader(LprSettings(threads=1), models)
    for clip in clips:
        every = analyze(clip, detector, reader, adaptive=False)
        adaptive = analyze(clip, detector, reader, adaptive=True)
        found, covered = found_and_covered(every, adaptive)
        reasons = ", ".join(f"{decision.value} {count}" for decision, count in adaptive.decisions.most_common())
        yield {
            "clip": clip.stem,
            "shows": CLIPS[clip.stem],
            "for": "judging" if clip.stem in JUDGING else "choosing",
            "frames": every.passes,
            "passes": f"{adaptive.passes / every.passes:.2f}",
            "processor time": f"{adaptive.cpu_s / every.cpu_s:.2f}",
            "ms per frame": f"{1000 * every.cpu_s / every.passes:.1f} → {1000 * adaptive.cpu_s / every.passes:.1f}",
            "tracks": f"{len(every.vehicles())} → {len(adaptive.vehicles())}",
            "found": found,
            "covered": covered,
            "counts": f"{every.counted()} → {adaptive.counted()}",
            "plates": f"{(every.plates() & adaptive.plates()).total()} of {every.plates().total()}",
            "sure plates": f"{len(every.sure_plates() & set(adaptive.plates()))} of {len(every.sure_plates())}",
            "decisions": reasons,
        }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, nargs="+", required=True, help="folders that hold the clips")
    arguments.add_argument("--models", type=Path)
    arguments.add_argument("--clips", nargs="*", default=list(CLIPS), choices=list(CLIPS))
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "adaptive.md")
    options = arguments.parse_args()
    files = {path.stem: path for folder in options.data for path in folder.rglob("*") if path.stem in CLIPS}
    rows = []
    for row in rows_of([files[name] for name in options.clips], options.models):
        print(row, flush=True)
        rows.append(row)
    middle = {
        part: median(float(row["passes"]) for row in rows if row["for"] == part) for part in {r["for"] for r in rows}
    }
    medians = "; ".join(f"{part}: {share:.2f}" for part, share in sorted(middle.items()))
    write_table(
        options.out,
        "Adaptive analysis against the analysis of every frame",
        f"{machine()} Command: `python -m benchmarks.adaptive`. Processor time of one process, networks on one thread; "
        f"passes and processor time as shares of every frame's. Median share of passes: {medians}. *found*: tracks of "
        "the every-frame run that one track follows; *covered*: that tracks follow in half of their frames; *sure "
        f"plates*: texts with a confidence of at least {SURE}.",
        measures=["pipeline/adaptive"],
        columns=list(rows[0]),
        rows=[list(row.values()) for row in rows],
    )


if __name__ == "__main__":
    main()
