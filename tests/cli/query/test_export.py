"""Datasets for research from the command line."""

from __future__ import annotations

import csv
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from pipeline.domain.event_identity import identified
from pipeline.domain.events import Event, TrackEvent
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from tests.cli.commands import app
from tests.event_samples import START_MS, admit_all, count, plate_read, track

CONFIG = """\
institution: City of Ipê
cameras:
  - id: avenue
    source: a.mp4
    scope: public-road
    latitude: -23.5
    longitude: -46.6
    calibration:
      points:
        - {x: 0.0, y: 0.0, x_m: 0, y_m: 0}
        - {x: 1.0, y: 0.0, x_m: 40, y_m: 0}
        - {x: 1.0, y: 1.0, x_m: 40, y_m: 20}
        - {x: 0.0, y: 1.0, x_m: 0, y_m: 20}
  - {id: lane, source: a.mp4, scope: public-road}
"""
TRAJECTORY = "0 5000 5000;500 10000 2500"


def labeled(number: int, camera: str, label: str, trajectory: str = "") -> TrackEvent:
    return msgspec.structs.replace(track(number), camera_id=camera, label=label, trajectory=trajectory)


EVENTS: list[Event] = [
    *(
        msgspec.structs.replace(
            labeled(n, "avenue", "car", TRAJECTORY), ts_ms=START_MS + 60_000, first_ts_ms=START_MS + n * 1000
        )
        for n in range(5)
    ),
    labeled(100, "avenue", "bus"),
    *(labeled(200 + n, "avenue", "person", TRAJECTORY) for n in range(9)),
    *(msgspec.structs.replace(count(n), camera_id="avenue", label="car", count=3) for n in range(2)),
    msgspec.structs.replace(count(9), camera_id="lane", label="truck", count=1),
    plate_read(1, camera="avenue"),
]
RANGE = ["--from", "2026-09-21T00:00Z", "--to", "2026-09-23T00:00Z"]


def export(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["export", *map(str, words)])


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    (folder / "city.yaml").write_text(f"data_dir: {folder}/data\nsinks: [{{type: chdb}}]\n{CONFIG}")
    sink = build_sink(ChdbSinkSettings(), folder / "data", admit_all)
    sink.add([identified(event) for event in EVENTS])
    sink.flush(60)
    sink.close()
    return folder


def test_a_dataset_explains_itself_and_names_nobody(city: Path, tmp_path: Path) -> None:
    target = tmp_path / "flows"
    done = export(target, "--config", city / "city.yaml", *RANGE, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "folder": str(target),
        "rows": {"tracks": 5, "points": 10, "counts": 2, "hours": 2 * 48 * 6, "cameras": 2},
        "withheld": {"tracks_at_most": 10, "cells_at_most": 10},
    }
    names = (
        "CITATION.cff README.md SHA256SUMS cameras.parquet counts.parquet dictionary.csv hours.parquet manifest.json"
    )
    assert sorted(path.name for path in target.iterdir()) == sorted(
        [*names.split(), "points.parquet", "tracks.parquet"]
    )
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=target, check=True)
    tracks = pq.read_table(target / "tracks.parquet")
    assert set(tracks.column("object_class").to_pylist()) == {"car"}
    assert tracks.column("start_time").to_pylist()[0] == datetime.fromtimestamp(START_MS / 1000, UTC)
    assert tracks.schema.field("speed_m_s").metadata[b"unit"] == b"m/s"
    assert tracks.schema.metadata[b"license"] == b"CC-BY-4.0"
    points = pq.read_table(target / "points.parquet").to_pylist()[:2]
    assert [(p["x"], p["y"], round(p["x_m"], 2), round(p["y_m"], 2)) for p in points] == [
        (0.5, 0.5, 20.0, 10.0),
        (1.0, 0.25, 40.0, 5.0),
    ]
    counts = pq.read_table(target / "counts.parquet").to_pylist()
    assert [(row["camera"], row["object_class"], row["count"]) for row in counts] == [("avenue", "car", 3)] * 2
    hours = pq.read_table(target / "hours.parquet").to_pylist()
    shown = {(row["camera"], row["object_class"]) for row in hours if not row["withheld"]}
    assert shown == {("avenue", "car")}, "rare hours and empty ones are alike"
    assert "sha256:" in (target / "CITATION.cff").read_text()
    assert "2026-09-21T00:00:00" in (target / "CITATION.cff").read_text()
    for text in ("README.md", "CITATION.cff"):
        assert "City of Ipê" in (target / text).read_text()
    everything = b"".join(path.read_bytes() for path in target.iterdir())
    assert b"ABC1D23" not in everything


def test_the_dictionary_names_every_column_of_the_csv_tables(city: Path, tmp_path: Path) -> None:
    target = tmp_path / "flows"
    done = export(target, "--config", city / "city.yaml", *RANGE, "--csv", "--min-cell", "1")
    assert done.exit_code == 0, done.output
    assert "6 tracks" in done.stdout
    with (target / "dictionary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for table in ("tracks", "points", "counts", "hours", "cameras"):
        with (target / f"{table}.csv").open(newline="") as file:
            header = next(csv.reader(file))
        assert header == [row["column"] for row in rows if row["table"] == table]
    assert (target / "tracks.csv").read_text().splitlines()[1].split(",")[3].startswith("2026-09-2")


def test_an_empty_or_impossible_export_says_why_and_leaves_nothing(city: Path, tmp_path: Path) -> None:
    target, config = tmp_path / "none", ("--config", city / "city.yaml")
    empty = export(target, *config, "--from", "2026-09-01T00:00Z", "--to", "2026-09-02T00:00Z")
    assert "would be empty: the oldest stored " in str(empty.exception)
    assert "Did you mean avenue" in str(export(target, *config, *RANGE, "--camera", "avenu").exception)
    assert "is missing" in str(export(target, *config).exception)
    assert not target.exists()
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("x")
    assert "not an empty folder" in str(export(full, *config, *RANGE).exception)
    assert [path.name for path in full.iterdir()] == ["mine.txt"]
