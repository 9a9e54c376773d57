"""The search for the number of cameras doubles, bisects, and names the numbers that were measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.benchmark import camera_limit
from pipeline.benchmark.camera_limit import measure_limits
from pipeline.benchmark.clips import ClipFormat
from pipeline.benchmark.configuration import Workload
from pipeline.benchmark.live_load import LoadResult


def load(cameras: int, *, lost: int = 0, lag_s: float = 0.1, overloaded: int = 0) -> LoadResult:
    return LoadResult(cameras, 3.0, 75, 75 - lost, lost, lag_s / 2, lag_s, 0.2 * cameras, 300.0, overloaded)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of cameras in the order in which they were measured; the machine carries five."""
    numbers: list[int] = []

    def run(_folder: Path, sources: list[str], *_: Any, **__: Any) -> LoadResult:
        numbers.append(len(sources))
        return load(len(sources), lost=0 if len(sources) <= 5 else 30)

    monkeypatch.setattr(camera_limit, "run_cameras", run)
    monkeypatch.setattr(camera_limit, "encode_clip", lambda _source, target, _form: _written(target))
    return numbers


def _written(target: Path) -> Path:
    target.touch()
    return target


def limit(most: int, repeats: int = 1) -> camera_limit.CameraLimit:
    form = ClipFormat((640, 360), "h264", 5, 1.0)
    limits = measure_limits(
        None, [form], [2.0], Workload(), seconds=1, most_cameras=most, repeats=repeats, progress=lambda _: None
    )
    return next(limits)


def test_the_number_is_doubled_and_bisected(measured: list[int]) -> None:
    found = limit(64)
    assert measured == [1, 2, 4, 8, 6, 5]
    assert (found.carried, found.lagging) == (5, 6)
    assert [each.cameras for each in found.loads] == [1, 2, 4, 5, 6, 8]


def test_the_search_ends_at_the_largest_number_that_was_asked_for(measured: list[int]) -> None:
    found = limit(3)
    assert measured == [1, 2, 3]
    assert (found.carried, found.lagging) == (3, None)


def test_the_limit_is_measured_again(measured: list[int]) -> None:
    assert limit(64, repeats=3).carried == 5
    assert measured == [1, 2, 4, 8, 6, 5, 5, 5]


def test_a_rate_is_measured_with_adaptive_analysis_and_with_every_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_folder: Path, sources: list[str], work: Workload, _seconds: float) -> LoadResult:
        return load(len(sources), lost=0 if work.adaptive else 30)

    monkeypatch.setattr(camera_limit, "run_cameras", run)
    monkeypatch.setattr(camera_limit, "encode_clip", lambda _source, target, _form: _written(target))
    form = ClipFormat((640, 360), "h264", 5, 1.0)
    options: Any = {"seconds": 1, "most_cameras": 2, "repeats": 1, "progress": lambda _: None}
    found = measure_limits(None, [form], [2.0], Workload(), **options)
    assert [(one.analysis, one.carried) for one in found] == [("adaptive", 2), ("every frame", 0)]


def test_a_machine_that_cannot_carry_one_carries_none(monkeypatch: pytest.MonkeyPatch, measured: list[int]) -> None:
    monkeypatch.setattr(camera_limit, "run_cameras", lambda _folder, sources, *_, **__: load(len(sources), lost=60))
    found = limit(64)
    assert (found.carried, found.lagging) == (0, 1)


@pytest.mark.parametrize(
    ("result", "lags"),
    [
        (load(1), False),
        (load(1, lost=2), True),
        (load(1, lag_s=1.2), True),
        (load(1, overloaded=1), True),
        (LoadResult(1, 3.0, 75, 0, 0, 0.0, 0.0, 0.1, 300.0, 0), True),
    ],
)
def test_lag_is_lost_frames_delay_overload_or_no_frames_at_all(result: LoadResult, lags: bool) -> None:
    assert result.lags is lags
