"""Hours with few vehicles of a class at a camera are withheld."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.dataset.rare_cells import cell_of, common_cells, rounded_up
from pipeline.domain.events import CountEvent, TrackEvent
from tests.event_samples import START_MS, count, track

HOUR_MS = 3_600_000
BEGIN_MS = START_MS // HOUR_MS * HOUR_MS


def begun(number: int, offset_ms: int, label: str = "car", camera: str = "a") -> TrackEvent:
    begin_ms = BEGIN_MS + offset_ms
    return msgspec.structs.replace(
        track(number), camera_id=camera, label=label, first_ts_ms=begin_ms, ts_ms=begin_ms + HOUR_MS
    )


def minutes(total: int, *, label: str = "car", each: int = 1) -> list[CountEvent]:
    return [
        msgspec.structs.replace(count(n), camera_id="a", label=label, count=each, ts_ms=BEGIN_MS + n * 60_000)
        for n in range(total)
    ]


def test_cells_are_camera_class_and_hour_of_the_begin() -> None:
    same = [begun(n, n * 1000) for n in range(3)]
    rare = [begun(10, HOUR_MS), begun(11, 0, "bus"), begun(12, 0, camera="b"), begun(13, -1)]
    assert common_cells([*same, *rare], [], 3) == {cell_of(same[0])}
    assert common_cells(same, [], 4) == frozenset()
    assert len(common_cells(rare, [], 1)) == 4


def test_counts_are_summed_over_the_hour() -> None:
    assert len(common_cells([], minutes(3, each=2), 6)) == 1
    assert common_cells([], minutes(3, each=2), 7) == frozenset()


def test_a_cell_is_withheld_when_its_tracks_or_its_counts_are_few() -> None:
    many, few = [begun(n, n * 1000) for n in range(5)], [begun(0, 0)]
    assert common_cells(many, minutes(5), 5)
    assert common_cells([], minutes(5), 5), "tracks may be retained for a shorter time"
    assert common_cells(many, [], 5)
    assert not common_cells(few, minutes(5), 5)
    assert not common_cells(many, minutes(4), 5)
    assert not common_cells([], minutes(5, each=0), 1)


@pytest.mark.parametrize(("total", "shown"), [(0, 10), (1, 10), (10, 10), (11, 20), (4321, 4330)])
def test_withheld_totals_are_rounded_so_that_they_undo_no_single_cell(total: int, shown: int) -> None:
    assert rounded_up(total) == shown
