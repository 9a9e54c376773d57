"""Stage times add up over threads, also for stages that raise."""

from __future__ import annotations

import threading
import time

import pytest

from pipeline.observe.stage_timing import Stage, StageClock, StageTotals


def test_calls_items_and_seconds_add_up_over_threads() -> None:
    clock = StageClock()

    def work() -> None:
        for _ in range(200):
            clock.add(Stage.TRACK, 0.5, items=3, cpu_seconds=0.25)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.totals() == {Stage.TRACK: StageTotals(seconds=800.0, calls=1600, items=4800, cpu_seconds=400.0)}


def test_waiting_costs_time_and_no_processor() -> None:
    clock = StageClock()
    with clock.stage("sink", items=5):
        time.sleep(0.05)
    totals = clock.totals()[Stage.SINK]
    assert totals.seconds >= 0.05
    assert totals.cpu_seconds < totals.seconds / 2
    assert (totals.calls, totals.items) == (1, 5)


def test_a_failing_stage_is_timed_and_its_error_propagates() -> None:
    clock = StageClock()
    with pytest.raises(ZeroDivisionError), clock.stage(Stage.READ):
        _ = 1 / 0
    assert clock.totals()[Stage.READ].calls == 1


def test_stages_are_reported_in_processing_order() -> None:
    reported: list[tuple[Stage, float, int]] = []
    clock = StageClock(lambda stage, seconds, items: reported.append((stage, seconds, items)))
    clock.add("sink", 1.0)
    clock.add("decode", 2.0, items=4)
    assert reported == [(Stage.SINK, 1.0, 1), (Stage.DECODE, 2.0, 4)]
    assert list(clock.totals()) == [Stage.DECODE, Stage.SINK]


def test_an_unknown_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="lunch"), StageClock().stage("lunch"):
        pass
