"""Dead and unsteady cameras write a few lines at once, then one an hour with the number of those left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
import structlog

from pipeline.decode.source_monitor import SourceMonitor
from pipeline.domain.ports import SourceState
from tests.decode.test_source_monitor import OwnClock

S = SourceState
DAY_S = 86_400


@pytest.fixture
def lines() -> Iterator[Sequence[Mapping[str, Any]]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def fail(monitor: SourceMonitor, clock: OwnClock, seconds: float) -> int:
    """Attempts to connect, one every two seconds; the number of changes of state."""
    changes = 0
    for _ in range(int(seconds / 2)):
        monitor.move(S.BACKING_OFF, "does not answer")
        clock.sleep(1)
        monitor.move(S.CONNECTING, "does not answer")
        clock.sleep(1)
        changes += 2
    return changes


def test_a_camera_that_is_dead_for_a_day_writes_a_line_an_hour(lines: Sequence[Mapping[str, Any]]) -> None:
    clock = OwnClock()
    changes = fail(SourceMonitor("cam", clock), clock, DAY_S)
    assert changes == DAY_S
    assert 6 + 22 <= len(lines) <= 6 + 24
    left_out = sum(line.get("suppressed", 0) for line in lines)
    assert changes - left_out - len(lines) < 3600
    assert all(line["camera"] == "cam" and line["detail"] == "does not answer" for line in lines)


def test_its_return_and_its_end_are_written_at_once(lines: Sequence[Mapping[str, Any]]) -> None:
    clock = OwnClock()
    monitor = SourceMonitor("cam", clock)
    fail(monitor, clock, 600)
    before = len(lines)
    monitor.move(S.STREAMING)
    assert len(lines) == before + 1
    assert lines[-1]["state"] == "streaming"
    assert lines[-1]["suppressed"] == 594
    monitor.move(S.ENDED, "stopped")
    assert lines[-1]["state"] == "ended"


def test_a_camera_that_comes_and_goes_writes_two_lines_an_hour(lines: Sequence[Mapping[str, Any]]) -> None:
    clock = OwnClock()
    monitor = SourceMonitor("cam", clock)
    for _ in range(DAY_S // 4):
        monitor.move(S.STREAMING)
        clock.sleep(2)
        monitor.move(S.BACKING_OFF, "ended the stream")
        clock.sleep(1)
        monitor.move(S.CONNECTING)
        clock.sleep(1)
    assert len(lines) <= 6 + 2 * 24


def test_after_a_quiet_hour_an_outage_is_written_at_once_again(lines: Sequence[Mapping[str, Any]]) -> None:
    clock = OwnClock()
    monitor = SourceMonitor("cam", clock)
    fail(monitor, clock, 60)
    monitor.move(S.STREAMING)
    before = len(lines)
    clock.sleep(3700)
    fail(monitor, clock, 6)
    assert len(lines) == before + 6


def test_a_warning_of_every_connection_is_written_once(lines: Sequence[Mapping[str, Any]]) -> None:
    monitor = SourceMonitor("cam", OwnClock())
    for _ in range(100):
        monitor.warn_once("no_hardware_decoder", error="no driver")
    assert len(lines) == 1
