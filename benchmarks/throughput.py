"""Throughput of `viapublica run` as a share of the networks' own maximum, and time by stage.

Four cameras of 1280×720 (real clips, re-encoded to that size), read from files at full speed. The ceiling is the
same networks on the same inputs, recorded beforehand and held in memory: nothing is decoded, resized, tracked, read or
written. It is measured before and after each run, so that a machine that slows down is noticed. The output of the run
is checked: frames analyzed must equal frames decoded.

    python -m benchmarks.throughput --data ../shared/data --models ../shared/models
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from benchmarks.results_file import machine, write_table
from pipeline.config.load import parse_config
from pipeline.config.settings import Config
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_detector
from pipeline.domain.frame import Frame
from pipeline.engine.build import open_engine
from pipeline.engine.run_report import RunReport

CLIPS = ("people-walking", "person-bicycle-car-detection", "highway-motorbike", "car-detection")
SIZE = (1280, 720)
CONFIG = """\
data_dir: {data}
cameras:
{cameras}
detect: {detect}
sinks: [{{type: chdb}}]
observability: {{log_level: warning}}
"""
DETECTORS = {
    "default: viapublica_traffic 640 float32, OpenVINO": "{}",
    "viapublica_traffic 640 float32, ONNX Runtime": "{backend: onnxruntime}",
    "viapublica_traffic 416 float32, OpenVINO": "{input_size: [416, 416]}",
}


def reencode(source: Path, target: Path, frames: int) -> None:
    """The first frames of a clip as H.264 of `SIZE`, 25 frames per second, no B-frames, as a camera sends."""
    with av.open(str(source)) as clip, av.open(str(target), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25, options={"preset": "veryfast", "crf": "23", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for index, frame in enumerate(islice(clip.decode(video=0), frames)):
            image = frame.reformat(*SIZE, "yuv420p")
            image.pts = index
            image.time_base = Fraction(1, 25)
            out.mux(stream.encode(image))
        out.mux(stream.encode(None))


class InputRecorder:
    """Wraps a network's runtime and stores every input."""

    def __init__(self, runtime: Any, kept: list[tuple[Any, npt.NDArray[Any]]]) -> None:
        self._runtime = runtime
        self._kept = kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)

    def run(self, batch: npt.NDArray[Any]) -> Any:
        self._kept.append((self._runtime, batch.copy()))
        return self._runtime.run(batch)


def recorded_inputs(config: Config, clips: list[Path], frames_each: int) -> tuple[Any, list[Any], int]:
    """The detector, the inputs of all its networks over some frames of each clip, and how many frames that was."""
    detector: Any = build_detector(config.detect, config.models_dir)
    kept: list[tuple[Any, npt.NDArray[Any]]] = []
    networks = [getattr(detector, name) for name in ("_objects", "_plates") if hasattr(detector, name)]
    for network in networks or [detector]:
        network._runtime = InputRecorder(network._runtime, kept)
    frames = [frame for clip in clips for frame in _some_frames(clip, frames_each)]
    for frame in frames:
        detector.detect([frame.image])
    return detector, kept, len(frames)


def _some_frames(clip: Path, count: int) -> Iterator[Frame]:
    """`count` frames spread over the clip."""
    source = open_source(clip.stem, str(clip), settings=DecodeSettings())
    every = list(source.frames())
    for index in np.linspace(0, len(every) - 1, count).astype(int):
        yield every[index]


def ceiling(kept: list[Any], frames: int, seconds: float) -> float:
    """Frames per second of the networks alone."""
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        for runtime, batch in kept:
            runtime.run(batch)
        done += frames
    return done / (time.perf_counter() - began)


def run_once(config: Config) -> RunReport:
    with open_engine(config) as running:
        running.engine.run()
        report = running.report()
    for camera in report.cameras:
        if camera.analyzed != camera.decoded or camera.drops:
            raise SystemExit(f"{camera.camera}: {camera.decoded} decoded, {camera.analyzed} analyzed, {camera.drops}")
    return report


def measure(name: str, clips: list[Path], models: Path, ceiling_s: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        cameras = "\n".join(f"  - {{id: {c.stem}, source: {c}, scope: public-road}}" for c in clips)
        text = CONFIG.format(data=folder, cameras=cameras, detect=DETECTORS[name])
        config = parse_config(text, Path(folder) / "throughput.yaml").model_copy(update={"models_dir": models})
        detector, kept, frames = recorded_inputs(config, clips, 12)
        before = ceiling(kept, frames, ceiling_s)
        report = run_once(config)
        after = ceiling(kept, frames, ceiling_s)
        detector.close()
    top = statistics.fmean([before, after])
    return {
        "detector": name,
        "frames": report.frames,
        "ceiling before": round(before, 2),
        "run": report.fps,
        "ceiling after": round(after, 2),
        "run / ceiling": round(report.fps / top, 3),
        "stages": report.stages,
        "seconds": report.seconds,
    }


def plot(rows: list[dict[str, Any]], target: Path) -> None:
    """Milliseconds per frame by stage, as bar charts."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    stages = ["decode", "detect", "track", "read", "sink"]
    figure, axes = plt.subplots(1, len(rows), figsize=(4.2 * len(rows), 3.6), squeeze=False)
    for axis, row in zip(axes[0], rows, strict=True):
        values = [1000 * row["stages"].get(s, {"seconds": 0})["seconds"] / row["frames"] for s in stages]
        bars = axis.barh(stages[::-1], values[::-1], color=["#8da0cb", "#e78ac3", "#a6d854", "#fc8d62", "#66c2a5"])
        axis.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
        axis.set_title(f"{row['detector']}\nrun / ceiling = {row['run / ceiling']:.2f}", fontsize=9)
        axis.set_xlabel("ms per frame (wall clock in the stage)")
        axis.set_xlim(0, max(values) * 1.25)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, dpi=110)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--models", type=Path, required=True)
    arguments.add_argument("--frames", type=int, default=250, help="frames of each clip")
    arguments.add_argument("--ceiling-s", type=float, default=15, help="seconds of each measurement of the ceiling")
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clips = [Path(folder) / f"{name}.mp4" for name in CLIPS]
        for name, clip in zip(CLIPS, clips, strict=True):
            reencode(options.data / "clips" / f"{name}.mp4", clip, options.frames)
        rows = [measure(name, clips, options.models, options.ceiling_s) for name in DETECTORS]
    plot(rows, options.out / "throughput.png")
    shown = ["detector", "frames", "ceiling before", "run", "ceiling after", "run / ceiling"]
    write_table(
        options.out / "throughput.md",
        "Throughput: four 720p cameras against the networks' own ceiling",
        f"Frames per second. {machine()} Command: `python -m benchmarks.throughput`. "
        "The ceiling is the same networks on inputs held in memory, before and after the run.",
        columns=shown,
        rows=[[row[column] for column in shown] for row in rows],
        after="![stage times](throughput.png)\n",
    )
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
