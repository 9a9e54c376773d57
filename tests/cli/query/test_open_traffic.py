"""Open data of traffic: flows for everyone, of which no small count can be made out, with terms and checksums."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from pipeline.domain.event_identity import identified
from pipeline.domain.events import LineCountEvent
from pipeline.domain.times import format_utc
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from tests.cli.commands import app
from tests.event_samples import START_MS, admit_all, line_count

CONFIG = """\
institution: City of Ipê
cameras:
  - {id: avenue, name: Avenue, source: a.mp4, scope: public-road, latitude: -23.5, longitude: -46.6}
  - {id: clinic, source: a.mp4, scope: public-square, surroundings: [clinic]}
"""
HOUR_MS = START_MS - START_MS % 3_600_000


def crossings(camera: str, label: str, count: int, minute: int = 0, hour: int = 0) -> LineCountEvent:
    at_ms = HOUR_MS + hour * 3_600_000 + minute * 60_000
    event = msgspec.structs.replace(
        line_count(0, camera=camera), ts_ms=at_ms, label=label, count=count, speeds=f"36 {count}", p85_m_s=10.0
    )
    return identified(event)


EVENTS = [
    crossings("avenue", "car", 30),
    crossings("avenue", "car", 20, minute=1),
    crossings("avenue", "bus", 12),
    crossings("avenue", "truck", 3),
    crossings("avenue", "car", 4, hour=1),
    crossings("clinic", "person", 14),
    crossings("clinic", "person", 9, minute=1),
]
RANGE = ["--from", "2026-09-21T00:00Z", "--to", "2026-09-23T00:00Z"]
BY = ["--by", "line,direction,class", "--every", "1h"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("open")
    (folder / "city.yaml").write_text(f"data_dir: {folder}/data\nsinks: [{{type: chdb}}]\n{CONFIG}")
    sink = build_sink(ChdbSinkSettings(), folder / "data", admit_all)
    sink.add(EVENTS)
    sink.flush(60)
    sink.close()
    return folder


def publish(city: Path, *words: str | Path) -> Result:
    return CliRunner().invoke(app, ["traffic", "--config", str(city / "city.yaml"), *RANGE, *map(str, words)])


def test_flows_are_published_without_small_counts_and_what_would_tell_them(city: Path, tmp_path: Path) -> None:
    folder = tmp_path / "flows"
    done = publish(city, *BY, "--open-data", folder)
    assert done.exit_code == 0, done.output
    with (folder / "flows.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    shown = {(row["camera"], row["object_class"]): int(row["count"]) for row in rows}
    assert shown == {("avenue", "car"): 50, ("avenue", "all"): 65, ("clinic", "person"): 14, ("clinic", "all"): 14}
    car = next(row for row in rows if row["object_class"] == "car")
    assert (car["start_time"], car["line"], car["direction"]) == (format_utc(HOUR_MS), "gantry", "to-center")
    assert (car["speeds"], float(car["p85_m_s"])) == ("50", 10.0)
    (person,) = (row for row in rows if row["object_class"] == "person")
    assert (person["speeds"], person["p85_m_s"], person["headway_s"]) == ("", "", ""), "counts only at such places"
    assert pq.read_table(folder / "flows.parquet").num_rows == len(rows)
    with (folder / "places.csv").open(encoding="utf-8") as file:
        places = list(csv.DictReader(file))
    assert [(row["camera"], row["sensitive"]) for row in places] == [("avenue", "false"), ("clinic", "true")]
    with (folder / "dictionary.csv").open(encoding="utf-8") as file:
        explained = {(row["table"], row["column"]) for row in csv.DictReader(file)}
    assert {("flows", name) for name in rows[0]} | {("places", name) for name in places[0]} == explained
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["license"], manifest["least_count"], manifest["institution"]) == ("CC-BY-4.0", 10, "City of Ipê")
    assert manifest["withheld_cells"] == 2
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    audited = [path.read_text() for path in (city / "data" / "audit").glob("*.jsonl")]
    assert '"operation":"export"' in "".join(audited).replace(" ", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "zone"], "crossings of lines only"),
        ([*BY, "--csv", "x.csv"], "is a form of its own"),
        ([*BY[:2], "--every", "1m"], "too short"),
        ([*BY, "--min-cell", "5"], "is below 10"),
        ([*BY, "--license", "mine"], "SPDX"),
        ([*BY, "--camera", "avenue", "--to", "2026-09-21T01:00Z"], "would be empty"),
    ],
)
def test_what_may_not_be_published_is_refused(city: Path, tmp_path: Path, words: list[str], said: str) -> None:
    done = publish(city, *words, "--open-data", tmp_path / "flows")
    assert done.exit_code != 0
    assert said in str(done.exception)
    assert not (tmp_path / "flows").exists()


def test_no_folder_is_overwritten(city: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    assert "not an empty folder" in str(publish(city, *BY, "--open-data", tmp_path).exception)
