"""What the commands say of themselves, and of configurations."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.commands import app, viapublica

COMMANDS = (
    ["run"],
    ["detect"],
    ["read"],
    ["plates"],
    ["route"],
    ["convoy"],
    ["clones"],
    ["traffic"],
    ["events"],
    ["cameras"],
    ["doctor"],
    ["demo"],
    ["config", "check"],
    ["config", "schema"],
    ["config", "explain"],
)
GOOD = """\
cameras:
  - {id: gate, source: "rtsp://admin:hunter2@10.0.0.7/1", scope: public-road}
  - {id: square, source: video.mp4, scope: public-square}
"""


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_help_shows_an_example(command: list[str]) -> None:
    result = CliRunner().invoke(app, [*command, "--help"], prog_name="viapublica")
    assert result.exit_code == 0
    assert f"viapublica {' '.join(command)}" in result.stdout.split("Example:", 1)[1]


def test_config_check_says_what_was_understood_without_passwords(tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    config.write_text(GOOD)
    result = viapublica("config", "check", config)
    assert result.returncode == 0
    assert "hunter2" not in result.stdout + result.stderr
    assert "neither" in result.stdout
    assert "video.mp4 is not there (yet)" in result.stderr
    plain = json.loads(viapublica("config", "check", config, "--json").stdout)
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
    result = viapublica("config", "check", config)
    assert result.returncode == 1
    assert result.stderr.startswith("error:")
    for word in words:
        assert word in result.stderr
    assert "Traceback" not in result.stderr
    assert "hunter2" not in result.stderr


def test_schema_and_explanations_cover_each_other() -> None:
    schema = json.loads(viapublica("config", "schema").stdout)
    keys = {row["key"] for row in json.loads(viapublica("config", "explain", "--json").stdout)}
    assert set(schema["properties"]) <= keys
    unknown = viapublica("config", "explain", "cameraz")
    assert unknown.returncode == 1
    assert "cameras" in unknown.stderr


@pytest.mark.real
def test_the_doctor_finds_what_is_there_and_what_is_not(models_dir: Path, tmp_path: Path) -> None:
    well = viapublica("doctor", "--json", models=models_dir)
    assert well.returncode == 0, well.stdout
    states = {finding["component"]: finding["state"] for finding in json.loads(well.stdout)}
    assert states["embedded event store (chDB)"] == "working"
    assert viapublica("doctor", models=tmp_path).returncode == 0, "our own weights need no folder"
    video = tmp_path / "video.mp4"
    video.touch()
    city = tmp_path / "city.yaml"
    city.write_text(
        f"cameras: [{{id: a, source: {video}, scope: public-road}}]\n"
        "detect: {model: yolox_nano_416}\nsinks: [{type: jsonl}]\n"
    )
    ill = viapublica("doctor", "--config", city, models=tmp_path)
    assert ill.returncode == 1
    assert "VIAPUBLICA_MODELS" in ill.stdout
    assert "broken" in ill.stdout


def test_a_command_loads_what_it_needs_and_no_other_command() -> None:
    loaded = "import sys; from pipeline.cli.app import build_app; build_app({!r}); print(*sys.modules)"

    def modules(only: str | None) -> set[str]:
        done = subprocess.run([sys.executable, "-c", loaded.format(only)], capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    assert modules("release") & {"av", "cv2", "pipeline.cli.operate.run_command"} == set()
    assert "pipeline.cli.operate.run_command" in modules(None)
    assert "pipeline.cli.operate.run_command" in modules("relase"), "so that the error can name what was meant"
