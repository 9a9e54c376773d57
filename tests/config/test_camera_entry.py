"""A camera is added to a configuration as its owner would write it, or nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.camera_entry import NewCamera, extended_config
from pipeline.config.config_change import write_config
from pipeline.config.load import load_config
from pipeline.domain.camera import Scope, Surroundings
from pipeline.errors import ConfigError

CITY = """\
# our city
cameras:
  - id: gate # the first
    source: gate.mp4
    scope: public-road

# where events go
sinks: [{type: jsonl}]
"""
NEW = NewCamera("praca", "rtsp://10.0.0.7/1", Scope.PUBLIC_SQUARE, "Praça: Sé", "admin", "CAM_PW")


def test_comments_and_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(CITY)
    path.chmod(0o640)
    extended = extended_config(path, NEW, {"CAM_PW": "p@ss"})
    assert path.read_text() == CITY
    write_config(extended)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# our city\ncameras:\n  - id: gate # the first\n")
    assert text.endswith("\n# where events go\nsinks: [{type: jsonl}]\n")
    assert "p@ss" not in text
    assert path.stat().st_mode & 0o777 == 0o640
    config = load_config(path, {"CAM_PW": "p@ss"})
    assert [camera.id for camera in config.cameras] == ["gate", "praca"]
    assert config.cameras[1].source == "rtsp://admin:p%40ss@10.0.0.7/1"
    assert config.cameras[1].name == "Praça: Sé"


def test_a_new_file_is_a_whole_configuration(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    camera = NewCamera("a", "a.mp4", Scope.PUBLIC_ROAD, surroundings=(Surroundings.TEMPLE,), analyze_fps=5)
    write_config(extended_config(path, camera, {}))
    config = load_config(path, {})
    assert config.cameras[0].surroundings == {Surroundings.TEMPLE}
    assert config.sinks[0].type == "chdb"


@pytest.mark.parametrize(
    ("camera", "words"),
    [
        (NewCamera("gate", "b.mp4", Scope.PUBLIC_ROAD), "used more than once"),
        (NewCamera("praça", "b.mp4", Scope.PUBLIC_ROAD), "'praca'"),
        (NewCamera("b", "rtsp://h/1", Scope.PUBLIC_ROAD, user="u", password_env="NONE"), "names no variable"),
        (NewCamera("b", "b.mp4", Scope.PUBLIC_ROAD, latitude=91), "latitude"),
    ],
)
def test_a_camera_that_is_not_valid_changes_nothing(tmp_path: Path, camera: NewCamera, words: str) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(CITY)
    with pytest.raises(ConfigError, match=words):
        extended_config(path, camera, {})
    assert path.read_text() == CITY


def test_a_file_that_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(CITY)
    extended = extended_config(path, NEW, {"CAM_PW": "x"})
    path.write_text(CITY + "# by another hand\n")
    with pytest.raises(ConfigError, match="changed by another program"):
        write_config(extended)
    assert path.read_text().endswith("# by another hand\n")


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://admin:S3CRET@h/1",
        "rtsp://S3CRET@h/1",
        "rtsp://admin:pa/S3CRET@h/1",
        "rtsp://10.0.0.5/user=a_password=S3CRET",
        "rtsp://10.0.0.5/user=a&password=S3CRET&channel=1.sdp",
        "http://h/x?token=S3CRET",
        "http://h/x?usr=a&pwd=S3CRET",
        "http://h/x?p=S3CRET",
        "rtsp://h/admin:S3CRET/ch1",
        "rtsp://h/login/S3CRET/ch1",
        "rtsp://a:${CAM_PW}@h/x?password=S3CRET",
    ],
)
def test_no_password_is_written_in_an_address(tmp_path: Path, source: str) -> None:
    with pytest.raises(ConfigError, match="contains a login, which would be written") as error:
        extended_config(tmp_path / "city.yaml", NewCamera("b", source, Scope.PUBLIC_ROAD), {"CAM_PW": "x"})
    assert "S3CRET" not in str(error.value)


@pytest.mark.parametrize(
    "source",
    [
        "rtsp://admin:${CAM_PW}@h/1",
        "rtsp://10.0.0.5/user=a_password=${CAM_PW}_channel=1.sdp",
        "rtsp://h/axis-media/media.amp?profile=profile_1&sessiontimeout=60&streamtype=unicast",
        "rtsp://h:554/Streaming/Channels/101?transportmode=unicast&profile=Profile_1",
        "rtsp://h/cam/realmonitor?channel=1&subtype=0",
        "rtsp://h/stream:1",
    ],
)
def test_addresses_without_a_password_are_written(tmp_path: Path, source: str) -> None:
    camera = NewCamera("b", source, Scope.PUBLIC_ROAD)
    assert source in extended_config(tmp_path / "city.yaml", camera, {"CAM_PW": "x"}).after
