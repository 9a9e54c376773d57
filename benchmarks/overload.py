"""An overload by many RTSP cameras: shares by priority, frames by reason, memory per camera, and the time to recover.

Half of the cameras are of normal priority, a quarter each of high and low. At the end all but two are removed by a
reload: the relief. Observed from outside, through the metrics of the run.

    python -m benchmarks.overload --clip ../shared/data/clips/car-detection.mp4 --models ../shared/models --minutes 10
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.rtsp_soak import Watch, sample
from pipeline.benchmark.results_page import machine, write_table
from pipeline.observe.process_tree import process_tree, processor_seconds
from tests.servers.rtsp import RtspServer, encode_loop, free_port

MEASURES = ("pipeline/decode", "pipeline/engine", "pipeline/observe")
"""The code that the figures are of."""

PRIORITIES = ("normal", "high", "normal", "low")
ANALYZE_FPS = 5
STAY = 2
"""Cameras after the relief, of one analyzed frame per second each."""


def configuration(server: RtspServer, cameras: int, port: int, folder: Path, fps: int = ANALYZE_FPS) -> str:
    entries = "\n".join(
        f"  - {{id: cam-{n}, source: '{server.url(n)}', scope: public-road, analyze_fps: {fps}, "
        f"priority: {PRIORITIES[n % 4]}}}"
        for n in range(cameras)
    )
    return (
        f"cameras:\n{entries}\ndata_dir: '{folder / 'data'}'\n"
        f"sinks: [{{type: jsonl, path: '{folder / 'events.jsonl'}'}}]\n"
        f"observability: {{log_level: error, metrics: {{port: {port}}}}}\n"
    )


@contextmanager
def running(config: Path, port: int, models: Path) -> Iterator[Watch]:
    """A run that decodes already."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "run", str(config), "--quiet", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "VIAPUBLICA_MODELS": str(models)},
    )
    try:
        watch = Watch(process, port)
        for _ in range(600):
            try:
                if analyzed(watch):
                    break
            except OSError:
                pass
            if process.poll() is not None:
                raise SystemExit(f"the run ended: {process.communicate()}")
            time.sleep(0.5)
        yield watch
    finally:
        process.kill()
        process.communicate()


def analyzed(watch: Watch) -> dict[str, float]:
    """Frames analyzed so far, by camera."""
    name = "viapublica_camera_analyzed_frames_total"
    return {camera: value for (metric, camera), value in watch.metrics().items() if metric == name and value}


def processor_s(watch: Watch) -> float:
    """Processor seconds of the run so far, its decoders included."""
    return sum(map(processor_seconds, process_tree(watch.process.pid)))


def ratio(rates: Sequence[float]) -> str:
    return f"{max(rates) / min(rates):.2f}" if min(rates) else "some have none"


def overload(watch: Watch, minutes: float, cameras: int) -> tuple[list[list[Any]], float]:
    """Shares of the cameras while the machine is overloaded, after twenty seconds, and the memory at that time."""
    time.sleep(20)
    begin, began_s, first_mb = analyzed(watch), time.monotonic(), sample(watch.memory).memory_mb
    cpu_s = processor_s(watch)
    most_lag_s: list[float] = []
    while time.monotonic() - began_s < minutes * 60:
        time.sleep(5)
        values = watch.metrics()
        most_lag_s.append(max(value for (name, _), value in values.items() if name == "viapublica_camera_lag_seconds"))
    end, seconds, values = analyzed(watch), time.monotonic() - began_s, watch.metrics()
    used = (processor_s(watch) - cpu_s) / seconds
    ids = [f"cam-{n}" for n in range(cameras)]
    rates = {camera: (end.get(camera, 0) - begin.get(camera, 0)) / seconds for camera in ids}
    rows: list[list[Any]] = [["frames analyzed per second, all cameras", round(sum(rates.values()), 1)]]
    for priority in ("high", "normal", "low"):
        of_one = [rates[camera] for n, camera in enumerate(ids) if PRIORITIES[n % 4] == priority]
        if of_one:
            text = f"{sum(of_one) / len(of_one):.3f}; {ratio(of_one)}"
            rows.append([f"per camera of priority {priority}, mean; largest / smallest", text])
    rows += [
        ["cameras without any analyzed frame in that time", sum(not rate for rate in rates.values())],
        ["cameras with a lowered rate at the end", sum(n == "viapublica_camera_limit_fps" for n, _ in values)],
        [
            "median and largest of the longest lag in the engine, s",
            f"{sorted(most_lag_s)[len(most_lag_s) // 2]:.2f}; {max(most_lag_s):.2f}",
        ],
        ["processor cores used by the run", round(used, 2)],
        ["memory at the begin and at the end (PSS), MB", f"{first_mb:.0f}; {sample(watch.memory).memory_mb:.0f}"],
    ]
    return rows, first_mb


def recovery_s(watch: Watch, config: Path, text: str) -> float:
    """Seconds from the reload to the time when no rate is lowered and no camera overloaded."""
    config.write_text(text)
    watch.process.send_signal(signal.SIGHUP)
    for _ in range(600):
        values = watch.metrics()
        if sum(name == "viapublica_camera_decoded_frames_total" for name, _ in values) == STAY:
            break
        time.sleep(0.1)
    began_s = time.monotonic()
    while time.monotonic() - began_s < 60:
        values = watch.metrics()
        lowered = any(name == "viapublica_camera_limit_fps" for name, _ in values)
        if not lowered and not any(v for (name, _), v in values.items() if name.endswith("state:overloaded")):
            return time.monotonic() - began_s
        time.sleep(0.1)
    return float("inf")


def measure(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = encode_loop(folder / "loop.h264", source=options.clip, seconds=20, size=(1280, 720))
        with RtspServer(loop, mounts=options.cameras) as server:
            memory: dict[int, float] = {}
            config, port = folder / "run.yaml", free_port()
            for cameras in options.memory:
                config.write_text(configuration(server, cameras, port, folder))
                with running(config, port, options.models) as watch:
                    time.sleep(20)
                    memory[cameras] = sample(watch.memory).memory_mb
            config.write_text(configuration(server, options.cameras, port, folder))
            with running(config, port, options.models) as watch:
                rows, memory[options.cameras] = overload(watch, options.minutes, options.cameras)
                relief = recovery_s(watch, config, configuration(server, STAY, port, folder, fps=1))
                rows.append(["seconds from relief to full rates and no camera overloaded", round(relief, 1)])
        if len(memory) > 1:
            (least, first), (most, last) = min(memory.items()), max(memory.items())
            rows.append(
                [
                    f"memory of {' and '.join(map(str, memory))} cameras (PSS), MB",
                    "; ".join(f"{mb:.0f}" for mb in memory.values()),
                ]
            )
            rows.append(["memory per added camera, MB", round((last - first) / (most - least), 1)])
    write_figures(
        options.out / "overload.md",
        f"{options.cameras} RTSP cameras of 720p25 for {options.minutes:g} minutes, analyze_fps {ANALYZE_FPS}",
        f"overload --cameras {options.cameras} --minutes {options.minutes:g}",
        rows,
        MEASURES,
    )


def write_figures(page: Path, title: str, command: str, rows: list[list[Any]], measures: Sequence[str]) -> None:
    """Write and print a page of measurements of a run, with the load of the machine by other programs.

    Args:
        page: the file.
        title: of the section.
        command: module of `benchmarks` and its options.
        rows: measurement and figure.
        measures: packages and modules that were measured.
    """
    write_table(
        page,
        title,
        f"{machine()} Load of the machine by other programs: {psutil.getloadavg()[2]:.0f}. Command: "
        f"`python -m benchmarks.{command}`.",
        measures=measures,
        columns=["measurement", "figure"],
        rows=rows,
    )
    print(json.dumps(rows, indent=1))


def options_of_run(description: str | None, *, cameras: int, minutes: float) -> argparse.ArgumentParser:
    """Options of a benchmark that runs the program on RTSP cameras; `cameras` and `minutes` are defaults."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--clip", type=Path, required=True)
    arguments.add_argument("--models", type=Path, required=True)
    arguments.add_argument("--cameras", type=int, default=cameras)
    arguments.add_argument("--minutes", type=float, default=minutes)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    return arguments


def main() -> None:
    arguments = options_of_run(__doc__, cameras=64, minutes=10)
    arguments.add_argument("--memory", type=int, nargs="*", default=[1, 16], help="further numbers of cameras")
    measure(arguments.parse_args())


if __name__ == "__main__":
    main()
