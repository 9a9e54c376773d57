"""What a user installs: the wheel, the locks, the example configurations, the image and the compose file."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.config import load_config
from tests.cli.commands import viapublica_here
from tests.project.places import ROOT

_LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_carries_license_cards_configurations_policies_and_types(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert "pipeline/resources/models/cards/cct_xs_v1_global.yaml" in names
    assert "pipeline/resources/configs/demo.yaml" in names
    assert {"pipeline/policy/access/access.cedar", "pipeline/policy/access/access.cedarschema"} <= set(names)
    assert "pipeline/py.typed" in names


def test_the_wheel_carries_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pipeline"}
    assert not [name for name in wheel.namelist() if name.endswith((".pt", ".pyc"))]
    videos = {str(Path(name).parent) for name in wheel.namelist() if name.endswith(".mp4")}
    assert videos <= {"pipeline/decode/known_clips"}
    weights = sorted(name for name in wheel.namelist() if name.endswith((".onnx", ".bin", ".xml")))
    traffic = ("viapublica_check", "viapublica_check_int8", "viapublica_traffic", "viapublica_traffic_int8")
    ours = ("plates/viapublica_plate_corners", "plates/viapublica_plates", *(f"traffic/{name}" for name in traffic))
    assert weights == [f"pipeline/resources/models/{name}.onnx" for name in ours]


def test_the_license_is_the_whole_agpl() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.lstrip().startswith(
        "GNU AFFERO GENERAL PUBLIC LICENSE\n                       Version 3, 19 November 2007"
    )
    assert "13. Remote Network Interaction; Use with the GNU General Public License." in text
    assert text.rstrip().endswith("<https://www.gnu.org/licenses/>.")
    assert len(text) == 34523


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda path: path.name)
def test_locks_pin_with_hashes_and_name_no_registry(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "index" not in text.lower().replace("--hash", "")


def test_every_direct_dependency_is_in_the_lock_and_fits() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    extras = project["project"]["optional-dependencies"]
    wanted += [need for extra in extras if extra not in {"all", "gpu", "ultralytics"} for need in extras[extra]]
    lines = (ROOT / "requirements" / "dev.lock").read_text(encoding="utf-8").splitlines()
    locked: dict[str, list[str]] = {}
    for line in lines:
        if "==" in line:
            name, version = line.split(";")[0].rstrip(" \\").split("==")
            locked.setdefault(canonicalize_name(name), []).append(version.strip())
    for need in map(Requirement, wanted):
        versions = locked.get(canonicalize_name(need.name), [])
        assert any(need.specifier.contains(version) for version in versions), f"{need}: run `make lock`"


def test_only_the_headless_opencv_is_installed_from_the_lock() -> None:
    for lock in ("dev.lock", "run.lock"):
        lines = (ROOT / "requirements" / lock).read_text(encoding="utf-8").splitlines()
        assert [line for line in lines if line.startswith("opencv-python==") and "'never'" not in line] == []


def test_the_example_configurations_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CAMERA_PASSWORD", "CLICKHOUSE_HOST", "CLICKHOUSE_PASSWORD_FILE"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("KAFKA_BROKER", "kafka:9092")
    city = load_config(ROOT / "configs" / "city.yaml", os.environ)
    assert [sink.type for sink in city.sinks] == ["kafka"]
    assert city.event_store is not None
    assert city.event_store.type == "clickhouse"
    assert {sink.type for sink in load_config(ROOT / "configs" / "demo.yaml", os.environ).sinks} == {"chdb", "jsonl"}


def test_the_small_city_has_twelve_cameras_on_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "x")
    done = viapublica_here("config", "check", str(ROOT / "configs" / "small-city.yaml"))
    assert done.returncode == 0, done.stderr
    city = load_config(ROOT / "configs" / "small-city.yaml", os.environ)
    assert len(city.cameras) == 12
    assert {sink.type for sink in city.sinks} == {"chdb"}
    assert city.record is not None
    assert not any(camera.suggested_surroundings() for camera in city.cameras), "a name switches plate reading off"


def test_the_service_waits_longer_than_a_shutdown_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "x")
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.read(ROOT / "configs" / "systemd" / "viapublica.service", encoding="utf-8")
    service = unit["Service"]
    city = load_config(ROOT / "configs" / "small-city.yaml", os.environ)
    assert int(service["TimeoutStopSec"]) > city.engine.shutdown_timeout_s
    assert city.data_dir.is_relative_to(f"/var/lib/{service['StateDirectory']}")
    assert service["ExecStart"].split()[1:2] == ["run"]
    assert service["User"] != "root"


def test_the_shipped_fonts_have_their_licenses(wheel: zipfile.ZipFile) -> None:
    fonts = {name for name in wheel.namelist() if name.startswith("pipeline/resources/fonts/")}
    for name in (name for name in fonts if name.endswith(".ttf")):
        family = re.split(r"Sans|-", Path(name).name)[0]
        assert f"pipeline/resources/fonts/LICENSE-{family}.txt" in fonts, name


def test_compose_hands_over_what_the_city_configuration_asks_for() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    environment = services["viapublica"]["environment"]
    text = (ROOT / "configs" / "city.yaml").read_text(encoding="utf-8")
    asked = {part.split("}")[0] for part in text.split("${")[1:]}
    assert asked <= set(environment)
    assert environment["KAFKA_BROKER"].split(":")[0] in services
    assert environment["CLICKHOUSE_HOST"] in services


def test_compose_keeps_no_password_and_waits_for_health() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key:
                assert str(value).startswith(("/run/secrets/", "${")), key
    for name, condition in compose["services"]["viapublica"]["depends_on"].items():
        assert condition == {"condition": "service_healthy"}
        assert "healthcheck" in compose["services"][name]


def test_the_image_runs_as_nobody_in_particular_and_copies_no_weights() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert "USER 10001" in lines
    assert any(line.startswith("HEALTHCHECK") for line in lines)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {"!models/cards", "!models/known-answers", "!models/plates", "!models/traffic"} <= set(ignored)
    assert "!models" not in ignored


def test_the_citation_names_this_version_and_license() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {name: citation[name] for name in ("title", "version", "license")} == {
        "title": project["name"],
        "version": project["version"],
        "license": project["license"],
    }
