"""One run of live cameras under measurement: frames, lag, drops, processor time and memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from pipeline.benchmark.configuration import Workload, configuration
from pipeline.benchmark.process_usage import Usage, usage
from pipeline.domain.ports import SourceState
from pipeline.engine.build import open_engine
from pipeline.engine.running_engine import RunningEngine

WARM_UP_S: Final = 2.0
"""After the first frame of every camera, before anything counts."""
_START_S: Final = 30.0
MOST_LAG_S: Final = 1.0
MOST_LOST: Final = 0.01
SAMPLE_S: Final = 5.0
"""Between two samples: to add up the memory of a dozen decoder processes takes 60 ms."""
_CHECK_S: Final = 0.5
"""Between two checks for overloaded cameras."""


class Sample(msgspec.Struct, frozen=True):
    """Resources and lag at one moment.

    Attributes:
        at_s: seconds since the counted part began; lag_s: largest of the cameras.
    """

    at_s: float
    lag_s: float
    usage: Usage


class LoadResult(msgspec.Struct, frozen=True):
    """What some cameras cost, and whether the machine keeps up.

    Attributes:
        cameras: their number; seconds: length of the counted part.
        decoded, analyzed, lost: frames in it; lost: dropped because the machine did not keep up.
        lag_p50_s, lag_p95_s: from decoding a frame to the end of its analysis.
        cpu: processor cores in use on average; memory_mb: at the end.
        overloaded: cameras that the engine reported as overloaded.
        samples: one every `SAMPLE_S`.
    """

    cameras: int
    seconds: float
    decoded: int
    analyzed: int
    lost: int
    lag_p50_s: float
    lag_p95_s: float
    cpu: float
    memory_mb: float
    overloaded: int
    samples: list[Sample] = []

    @property
    def lags(self) -> bool:
        """Whether the machine does not keep up."""
        frames = self.analyzed + self.lost
        return self.overloaded > 0 or self.lag_p95_s > MOST_LAG_S or not frames or self.lost / frames > MOST_LOST


class _Watch:
    """Observes a run from its loop: waits for all cameras, warms up, measures, stops."""

    def __init__(self, running: RunningEngine, seconds: float, warm_up_s: float) -> None:
        self._running = running
        self._seconds = seconds
        self._warm_up_s = warm_up_s
        self._began_s = time.monotonic()
        self._streams_s: float | None = None
        self._counts_s: float | None = None
        self._first: tuple[int, int, int] = (0, 0, 0)
        self._cpu_s = 0.0
        self._seen: dict[str, int] = {}
        self._lags: list[float] = []
        self._overloaded: set[str] = set()
        self._sampled_s = self._checked_s = 0.0
        self._samples: list[Sample] = []
        self.result: LoadResult | None = None

    def tick(self) -> None:
        """Called by the engine after every batch."""
        now = time.monotonic()
        if self._counts_s is None:
            self._wait(now)
            return
        self._observe(now)
        if now - self._counts_s >= self._seconds and self.result is None:
            self._end(now, self._counts_s)

    def _wait(self, now: float) -> None:
        if self._streams_s is None:
            activities = self._running.activities()
            if all(activity.analyzed for activity in activities.values()) or now - self._began_s > _START_S:
                self._streams_s = now
        elif now - self._streams_s >= self._warm_up_s:
            self._counts_s, self._first, self._cpu_s = now, self._frames(), usage().cpu_s

    def _observe(self, now: float) -> None:
        largest = 0.0
        for camera, activity in self._running.activities().items():
            if self._seen.get(camera) != activity.analyzed:
                self._seen[camera] = activity.analyzed
                self._lags.append(activity.lag_s)
            largest = max(largest, activity.lag_s)
        if now - self._checked_s >= _CHECK_S:
            self._checked_s = now
            sources = self._running.sources()
            self._overloaded |= {c for c, status in sources.items() if status.state is SourceState.OVERLOADED}
        if now - self._sampled_s >= SAMPLE_S:
            self._sampled_s = now
            self._samples.append(Sample(round(now - (self._counts_s or now), 2), round(largest, 3), usage()))

    def _end(self, now: float, began_s: float) -> None:
        last = usage()
        decoded, analyzed, lost = (b - a for a, b in zip(self._first, self._frames(), strict=True))
        lags = self._lags or [float("inf")]
        self.result = LoadResult(
            cameras=len(self._running.activities()),
            seconds=round(now - began_s, 2),
            decoded=decoded,
            analyzed=analyzed,
            lost=lost,
            lag_p50_s=round(float(np.percentile(lags, 50)), 3),
            lag_p95_s=round(float(np.percentile(lags, 95)), 3),
            cpu=round((last.cpu_s - self._cpu_s) / (now - began_s), 2),
            memory_mb=last.memory_mb,
            overloaded=len(self._overloaded),
            samples=self._samples,
        )
        self._running.engine.stop()

    def _frames(self) -> tuple[int, int, int]:
        """Frames decoded, analyzed and lost so far, of all cameras."""
        decoded = sum(status.decoded for status in self._running.sources().values())
        analyzed = sum(activity.analyzed for activity in self._running.activities().values())
        return decoded, analyzed, sum(camera.load(0).dropped for camera in self._running.engine.cameras)


def run_cameras(
    folder: Path,
    sources: Sequence[str],
    work: Workload,
    seconds: float,
    *,
    warm_up_s: float = WARM_UP_S,
    on_tick: Callable[[], None] = lambda: None,
) -> LoadResult:
    """Run live cameras until they were measured for some seconds.

    Args:
        folder: for data and events; empty.
        sources: their addresses.
        work: how they are analyzed.
        seconds: length of the counted part.
        warm_up_s: after the first frame of every camera.
        on_tick: called after every batch.

    Raises:
        ViapublicaError: a network or the configuration cannot be used.
    """
    with open_engine(configuration(folder, sources, work)) as running:
        watch = _Watch(running, seconds, warm_up_s)

        def tick() -> None:
            watch.tick()
            on_tick()

        running.engine.run(tick)
    if watch.result is None:
        raise RuntimeError("the cameras of the benchmark ended before they were measured")
    return watch.result
