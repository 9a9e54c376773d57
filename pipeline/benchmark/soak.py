"""Benchmark of endurance: memory, threads, handles, shared memory and lag of live cameras over time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from pipeline.benchmark.camera_sender import sending_cameras
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.live_load import LoadResult, Sample, run_cameras


class Growth(msgspec.Struct, frozen=True):
    """What grew between the first and the last third of a soak.

    Attributes:
        memory_mb_per_hour: slope of a straight line through all samples, per camera.
        memory_first_mb, memory_last_mb: means of the thirds.
        threads, handles, shared_memory: last third's median minus the first third's.
        lag_first_s, lag_last_s: medians of the thirds.
    """

    memory_mb_per_hour: float
    memory_first_mb: float
    memory_last_mb: float
    threads: float
    handles: float
    shared_memory: float
    lag_first_s: float
    lag_last_s: float


def soak(
    clip: Path, cameras: int, work: Workload, seconds: float, *, warm_up_s: float, on_tick: Callable[[], None]
) -> tuple[LoadResult, Growth]:
    """Run live cameras that play a clip in a loop, and compare the ends of the run.

    Args:
        clip: what each camera sends.
        cameras: their number.
        work: how they are analyzed.
        seconds: length of the counted part; warm_up_s: before it.
        on_tick: called after every batch.
    """
    with tempfile.TemporaryDirectory(prefix="viapublica-bench-") as folder, sending_cameras(clip, loop=True) as address:
        sources = [address(number) for number in range(cameras)]
        load = run_cameras(Path(folder), sources, work, seconds, warm_up_s=warm_up_s, on_tick=on_tick)
    return load, growth(load.samples, cameras)


def growth(samples: Sequence[Sample], cameras: int) -> Growth:
    """Growth over at least three samples.

    Raises:
        ValueError: there are fewer.
    """
    third = len(samples) // 3
    if not third:
        raise ValueError("growth needs at least three samples")
    first, last = samples[:third], samples[-third:]
    hours = np.array([sample.at_s for sample in samples]) / 3600
    memory = np.array([sample.usage.memory_mb for sample in samples])
    slope = float(np.polyfit(hours, memory, 1)[0]) / cameras

    def medians(read: Callable[[Sample], float]) -> tuple[float, float]:
        return float(np.median([read(s) for s in first])), float(np.median([read(s) for s in last]))

    def change(read: Callable[[Sample], float]) -> float:
        before, after = medians(read)
        return after - before

    lag_first_s, lag_last_s = medians(lambda sample: sample.lag_s)
    return Growth(
        memory_mb_per_hour=round(slope, 3),
        memory_first_mb=round(float(memory[:third].mean()), 1),
        memory_last_mb=round(float(memory[-third:].mean()), 1),
        threads=change(lambda sample: sample.usage.threads),
        handles=change(lambda sample: sample.usage.handles),
        shared_memory=change(lambda sample: sample.usage.shared_memory),
        lag_first_s=lag_first_s,
        lag_last_s=lag_last_s,
    )
