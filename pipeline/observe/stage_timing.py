"""Timing of the pipeline's stages: wall-clock and processor seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """Timed stages of processing a frame."""

    DECODE = "decode"
    DECIDE = "decide"
    PREPROCESS = "preprocess"
    DETECT = "detect"
    TRACK = "track"
    READ = "read"
    SINK = "sink"


@dataclass(frozen=True, slots=True)
class StageTotals:
    """Totals of one stage over all threads.

    Attributes:
        seconds: wall-clock time; parallel threads add up.
        calls: number of calls; items: frames, crops or events processed.
        cpu_seconds: processor time of the calling threads, without worker threads of a runtime.
    """

    seconds: float = 0.0
    calls: int = 0
    items: int = 0
    cpu_seconds: float = 0.0

    def plus(self, seconds: float, items: int, cpu_seconds: float) -> StageTotals:
        """These totals and one more call."""
        return StageTotals(self.seconds + seconds, self.calls + 1, self.items + items, self.cpu_seconds + cpu_seconds)


class StageClock:
    """Timer of stages; safe from any thread.

    ::

        with clock.stage(Stage.DETECT, items=len(batch)):
            ...
    """

    def __init__(self, on_stage: Callable[[Stage, float, int], None] | None = None) -> None:
        """A clock at zero.

        Args:
            on_stage: called with stage, seconds and items after each call, such as `PipelineMetrics.stage`.
        """
        self._on_stage = on_stage
        self._lock = threading.Lock()
        self._totals: dict[Stage, StageTotals] = {}

    @contextmanager
    def stage(self, name: Stage | str, items: int = 1) -> Iterator[None]:
        """Time the enclosed block, also if it raises.

        Raises:
            ValueError: unknown stage.
        """
        stage = Stage(name)
        started_s, started_cpu_s = time.perf_counter(), time.thread_time()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - started_s, items, time.thread_time() - started_cpu_s)

    def add(self, name: Stage | str, seconds: float, items: int = 1, cpu_seconds: float = 0.0) -> None:
        """Add a call that was timed by the caller.

        Raises:
            ValueError: unknown stage.
        """
        stage = Stage(name)
        with self._lock:
            self._totals[stage] = self._totals.get(stage, StageTotals()).plus(seconds, items, cpu_seconds)
        if self._on_stage is not None:
            self._on_stage(stage, seconds, items)

    def totals(self) -> dict[Stage, StageTotals]:
        """Totals so far of the stages that were called, in processing order."""
        with self._lock:
            return {stage: self._totals[stage] for stage in Stage if stage in self._totals}
