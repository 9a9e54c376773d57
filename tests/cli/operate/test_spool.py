"""Spools listed, verified, replayed and trimmed from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.camera_declaration import CameraDeclaration
from pipeline.domain.events import encode
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.storage.declared_cameras import DeclaredCameras
from tests.cli.commands import viapublica_here
from tests.event_samples import plate_read


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a spool of 40 events, 25 of them delivered."""
    spool = Spool("store", tmp_path / "spool" / "store", SpoolSettings(segment_bytes=4096))
    for n in range(40):
        spool.append([encode(plate_read(n))])
    spool.acknowledge(25)
    spool.close()
    DeclaredCameras(tmp_path).declare([CameraDeclaration(Camera("cam-1", Scope.PUBLIC_ROAD))])
    return tmp_path


def test_a_spool_is_listed_verified_and_read(data: Path) -> None:
    (listed,) = json.loads(viapublica_here("spool", "ls", "--data", data, "--json").stdout)
    assert (listed["name"], listed["events"], listed["pending"], listed["damaged"]) == ("store", 40, 15, 0)
    assert "store" in viapublica_here("spool", "ls", "--data", data).stdout
    whole = viapublica_here("spool", "verify", "--data", data)
    assert (whole.returncode, "1 spool intact" in whole.stderr) == (0, True)
    few = viapublica_here("spool", "cat", "store", "--data", data, "--pending", "--limit", "3")
    lines = few.stdout.splitlines()
    assert "only 3 events listed, and there are more: use --limit or --from-offset 28" in few.stderr.replace("\n", " ")
    assert [json.loads(line)["offset"] for line in lines] == [25, 26, 27]
    assert json.loads(lines[0])["event"]["frame"] == 25


def test_damage_is_reported_by_segment(data: Path) -> None:
    segment = sorted((data / "spool" / "store").glob("*.seg"))[-1]
    content = segment.read_bytes()
    segment.write_bytes(content[:100] + bytes(50) + content[150:])
    result = viapublica_here("spool", "verify", "store", "--data", data, "--json")
    assert result.returncode == 1
    damage, missing = json.loads(result.stdout)
    assert damage["segment"] == segment.name
    assert missing["what"] == "1 missing"


def test_delivered_events_are_sent_again_from_a_time_or_an_offset(data: Path) -> None:
    since = viapublica_here("spool", "replay", "store", "--data", data, "--since", "1h")
    assert "sink store: the next run sends 40 events from offset 0 on" in since.stderr
    result = viapublica_here("spool", "replay", "store", "--data", data, "--from-offset", "10")
    assert "sink store: the next run sends 40 events from offset 0 on" in result.stderr, (
        "never forwards: undelivered events would be lost"
    )
    both = viapublica_here("spool", "replay", "store", "--data", data)
    assert (both.returncode, "--from-offset or --since" in both.stderr) == (1, True)


def test_trimming_deletes_delivered_events_and_the_others_only_when_asked(data: Path) -> None:
    assert (
        "0 undelivered events of sink store given up"
        in viapublica_here("spool", "trim", "store", "--data", data).stderr
    )
    (listed,) = json.loads(viapublica_here("spool", "ls", "--data", data, "--json").stdout)
    assert listed["pending"] == 15
    assert listed["events"] < 40
    done = viapublica_here("spool", "trim", "store", "--data", data, "--undelivered")
    assert "15 undelivered events of sink store given up" in done.stderr
    (listed,) = json.loads(viapublica_here("spool", "ls", "--data", data, "--json").stdout)
    assert (listed["events"], listed["size"]) == (0, 0)


def test_an_unknown_sink_and_a_running_owner_are_errors(data: Path) -> None:
    unknown = viapublica_here("spool", "cat", "bus", "--data", data)
    assert (unknown.returncode, "there are: store" in unknown.stderr) == (1, True)
    spool = Spool("store", data / "spool" / "store", SpoolSettings())
    busy = viapublica_here("spool", "trim", "store", "--data", data)
    assert (busy.returncode, "uses this data folder" in busy.stderr) == (1, True)
    assert len(json.loads(viapublica_here("spool", "ls", "--data", data, "--json").stdout)) == 1
    spool.close()
