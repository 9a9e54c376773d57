"""Retention and erasure from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipeline.config.load import parse_config
from pipeline.domain.events import encode
from pipeline.errors import ConfigError
from pipeline.record.holds import Holds
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.store.backends.database import migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.settings import ChdbSettings
from pipeline.store.table_writer import TableWriter
from tests.asking import declare_roads
from tests.cli.commands import viapublica_here
from tests.event_samples import plate_read, records, track
from tests.record.packets import BEGIN_MS, clip, record

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
CONFIG = """\
data_dir: .
cameras: [{id: cam-1, source: a.mp4, scope: public-road}]
sinks: [{type: chdb, name: store}, {type: kafka, name: bus}]
retention: {plate_reads: 3}
"""


def noon(days_ago: int) -> int:
    day = datetime.now(UTC) - timedelta(days=days_ago)
    return round(day.replace(hour=12, minute=0, second=0, microsecond=0).timestamp() * 1000)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder: a read on each of the last ten days, a converted plate among them, and a spool."""
    plates = {4: "ABC1234", 1: "ABC1C34"}
    reads = [plate_read(n, plate=plates.get(n, "XYZ1A00"), ts_ms=noon(n)) for n in range(10)]
    declare_roads(tmp_path, "cam-1")
    database = open_database(ChdbSettings(), tmp_path, create=True)
    migrate(database)
    writer = TableWriter("test", lambda: database)
    writer.open()
    writer.write(records([*reads, track(1)]))
    writer.close()
    spool = Spool("store", tmp_path / "spool" / "store", SpoolSettings())
    spool.append([encode(read) for read in reads])
    spool.close()
    (tmp_path / "viapublica.yaml").write_text(CONFIG)
    return tmp_path


def test_what_is_stored_and_due_is_shown_and_dropped(data: Path) -> None:
    config = data / "viapublica.yaml"
    (shown,) = json.loads(viapublica_here("retention", "show", "--config", config, "--json").stdout)
    reads = shown["tables"][0]
    assert (reads["table"], reads["keep_days"], len(reads["days"])) == ("plate_reads", 3, 10)
    assert reads["oldest"] == reads["days"][0]["day"]
    assert [day["due"] for day in reads["days"]] == [True] * 6 + [False] * 4
    assert all(day["rows"] == 1 and day["bytes"] > 0 for day in reads["days"])
    (would,) = json.loads(viapublica_here("retention", "run", "--config", config, "--dry-run", "--json").stdout)
    assert (would["dropped"], len([d for d in would["days"] if d["table"] == "plate_reads"])) == (False, 6)
    table = viapublica_here("retention", "show", "--config", config)
    assert "plate_reads 3 days" in table.stdout
    done = viapublica_here("retention", "run", "--config", config)
    assert (done.returncode, done.stdout.count("plate_reads")) == (0, 6), done.stderr
    again = viapublica_here("retention", "run", "--config", config)
    assert "nothing is due" in again.stderr
    by_folder = viapublica_here("retention", "show", "--data", data)
    assert "plate_reads 7 days" in by_folder.stdout, "without a configuration what the law's default says"


def test_a_plate_is_shown_asked_about_erased_and_proven_gone(data: Path) -> None:
    config = data / "viapublica.yaml"
    dry = viapublica_here("erase", "--plate", "ABC-1234", "--config", config, "--dry-run", "--json")
    report = json.loads(dry.stdout)
    events = {place["name"]: place["events"] for place in report["places"] if place["events"]}
    assert (report["erased"], events) == (False, {"plate_reads": 2, "tracks": 1, "store": 2}), dry.stderr
    assert report["events"] == {"by_kind": {"plate_read": 2, "track": 1}, "places": 3}, "copies are no events"
    asked = viapublica_here("erase", "--plate", "ABC1234", "--config", config)
    assert (asked.returncode, "Erase 2 reads, 1 track, in 3 places for good?" in asked.stderr) == (1, True)
    done = viapublica_here("erase", "--plate", "ABC1234", "--config", config, "--yes")
    assert (done.returncode, "2 reads, 1 track, in 3 places erased; counted again: 0 left" in done.stderr) == (
        0,
        True,
    ), done.stderr
    assert "Kafka topics viapublica.* of sink bus" in done.stdout.replace("\n", " ")
    again = json.loads(viapublica_here("erase", "--plate", "ABC1C34", "--data", data, "--yes", "--json").stdout)
    assert {place["events"] for place in again["places"]} == {0}
    assert {place["left"] for place in again["places"]} == {0}
    assert viapublica_here("spool", "verify", "--data", data).returncode == 0
    lines = viapublica_here("spool", "cat", "store", "--data", data).stdout.splitlines()
    assert [json.loads(line)["offset"] for line in lines] == [0, 2, 3, 5, 6, 7, 8, 9]
    assert "nothing found" in viapublica_here("plates", "ABC1234", "--data", data).stderr


def test_a_plate_of_which_nothing_is_stored_gets_its_proof_after_that_was_stated(data: Path) -> None:
    words: list[str | Path] = ["erase", "--plate", "QQQ1A23", "--data", data]
    asked = viapublica_here(*words)
    assert (asked.returncode, "nothing stored matches" in asked.stderr) == (1, True), asked.stderr
    assert "proof E" not in asked.stderr, "no number before the confirmation"
    done = viapublica_here(*words, "--yes")
    assert (done.returncode, "nothing stored matches" in done.stderr) == (0, True), done.stderr
    assert "/000001" in done.stderr
    foreign = viapublica_here("erase", "--plate", "AB123CD9", "--any-plate", "--data", data, "--dry-run")
    assert (foreign.returncode, "nothing stored matches" in foreign.stderr) == (0, True), foreign.stderr


def test_a_refused_request_is_numbered_and_listed_and_erases_nothing(data: Path) -> None:
    words: list[str | Path] = ["erase", "--plate", "ABC1234", "--data", data, "--by", "Ana Lima", "--reason", "17/2026"]
    grounds = "police inquiry 3/2026 is open"
    assert viapublica_here(*words, "--refuse", grounds, "--dry-run").returncode == 1
    assert viapublica_here(*words, "--refuse", " ", "--yes").returncode == 1
    done = viapublica_here(*words, "--refuse", grounds, "--yes", "--json")
    report = json.loads(done.stdout)
    assert (report["refused"], report["erased"], len(report["proof"]["files"])) == (True, False, 2), done.stderr
    (listed,) = json.loads(viapublica_here("store", "erasures", "--data", data, "--json").stdout)
    assert (listed["number"], listed["grounds"]) == (report["proof"]["number"], grounds)
    assert "refused" in viapublica_here("store", "erasures", "--data", data).stdout
    assert viapublica_here("plates", "ABC1234", "--data", data, "--any-plate").returncode == 0


def test_a_place_and_time_is_erased(data: Path) -> None:
    times = ("--from", "7d", "--to", "2d")
    done = viapublica_here("erase", "--camera", "cam-1", *times, "--data", data, "--yes", "--json")
    report = json.loads(done.stdout)
    assert report["erased"]
    assert sum(place["left"] for place in report["places"]) == 0
    assert {place["name"]: place["events"] for place in report["places"]}["plate_reads"] > 3


def test_held_video_is_no_0_left(data: Path, tmp_path: Path) -> None:
    """The row, the sentence and the error agree about the file that a hold preserves, and about what went."""
    record(tmp_path / "video", clip(tmp_path), camera="cam-1")
    Holds(tmp_path / "video").hold("cam-1", BEGIN_MS + 2100, BEGIN_MS + 2200, "order 12", "A. Souza")
    config = data / "viapublica.yaml"
    config.write_text(config.read_text() + f"record: {{dir: {tmp_path / 'video'}}}\n")
    times = ("--from", "2025-06-01T12:00:01.5Z", "--to", "2025-06-01T12:00:02.5Z", "--zone", "UTC")
    words: list[str | Path] = ["erase", "--camera", "cam-1", *times, "--config", config]
    asked = viapublica_here(*words)
    assert "1 video file (whole files: 2025-06-01 " in asked.stderr, asked.stderr
    done = viapublica_here(*words, "--yes", environ={"COLUMNS": "200"})
    *_, row = [line for line in done.stdout.splitlines() if "video" in line.split() and "1 held" in line]
    assert (done.returncode, "0 left" in row) == (1, False), done.stdout
    assert "counted again: 0 left, 1 file preserved by holds" in done.stderr
    assert done.stderr.replace("\n", " ").count("viapublica camera unhold") == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "needs a plate, or a camera and from when to when"),
        (["--camera", "cam-1"], "needs a plate"),
        (["--plate", "--"], "no letter or digit"),
        (["--plate", "ABC123"], "has 6 characters, and a Brazilian plate has 7"),
        (["--plate", "A8C1234", "--yes"], "Did you mean ABC1234?"),
        (["--plate", "KAA*", "--any-plate"], "an erasure is of one whole plate"),
        (["--camera", "cam-l", "--from", "7d", "--to", "2d", "--yes"], "Did you mean cam-1"),
        (["--plate", "ABC1234", "--json"], "cannot ask"),
        (["--plate", "ABC1234", "--dry-run", "--reason", "request of xyz 9a87"], "names a plate"),
        (["--plate", "ABC1234", "--from", "2018-11-04T00:30", "--zone", "America/Sao_Paulo"], "does not exist"),
        (["--plate", "ABC1234", "--to", "2018-02-17T23:30", "--zone", "America/Sao_Paulo"], "exists twice"),
    ],
)
def test_an_incomplete_or_ambiguous_erasure_is_refused(data: Path, arguments: list[str], problem: str) -> None:
    done = viapublica_here("erase", *arguments, "--data", data)
    assert (done.returncode, problem in done.stderr) == (1, True), done.stderr


def test_an_ambiguous_time_erases_nothing_and_an_offset_settles_it(data: Path) -> None:
    words: list[str | Path] = ["erase", "--plate", "ABC1234", "--from", "2026-11-01T01:30", "--data", data, "--yes"]
    refused = viapublica_here(*words, environ={"TZ": "America/New_York"})
    assert refused.returncode == 1
    assert "Write it with its offset: 2026-11-01T01:30-04:00 or 2026-11-01T01:30-05:00" in refused.stderr
    words[4] = "2026-11-01T01:30-05:00"
    done = viapublica_here(*words, environ={"TZ": "America/New_York"})
    assert (done.returncode, "time range: 2026-11-01 01:30:00 -05:00 to open" in done.stderr) == (0, True), done.stderr


OWNER = """
import sys, time
from pathlib import Path
from zoneinfo import ZoneInfo
from pipeline.sink.build import build_sink
from pipeline.sink.settings import ChdbSinkSettings
from tests.event_samples import admit_all
sink = build_sink(ChdbSinkSettings(name="store"), Path(sys.argv[1]), admit_all)
print("ready", flush=True)
time.sleep(100)
"""


def test_a_running_process_is_named_with_the_fix(data: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]
    ) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        busy = viapublica_here("erase", "--plate", "ABC1234", "--data", data, "--yes")
        time.sleep(0.5)  # until its sink has opened the store
        shown = viapublica_here("retention", "show", "--data", data)
        owner.send_signal(signal.SIGKILL)
    assert busy.returncode == 1
    assert f"process {owner.pid} is writing it" in busy.stderr
    assert "Stop that process" in busy.stderr
    assert (shown.returncode, f"process {owner.pid} owns" in shown.stderr) == (1, True), shown.stderr


def test_a_retained_window_longer_than_retention_is_refused() -> None:
    text = CONFIG.replace("name: store", "name: store, spool: {retain_s: 700000}")
    with pytest.raises(ConfigError, match=r"'store' keeps delivered events for 8\.\d+ days .* retention.plate_reads"):
        parse_config(text, Path("c.yaml"))
    parse_config(text.replace("plate_reads: 3", "plate_reads: null, tracks: null"), Path("c.yaml"))


def test_cameras_of_a_group_have_periods_of_their_own_and_disposals_are_numbered_reports(data: Path) -> None:
    config = data / "viapublica.yaml"
    config.write_text(
        CONFIG.replace(
            "plate_reads: 3}", "plate_reads: 30, groups: [{name: escolas, cameras: [cam-1], plate_reads: 3}]}"
        ).replace("data_dir: .", "data_dir: .\ninstitution: Prefeitura de Exemplo\nzone: America/Sao_Paulo")
    )
    unknown = config.with_name("unknown.yaml")
    unknown.write_text(config.read_text().replace("cameras: [cam-1], plate", "cameras: [cam-9], plate"))
    assert "camera 'cam-9' of 'escolas' is not configured" in viapublica_here("config", "check", unknown).stderr
    (data / "reports").mkdir()
    month = f"{datetime.now(SAO_PAULO):%Y-%m}"
    assert viapublica_here("retention", "run", "--config", config).returncode == 0
    answer = viapublica_here("plates", "XYZ1A00", "--from", "9d", "--config", config)
    assert "plate reads (escolas) before" in answer.stderr
    shown = json.loads(viapublica_here("retention", "show", "--config", config, "--json").stdout)[0]
    reads = next(one for one in shown["tables"] if one["table"] == "plate_reads")
    assert sum(day["rows"] for day in reads["days"]) == 4
    written = viapublica_here("retention", "report", month, "--out", data / "reports", "--config", config, "--json")
    assert written.returncode == 0, written.stderr
    (disposal,) = json.loads(written.stdout)["disposals"]
    assert (disposal["number"][-6:], sum(one["number"] for one in disposal["parts"])) == ("000001", 7), (
        "six reads, a track"
    )
    assert (data / "reports" / f"descartes-{month}.pdf").read_bytes().startswith(b"%PDF")
    log = data / "disposals.jsonl"
    log.write_text(log.read_text().replace('"number":1,', '"number":9,', 1))
    changed = viapublica_here("retention", "report", month, "--out", data / "reports", "--config", config)
    assert (changed.returncode, "are not as the audit has them" in changed.stderr) == (1, True)
