"""Progress of a run in the log, for runs that no one watches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from pipeline.engine.running_engine import RunningEngine

_log = structlog.get_logger(__name__)

_EVERY_S: Final = 60.0


class RunProgress:
    """Logs now and then what a run does: cameras by state, frames, events, and how much of its files is done.

    Args:
        running: the run.
        every_s: seconds between two lines.
        monotonic_s: seconds of a clock that never steps.
    """

    def __init__(
        self, running: RunningEngine, every_s: float = _EVERY_S, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._running = running
        self._every_s = every_s
        self._monotonic_s = monotonic_s
        self._logged_s = monotonic_s()
        self._frames = 0

    def tick(self) -> None:
        """Log a line if it is time; cheap otherwise."""
        now_s = self._monotonic_s()
        seconds = now_s - self._logged_s
        if seconds < self._every_s:
            return
        statistics, sources = self._running.engine.statistics, self._running.sources()
        files = [status for status in sources.values() if status.duration_s]
        total_s = sum(status.duration_s or 0.0 for status in files)
        done_s = sum(min(status.position_s, status.duration_s or 0.0) for status in files)
        _log.info(
            "progress",
            cameras=dict(sorted(Counter(status.state.value for status in sources.values()).items())),
            frames=statistics.frames,
            frames_per_s=round((statistics.frames - self._frames) / seconds, 1),
            events=sum(self._running.engine.dispatcher.sent.values()),
            pending=sum(sink.pending for sink in self._running.sinks()),
            **({"percent_of_files": round(100 * done_s / total_s, 1)} if total_s else {}),
        )
        self._logged_s, self._frames = now_s, statistics.frames
