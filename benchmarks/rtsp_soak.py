"""An hour of four RTSP cameras whose server is killed for 10 s and stalled (SIGSTOP) for 10 s.

The run is observed from outside, as by an operator, through its Prometheus metrics (states, frames, drops) and, as
root, through the system: memory of the engine and its decoder processes, threads, descriptors, shared memory. It fails
when memory grows by 1 MB an hour and camera, or anything else grows.

    python -m benchmarks.rtsp_soak --clip ../shared/data/clips/car-detection.mp4 --minutes 60
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
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from prometheus_client.parser import text_string_to_metric_families

from pipeline.benchmark.results_page import machine, write_table
from tests.servers.rtsp import RtspServer, encode_loop, free_port

MEASURES = (
    "pipeline/decode",
    "pipeline/detect",
    "pipeline/engine",
    "pipeline/inference",
    "pipeline/lpr",
    "pipeline/analytics",
)
"""The code that the figures are of."""

CAMERAS = 4
OUTAGE_S = 10.0
WARM_S = 300.0
"""Caches and buffers have their size after five minutes, of which nothing is counted."""
MOST_GROWTH_MB = 1.0
"""An hour and camera."""


@dataclass(frozen=True)
class Sample:
    """A run at one moment: megabytes of all its processes (shared ones counted once), and what it holds.

    A camera that connects again has another decoder for a moment, and its slots come and go: the least of several
    samples counts.
    """

    at_s: float
    memory_mb: float
    threads: int
    descriptors: int
    processes: int
    shared_mb: float


def sample(process: psutil.Process) -> Sample:
    """A sample of a process and all below it."""
    memory = shared = threads = descriptors = processes = 0
    for each in [process, *process.children(recursive=True)]:
        try:
            found = each.memory_full_info()
            memory += found.pss
            shared += int(Path(f"/proc/{each.pid}/status").read_text().split("RssShmem:")[1].split()[0]) * 1024
            threads, descriptors, processes = (
                threads + each.num_threads(),
                descriptors + each.num_fds(),
                processes + 1,
            )
        except (psutil.NoSuchProcess, ProcessLookupError, FileNotFoundError):
            continue
    return Sample(time.monotonic(), memory / 1e6, threads, descriptors, processes, shared / 1e6)


def slope_per_hour(samples: list[Sample]) -> float:
    """Megabytes per hour, by least squares over the samples after `WARM_S`, or all of a shorter run."""
    warm = [one for one in samples if one.at_s - samples[0].at_s > WARM_S]
    warm = warm if len(warm) > 60 else samples
    hours = np.array([one.at_s for one in warm]) / 3600
    return float(np.polyfit(hours - hours[0], [one.memory_mb for one in warm], 1)[0])


class Watch:
    """A running `viapublica run` and its metrics."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.memory = psutil.Process(process.pid)
        self._url = f"http://127.0.0.1:{port}/metrics"
        self.samples: list[Sample] = []

    def metrics(self) -> dict[tuple[str, str], float]:
        """Values by (metric, camera), summed over other labels but state."""
        text = urllib.request.urlopen(self._url, timeout=5).read().decode()
        values: dict[tuple[str, str], float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                name = sample.name + (f":{sample.labels['state']}" if "state" in sample.labels else "")
                key = (name, sample.labels.get("camera", ""))
                values[key] = values.get(key, 0) + sample.value
        return values

    def frames(self) -> list[float]:
        """Frames decoded so far, by camera."""
        values = self.metrics()
        return [values.get(("viapublica_camera_decoded_frames_total", f"cam-{n}"), 0) for n in range(CAMERAS)]

    def sample_memory(self) -> None:
        self.samples.append(sample(self.memory))

    def seconds_until_all_stream(self, frames_before: list[float], limit_s: float = 60) -> float:
        """Seconds until every camera has decoded a new frame."""
        began = time.monotonic()
        while time.monotonic() - began < limit_s:
            if all(now > before for now, before in zip(self.frames(), frames_before, strict=True)):
                return time.monotonic() - began
            time.sleep(0.1)
        raise SystemExit("some camera did not come back")


def outage(watch: Watch, begin: Callable[[], None], end: Callable[[], None]) -> float:
    """Seconds from the server's return until every camera streams again."""
    begin()
    time.sleep(OUTAGE_S)
    before = watch.frames()
    end()
    return watch.seconds_until_all_stream(before)


def wait(watch: Watch, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if watch.process.poll() is not None:
            raise SystemExit(f"the run ended: {watch.process.communicate()}")
        watch.sample_memory()
        time.sleep(1)


def soak(clip: Path, minutes: float, models: Path, out: Path) -> None:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        loop = Path(folder) / "loop.h264"
        encode_loop(loop, source=clip, seconds=30, size=(1280, 720))
        with RtspServer(loop, mounts=CAMERAS) as server:
            config = Path(folder) / "soak.yaml"
            cameras = "\n".join(
                f"  - {{id: cam-{n}, source: '{server.url(n)}', scope: public-road, analyze_fps: 1}}"
                for n in range(CAMERAS)
            )
            config.write_text(
                f"cameras:\n{cameras}\nsinks: [{{type: chdb}}]\n"
                f"observability: {{log_level: warning, metrics: {{port: {port}}}}}\n"
            )
            process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli", "run", str(config), "--quiet", "--json"],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "VIAPUBLICA_MODELS": str(models)},
            )
            try:
                rows, report, samples = _scenario(process, port, server, minutes)
            finally:
                process.kill()
    _plot(samples, out / "rtsp_soak.png")
    write_table(
        out / "rtsp_soak.md",
        f"Four RTSP cameras for {minutes:g} minutes, server killed 10 s and stalled 10 s",
        f"{machine()} Command: `python -m benchmarks.rtsp_soak`. Measured by /metrics and the system, over "
        "the engine and its decoder processes.",
        measures=MEASURES,
        columns=["measurement", "figure"],
        rows=rows,
        after="![memory](rtsp_soak.png)\n",
    )
    print(json.dumps(report, indent=1))


def _scenario(
    process: subprocess.Popen[str], port: int, server: RtspServer, minutes: float
) -> tuple[list[list[Any]], dict[str, Any], list[Sample]]:
    watch = Watch(process, port)
    _wait_for_metrics(watch)
    started = watch.seconds_until_all_stream([0.0] * CAMERAS)
    quarter = minutes * 60 / 4
    wait(watch, quarter)
    killed = outage(watch, server.kill, server.start)
    wait(watch, quarter)
    stalled = outage(watch, server.stall, server.resume)
    wait(watch, max(5.0, minutes * 60 - (2 * quarter + 2 * OUTAGE_S + killed + stalled + started)))
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    report = json.loads(output.splitlines()[-1])
    warm = [one for one in watch.samples if one.at_s - watch.samples[0].at_s > 60] or watch.samples
    third = max(1, len(warm) // 3)
    first, last = (sum(one.memory_mb for one in part) / third for part in (warm[:third], warm[-third:]))
    slope = slope_per_hour(watch.samples) / CAMERAS
    grown = {
        name: min(getattr(one, name) for one in warm[-third:]) - min(getattr(one, name) for one in warm[:third])
        for name in ("threads", "descriptors", "processes", "shared_mb")
    }
    drops: dict[str, int] = {}
    for camera in report["cameras"]:
        for reason, count in camera["drops"].items():
            drops[reason] = drops.get(reason, 0) + count
    rows: list[list[Any]] = [
        ["seconds until all cameras stream after a 10 s kill", round(killed, 2)],
        ["seconds until all cameras stream after a 10 s stall", round(stalled, 2)],
        ["memory, mean of the first third after a minute, MB", round(first, 1)],
        ["memory, mean of the last third, MB", round(last, 1)],
        ["growth", f"{100 * (last / first - 1):+.2f} %"],
        ["slope of memory, MB an hour and camera", f"{slope:+.2f}"],
        ["growth of threads, descriptors, processes", ", ".join(f"{grown[name]:+d}" for name in list(grown)[:3])],
        ["growth of shared memory, MB", f"{grown['shared_mb']:+.1f}"],
        ["frames decoded", sum(c["decoded"] for c in report["cameras"])],
        ["frames analyzed", report["frames"]],
        ["drops by reason", ", ".join(f"{k} {v}" for k, v in sorted(drops.items())) or "none"],
        ["reconnects", sum(c["reconnects"] for c in report["cameras"])],
        ["events", ", ".join(f"{k} {v}" for k, v in sorted(report["events"].items()))],
    ]
    if minutes >= 60 and (slope > MOST_GROWTH_MB or any(grown[name] > 0 for name in list(grown)[:3])):
        raise SystemExit(f"it grows: {slope:+.2f} MB an hour and camera, {grown}")
    return rows, report, watch.samples


def _wait_for_metrics(watch: Watch) -> None:
    for _ in range(300):
        try:
            watch.metrics()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("no metrics after a minute")


def _plot(samples: list[Sample], target: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axis = plt.subplots(figsize=(8, 3))
    axis.plot([(one.at_s - samples[0].at_s) / 60 for one in samples], [one.memory_mb for one in samples])
    axis.set_xlabel("minutes")
    axis.set_ylabel("memory of all processes, MB")
    axis.set_ylim(0)
    figure.tight_layout()
    figure.savefig(target, dpi=110)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clip", type=Path, required=True)
    arguments.add_argument("--models", type=Path, required=True)
    arguments.add_argument("--minutes", type=float, default=60)
    arguments.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = arguments.parse_args()
    soak(options.clip, options.minutes, options.models, options.out)


if __name__ == "__main__":
    main()
