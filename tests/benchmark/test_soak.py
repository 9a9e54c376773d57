"""Growth is read off the ends of a soak, and its slope off all samples."""

from __future__ import annotations

import pytest

from pipeline.benchmark.live_load import Sample
from pipeline.benchmark.process_usage import Usage, usage
from pipeline.benchmark.soak import growth


def sample(second: int, *, leaking: bool) -> Sample:
    more = second if leaking else 0
    return Sample(second, 0.1 + more / 100, Usage(0.0, 300.0 + more / 360, 20 + more // 30, 50, 1, 0))


def test_a_leak_has_a_slope_per_camera_and_more_threads() -> None:
    found = growth([sample(second, leaking=True) for second in range(90)], cameras=2)
    assert found.memory_mb_per_hour == pytest.approx(5.0)
    assert found.threads == 2
    assert found.handles == 0
    assert found.lag_last_s > found.lag_first_s


def test_a_steady_run_grows_by_nothing() -> None:
    found = growth([sample(second, leaking=False) for second in range(9)], cameras=1)
    assert found.memory_mb_per_hour == pytest.approx(0.0, abs=1e-6)
    assert (found.threads, found.handles, found.shared_memory) == (0, 0, 0)


def test_growth_needs_samples() -> None:
    with pytest.raises(ValueError, match="three samples"):
        growth([sample(0, leaking=True)], cameras=1)


def test_usage_includes_children_and_leaves_out_nothing_of_this_process() -> None:
    import subprocess

    alone = usage()
    with subprocess.Popen(["sleep", "60"]) as child:
        both = usage()
        child.kill()
    assert both.processes == alone.processes + 1
    assert alone.memory_mb > 10
    assert alone.threads >= 1
    assert alone.handles >= 3
