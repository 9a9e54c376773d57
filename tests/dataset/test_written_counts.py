"""Counts of a dataset: one row per camera, minute and class, however many connections counted in that minute."""

from __future__ import annotations

import csv
from pathlib import Path

import msgspec

from pipeline.dataset.write_dataset import DatasetTerms, write_dataset
from tests.event_samples import START_MS, count

MINUTE_MS = START_MS // 3_600_000 * 3_600_000


def test_counts_of_one_minute_are_one_row(tmp_path: Path) -> None:
    times = [0, 0, 59_000, 60_000]
    counts = [
        msgspec.structs.replace(count(n), camera_id="a", label="car", count=n + 1, ts_ms=MINUTE_MS + at)
        for n, at in enumerate(times)
    ]
    hours = range(MINUTE_MS // 3_600_000, MINUTE_MS // 3_600_000 + 1)
    terms = DatasetTerms("t", "i", "CC-BY-4.0", "b", "e", 1, ("car",), hours, (), "p", "2026-11-30")
    written = write_dataset(tmp_path / "d", [], counts, [], terms, as_csv=True)
    with (tmp_path / "d" / "counts.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["count"] for row in rows] == ["6", "4"]
    assert len({(row["camera"], row["minute"], row["object_class"]) for row in rows}) == written.rows["counts"] == 2
