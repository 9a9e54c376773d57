"""Agreement of `viapublica plan --measure` with a real run: how many live cameras this machine carries.

The plan is measured as a user would, then a local RTSP server sends the same video as so many live cameras, and `run`
analyzes them. Carried is the largest number of cameras of which less than one sampled frame in a hundred is dropped;
it is searched around the planned one. The RTSP server shares the machine, as no camera does, so the plan may be a
little higher. Exit status 1 if the two differ by more than 15 %.

    python -m benchmarks.capacity --data ../shared/data --models ../shared/models

Writes benchmarks/results/capacity.md; with ``--ship`` also the machine's rows, measured at 720p and 1080p over rendered
traffic, to configs/measured-devices.yaml.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.benchmark.environment import processor
from pipeline.benchmark.results_page import machine, write_table
from pipeline.config.load import parse_config
from pipeline.demo.camera_clip import ClipForm, write_clip
from pipeline.engine.build import open_engine
from pipeline.engine.measured_clips import images_at_rate
from pipeline.inference.machine_fingerprint import usable_cores
from tests.servers.rtsp import RtspServer

RESULTS = Path(__file__).parent / "results" / "capacity.md"
SHIPPED = Path(__file__).resolve().parents[1] / "configs" / "measured-devices.yaml"
MEASURES = ("pipeline/engine", "pipeline/decode", "pipeline/detect", "pipeline/planning")
"""Code that the figures depend on."""
CLIP = "highway-motorbike"
SIZE = (1280, 720)
MBIT_S = 2.0
FPS = 25
LOST = 0.01
"""Share of sampled frames that may be dropped."""
AGREES = 0.15
_SETTLE_S = 10.0
"""Connecting and the first key frames are not judged."""


@dataclass(frozen=True)
class LiveRun:
    """Sampled frames of live cameras after they have settled: analyzed and dropped."""

    analyzed: int
    dropped: int

    @property
    def carried(self) -> bool:
        return self.analyzed > 0 and self.dropped <= LOST * (self.analyzed + self.dropped)


def planned(options: argparse.Namespace, clip: Path) -> dict[str, Any]:
    """The plan for this machine at full load, as a user gets it."""
    command = [sys.executable, "-m", "pipeline.cli", "plan", "--measure", "--json", "--load", "100", "--size", "720p"]
    command += ["--rate", str(options.rate), "--clip", str(clip), "--bitrate", str(MBIT_S)]
    command += ["--seconds", str(options.seconds), "--traffic", "dense"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


def live_run(video: Path, cameras: int, rate: float, seconds: float, models: Path) -> LiveRun:
    """Analyze live cameras for some seconds."""
    with tempfile.TemporaryDirectory() as folder, RtspServer(video, mounts=cameras, fps=FPS) as server:
        lines = "\n".join(
            f"  - {{id: c{number}, source: '{server.url(number)}', scope: public-road, analyze_fps: {rate}}}"
            for number in range(cameras)
        )
        text = f"data_dir: {folder}\ncameras:\n{lines}\nsinks: [{{type: chdb}}]\nobservability: {{log_level: error}}\n"
        config = parse_config(text, Path(folder) / "live.yaml").model_copy(update={"models_dir": models})
        with open_engine(config) as running:
            began = time.monotonic()
            counts: list[tuple[int, int]] = []

            def tick() -> None:
                passed = time.monotonic() - began
                if (not counts and passed > _SETTLE_S) or passed > _SETTLE_S + seconds:
                    activities = running.activities().values()
                    dropped = sum(camera.load(0).dropped for camera in running.engine.cameras)
                    counts.append((sum(activity.analyzed for activity in activities), dropped))
                if len(counts) > 1:
                    running.engine.stop()

            running.engine.run(on_tick=tick)
    (first_analyzed, first_dropped), (analyzed, dropped) = counts[0], counts[-1]
    return LiveRun(analyzed - first_analyzed, dropped - first_dropped)


def most_carried(carries: Callable[[int], bool], guess: int) -> int:
    """The largest number that is carried: doubled or halved until it is enclosed, then bisected."""
    low, high = (guess, 0) if carries(guess) else (0, guess)
    while not high:
        step = max(1, math.ceil(low * 0.15))
        if carries(low + step):
            low += step
        else:
            high = low + step
    while not low and high > 1:
        step = max(1, math.ceil(high * 0.15))
        if carries(high - step):
            low = high - step
        else:
            high -= step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if carries(middle) else (low, middle)
    return low


def ship(options: argparse.Namespace) -> None:
    """Measure what comes with viapublica: 720p and 1080p, rendered traffic of each density."""
    for size in ("720p", "1080p"):
        command = [
            sys.executable,
            "-m",
            "pipeline.cli",
            "plan",
            "--measure",
            "--size",
            size,
            "--rate",
            str(options.rate),
        ]
        command += ["--seconds", str(options.seconds), "--out", str(SHIPPED), "--name", options.name]
        subprocess.run(command, check=True)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--rate", type=float, default=5.0, help="analyzed frames per second")
    parser.add_argument("--seconds", type=float, default=120.0, help="length of the plan's measurement")
    parser.add_argument("--live-s", type=float, default=30.0, help="length of each live run after settling")
    parser.add_argument("--ship", action="store_true", help="also write the rows that come with viapublica")
    parser.add_argument("--name", default=f"{usable_cores()} cores {processor().split(',')[0]}", help="in it")
    options = parser.parse_args()
    if options.ship:
        ship(options)
    tried: dict[int, LiveRun] = {}
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "camera.h264"
        clip = options.data / "clips" / f"{CLIP}.mp4"
        write_clip(video, images_at_rate(clip, FPS), ClipForm(SIZE, FPS, "h264", MBIT_S))
        plan = planned(options, clip)
        row = plan["rows"]["cameras_per_node"]

        def carries(cameras: int) -> bool:
            tried[cameras] = live_run(video, cameras, options.rate, options.live_s, options.models)
            print(cameras, tried[cameras], flush=True)
            return tried[cameras].carried

        carried = most_carried(carries, int(row["typical"]))
    ratio = row["typical"] / carried if carried else math.inf
    busy = max(cost["other_programs"] for cost in plan["device"]["costs"])
    rows = [
        ("planned", f"{row['typical']:.0f} ({row['low']:.0f} to {row['high']:.0f})"),
        ("carried live", carried),
        ("planned / carried", f"{ratio:.2f}"),
        ("processor used by other programs during the plan", f"{busy:.0%}"),
    ]
    rows += [(f"live, {n} cameras", f"{r.analyzed} analyzed, {r.dropped} dropped") for n, r in sorted(tried.items())]
    write_table(
        RESULTS,
        "Cameras that this machine carries: planned and real",
        f"`python -m benchmarks.capacity`. {machine()} {CLIP} at 720p, {FPS} frames per second, {options.rate:g} of "
        f"them analyzed; live runs of {options.live_s:g} s from a local RTSP server that shares the machine.",
        measures=MEASURES,
        columns=("what", "figure"),
        rows=rows,
    )
    print(*rows, sep="\n")
    sys.exit(0 if abs(ratio - 1) <= AGREES else 1)


if __name__ == "__main__":
    main()
