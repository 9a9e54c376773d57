"""Progress of a run in the log."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from structlog.testing import capture_logs

from pipeline.domain.ports import SinkStatus, SourceState, SourceStatus
from pipeline.engine.run_progress import RunProgress
from pipeline.engine.running_engine import RunningEngine


def test_a_line_a_minute_says_how_far_the_run_is() -> None:
    now_s = 0.0
    statistics = SimpleNamespace(frames=0)
    sources = {
        "clip": SourceStatus(SourceState.STREAMING, duration_s=200.0, position_s=50.0),
        "gate": SourceStatus(SourceState.BACKING_OFF),
    }
    running = SimpleNamespace(
        engine=SimpleNamespace(statistics=statistics, dispatcher=SimpleNamespace(sent={"track": 3, "count": 4})),
        sources=lambda: sources,
        sinks=lambda: [SinkStatus("events", pending=2)],
    )
    progress = RunProgress(cast(RunningEngine, running), monotonic_s=lambda: now_s)
    with capture_logs() as logs:
        for _ in range(1250):
            now_s += 0.1
            statistics.frames += 1
            progress.tick()
    assert [line["event"] for line in logs] == ["progress", "progress"]
    assert logs[0]["cameras"] == {"backing-off": 1, "streaming": 1}
    assert (logs[0]["frames_per_s"], logs[0]["events"], logs[0]["pending"]) == (10.0, 7, 2)
    assert logs[0]["percent_of_files"] == 25.0
