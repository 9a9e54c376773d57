"""Hours with few vehicles of a class at a camera are withheld."""

from __future__ import annotations

import msgspec

from pipeline.dataset.rare_cells import rare_counts, without_rare
from pipeline.domain.events import TrackEvent
from tests.event_samples import START_MS, count, track

HOUR_MS = 3_600_000
BEGIN_MS = START_MS // HOUR_MS * HOUR_MS


def begun(number: int, offset_ms: int, label: str = "car", camera: str = "a") -> TrackEvent:
    begin_ms = BEGIN_MS + offset_ms
    return msgspec.structs.replace(
        track(number), camera_id=camera, label=label, first_ts_ms=begin_ms, ts_ms=begin_ms + HOUR_MS
    )


def test_cells_are_camera_class_and_hour_of_the_begin() -> None:
    same = [begun(n, n * 1000) for n in range(3)]
    rare = [begun(10, HOUR_MS), begun(11, 0, "bus"), begun(12, 0, camera="b"), begun(13, -1)]
    found = without_rare([*same, *rare], 3)
    assert (found.tracks, found.withheld, found.cells) == (tuple(same), 4, 4)
    assert without_rare(same, 4).tracks == ()
    assert without_rare(rare, 1).withheld == 0


def test_counts_are_summed_over_the_hour() -> None:
    minutes = [
        msgspec.structs.replace(count(n), camera_id="a", label="car", count=2, ts_ms=BEGIN_MS + n * 60_000)
        for n in range(3)
    ]
    assert rare_counts(minutes, 6) == frozenset()
    assert len(rare_counts(minutes, 7)) == 1
