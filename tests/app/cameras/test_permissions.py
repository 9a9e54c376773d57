"""The registry of cameras in the check of a configuration and in snapshots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.app.camera_setup import add_camera, probe_address, probe_camera, save_snapshot
from pipeline.app.config_check import check_config
from pipeline.cli.common.register_options import register_of
from pipeline.config.camera_entry import NewCamera
from pipeline.domain.camera import Scope
from pipeline.errors import PolicyError, SourceError
from pipeline.storage.register_location import note_registry
from tests.engine.registered import RunningRegistry

_CITY = """\
cameras:
  - {id: gate, source: gate.mp4, scope: public-road, plates: false, owner: Prefeitura}
  - {id: square, source: square.mp4, scope: public-square}
"""


@pytest.fixture
def city(tmp_path: Path) -> Path:
    path = tmp_path / "city.yaml"
    path.write_text(_CITY)
    return path


def test_the_check_names_each_camera_that_may_not_run(city: Path, tmp_path: Path) -> None:
    assert {one.not_permitted for one in check_config(city).cameras} == {""}, "evaluation mode"
    registry = RunningRegistry(tmp_path / "data")
    registry.approved("gate", scope=Scope.PUBLIC_ROAD)
    registry.approved("square")
    registry.suspend("square")
    checked = check_config(city)
    gate, square = checked.cameras
    assert (gate.not_permitted, gate.no_plates) == ("", "plates: false")
    assert square.not_permitted == (
        "it is suspended (law 11.766/2022 art. 8 II). An administrator lifts it: viapublica camera resume square"
    )
    assert checked.as_json()["not_permitted"] == {"square": square.not_permitted}
    city.write_text(_CITY.replace("plates: false, ", ""))
    assert "no instrument allows it" in check_config(city).cameras[0].not_permitted


def test_a_snapshot_of_a_suspended_camera_is_refused_and_audited(city: Path, tmp_path: Path) -> None:
    registry = RunningRegistry(tmp_path / "data")
    registry.approved("square")
    registry.suspend("square")
    with pytest.raises(PolicyError, match="may not be viewed: it is suspended"):
        save_snapshot(city, "square", tmp_path / "square.jpg")
    assert not (tmp_path / "square.jpg").exists()
    lines = [line for path in (tmp_path / "data" / "audit").glob("*.jsonl") for line in path.read_text().splitlines()]
    (record,) = map(json.loads, lines)
    assert (record["operation"], record["outcome"], record["policy"]) == ("monitoring", "refused", "camera-suspended")
    assert record["cameras"] == ["square"]


def test_a_suspended_camera_is_not_probed_and_an_address_of_one_is_not_added(city: Path, tmp_path: Path) -> None:
    registry = RunningRegistry(tmp_path / "data")
    registry.approved("square")
    registry.suspend("square")
    with pytest.raises(PolicyError, match="may not be viewed: it is suspended"):
        probe_camera(city, "square", 1.0)
    lines = [line for path in (tmp_path / "data" / "audit").glob("*.jsonl") for line in path.read_text().splitlines()]
    assert [json.loads(line)["details"]["action"] for line in lines] == ["test"]
    city.write_text(_CITY.replace("  - {id: square, source: square.mp4, scope: public-square}\n", ""))
    again = NewCamera(id="square", source="square.mp4", scope=Scope.PUBLIC_SQUARE)
    with pytest.raises(PolicyError, match="it is suspended"):
        add_camera(city, again, test_s=1.0)
    assert "square" not in city.read_text()
    add_camera(city, again, test_s=None)


def test_every_command_finds_the_register_that_was_set_up_or_is_configured(city: Path, tmp_path: Path) -> None:
    usual = str(tmp_path / "data" / "viapublica-register" / "register.db")
    assert register_of(None, city) == usual
    note_registry(tmp_path / "data", str(tmp_path / "office.db"))
    assert register_of(None, city) == str(tmp_path / "office.db")
    city.write_text(f"{_CITY}register_database: chosen.db\n")
    assert register_of(None, city) == str(tmp_path / "chosen.db")
    assert register_of("given.db", city) == "given.db"


@pytest.mark.parametrize(
    ("address", "refused"),
    [
        ("rtsp://10.0.0.7/stream1", True),
        ("rtsp://ana:secret@10.0.0.7:554/stream2?x=1", True),
        ("rtsp://10.0.0.9/channel/2", True),
        ("rtsp://127.0.0.1:9/channel/1", False),
    ],
)
def test_the_address_of_a_suspended_camera_is_not_probed(tmp_path: Path, address: str, refused: bool) -> None:
    city = tmp_path / "city.yaml"
    city.write_text("""\
cameras:
  - {id: gate, source: "rtsp://127.0.0.1:9/channel/1", scope: public-road, plates: false, owner: Prefeitura}
  - {id: square, source: "rtsp://10.0.0.7/stream1", scope: public-square}
  - {id: park, source: "rtsp://10.0.0.9/channel/2", scope: public-square}
  - {id: other, source: "rtsp://10.0.0.9/channel/1", scope: public-square}
""")
    registry = RunningRegistry(tmp_path / "data")
    registry.approved("gate", scope=Scope.PUBLIC_ROAD)
    for name in ("square", "park", "other"):
        registry.approved(name)
    for name in ("square", "park"):
        registry.suspend(name)
    with pytest.raises(PolicyError if refused else SourceError) as error:
        probe_address(address, None, "", 0.2, city)
    assert "secret" not in str(error.value)
    written = [line for path in (tmp_path / "data").glob("audit/*.jsonl") for line in path.read_text().splitlines()]
    assert len(written) == refused
