"""`viapublica config` and `viapublica doctor`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.app.config_check import check_config
from tests.cli.commands import app, viapublica_here

GOOD = """\
cameras:
  - {id: gate, source: "rtsp://admin:hunter2@10.0.0.7/1", scope: public-road}
  - {id: square, source: video.mp4, scope: public-square}
"""


def test_config_check_prints_what_was_understood_without_passwords(tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    config.write_text(GOOD)
    result = viapublica_here("config", "check", config)
    assert result.returncode == 0
    assert "hunter2" not in result.stdout + result.stderr
    assert "neither" in result.stdout
    assert "video.mp4 does not exist (yet)" in result.stderr
    plain = json.loads(viapublica_here("config", "check", config, "--no-measure", "--json").stdout)
    assert plain["cameras"][0]["source"] == "rtsp://***@10.0.0.7/1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("scope: public-square", "scop: public-square"), ["city.yaml:3", "Did you mean 'scope'?"]),
        (GOOD.replace(", scope: public-square", ""), ["camera square declares no public-space scope", "art. 13"]),
        (GOOD.replace("rtsp://", "gopher://"), ["gate", "gopher"]),
        (GOOD + "detect: {model: viapublica_trafic}\n", ["Did you mean 'viapublica_traffic'?"]),
        (GOOD + "    masks: [[[0, 0], [2, 0], [1, 1]]]\n", [""]),
    ],
)
def test_a_bad_configuration_names_place_and_fix(tmp_path: Path, text: str, words: list[str]) -> None:
    config = tmp_path / "city.yaml"
    config.write_text(text)
    result = viapublica_here("config", "check", config)
    assert result.returncode == 1
    assert result.stderr.startswith("error:")
    for word in words:
        assert word in result.stderr
    assert "Traceback" not in result.stderr
    assert "hunter2" not in result.stderr


def test_schema_and_explanations_have_the_same_keys() -> None:
    schema = json.loads(viapublica_here("config", "schema").stdout)
    keys = {row["key"] for row in json.loads(viapublica_here("config", "explain", "--json").stdout)}
    assert set(schema["properties"]) <= keys
    unknown = viapublica_here("config", "explain", "cameraz")
    assert unknown.returncode == 1
    assert "cameras" in unknown.stderr


@pytest.mark.real
def test_the_doctor_finds_what_is_installed_and_what_is_not(models_dir: Path, tmp_path: Path) -> None:
    well = viapublica_here("doctor", "--json", models=models_dir)
    assert well.returncode == 0, well.stdout
    states = {finding["component"]: finding["state"] for finding in json.loads(well.stdout)}
    assert states["embedded event store (chDB)"] == "working"
    assert viapublica_here("doctor", models=tmp_path).returncode == 0, "our own weights need no folder"
    video = tmp_path / "video.mp4"
    video.touch()
    city = tmp_path / "city.yaml"
    city.write_text(
        f"cameras: [{{id: a, source: {video}, scope: public-road}}]\n"
        "detect: {model: yolox_nano_416}\nsinks: [{type: jsonl}]\n"
    )
    ill = viapublica_here("doctor", "--config", city, models=tmp_path)
    assert ill.returncode == 1
    assert "VIAPUBLICA_MODELS" in ill.stdout
    assert "broken" in ill.stdout


def test_the_doctor_names_cameras_without_their_password_and_checks_the_rest(tmp_path: Path) -> None:
    city = tmp_path / "city.yaml"
    entry = "source: rtsp://10.0.0.7/1, user: u, scope: public-road, password_env: NOT_SET_"
    city.write_text(f"cameras: [{{id: gate, {entry}A}}, {{id: exit, {entry}B}}]\nsinks: [{{type: jsonl}}]\n")
    done = viapublica_here("doctor", "--config", city, "--json")
    assert done.returncode == 1
    findings = {finding["component"]: finding for finding in json.loads(done.stdout)}
    assert findings["configuration"]["state"] == "broken"
    detail = findings["configuration"]["detail"]
    assert "gate" in detail
    assert "exit" in detail
    assert "NOT_SET" not in detail, "it may be the password itself"
    assert findings["embedded event store (chDB)"]["state"] == "working"


def test_the_check_compares_what_live_cameras_need_with_what_the_machine_does(tmp_path: Path) -> None:
    config = tmp_path / "many.yaml"
    cameras = [
        f"  - {{id: cam-{n}, source: rtsp://10.0.0.7/{n}, scope: public-road, analyze_fps: 120}}\n" for n in range(50)
    ]
    config.write_text("cameras:\n" + "".join(cameras))
    done = viapublica_here("config", "check", config)
    assert done.returncode == 0
    assert "50 cameras x 120/s need 6000 frames/s, this machine analyzes" in " ".join(done.stderr.split())
    assert "need" not in viapublica_here("config", "check", config, "--no-measure").stderr
    config.write_text("cameras: [{id: cam, source: rtsp://10.0.0.7/1, scope: public-road, analyze_fps: 0.01}]\n")
    assert "speed: 1 camera x 0.01/s needs 0.01 frames/s" in viapublica_here("config", "check", config).stdout
    config.write_text("cameras: [{id: cam, source: gone.mp4, scope: public-road}]\n")
    assert "speed" not in viapublica_here("config", "check", config).stdout, "files wait for the machine"


@pytest.mark.parametrize("command", [("config", "check"), ("run",)], ids=" ".join)
def test_a_command_without_a_configuration_says_how_to_name_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = viapublica_here(*command, cwd=tmp_path, environ={"VIAPUBLICA_CONFIG": ""})
    assert result.returncode == 1
    assert "there is no ./viapublica.yaml" in result.stderr
    assert f"fix:   Name the file: viapublica {' '.join(command)} FILE (or VIAPUBLICA_CONFIG)" in result.stderr


def test_config_check_finds_the_configuration_of_the_folder_and_says_each_thing_once(tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "viapublica.yaml").write_text(
        "cameras:\n"
        "  - {id: road, source: rtsp://127.0.0.1/1, scope: public-road}\n"
        "  - {id: square, source: rtsp://127.0.0.1/2, scope: public-square}\n"
        "  - {id: file, source: ../clips/a.mp4, scope: public-road}\n"
        "sinks: [{type: chdb}]\n"
    )
    result = viapublica_here("config", "check", "--no-measure", cwd=tmp_path / "city")
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("has the host of") == 1
    assert "\nstore: chdb\n" in result.stdout
    assert f"{tmp_path}/clips/a.mp4" in result.stderr
    assert "../" not in result.stdout + result.stderr


def test_config_check_lists_masks(tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    config.write_text(GOOD.replace("scope: public-square", "scope: public-square, masks: [[[0, 0], [1, 0], [1, 1]]]"))
    assert [camera.masks for camera in check_config(config).cameras] == [0, 1]
    shown = viapublica_here("config", "check", config, "--no-measure").stdout.splitlines()
    assert any("scope" in line and "masks" in line for line in shown)
    assert any(all(word in line for word in ("masks[0]", "50.0%")) for line in shown)


@pytest.mark.parametrize(
    ("key", "polygon", "flaw"),
    [
        ("masks", "[[0, 0], [1, 1], [1, 0], [0, 1]]", "masks[0]: its edges cross"),
        ("ignore", "[[0, 0], [0.9, 0.1], [0.1, 0.1], [0.9, 0]]", "ignore[0]: its edges cross"),
        ("masks", "[[0, 0], [0.1, 0.1], [0.2, 0.2]]", "masks[0]: it has next to no area"),
        ("masks", "[[0, 0], [0.5, 0.1], [1, 0], [1, 1], [0, 1]]", ""),
    ],
)
def test_config_check_names_areas_that_mask_too_little(tmp_path: Path, key: str, polygon: str, flaw: str) -> None:
    config = tmp_path / "city.yaml"
    config.write_text(GOOD.replace("scope: public-square", f"scope: public-square, {key}: [{polygon}]"))
    notes = [note for camera in check_config(config).cameras for note in camera.notes]
    assert [note for note in notes if f"{key}[" in note][:1] == [note for note in notes if flaw and flaw in note][:1]
    assert bool(flaw) == any(flaw in note for note in notes if f"{key}[" in note)


def test_a_mistake_in_a_mask_names_file_line_camera_and_number(tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    masks = "[[[0, 0], [1, 0], [1, 1]], [0.1, 0.2]]"
    config.write_text(GOOD.replace("scope: public-square", f"scope: public-square, masks: {masks}"))
    done = viapublica_here("config", "check", config)
    assert done.returncode == 1
    first = next(line for line in done.stderr.splitlines() if "masks[1]" in line)
    assert f"{config}:" in first
    assert "of camera" in first
    assert "should be a list" in first


def test_a_file_closed_to_this_user_says_what_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my.yaml").write_text(GOOD)
    with monkeypatch.context() as closed:
        closed.setattr(os, "access", lambda *_args, **_more: False)
        result = CliRunner().invoke(app, ["config", "check", str(tmp_path / "my.yaml")])
    assert result.exit_code == 2
    said = " ".join(result.stderr.replace("│", " ").split())
    assert "is not readable" in said
    assert "chgrp GROUP FILE and chmod 640 FILE" in said
