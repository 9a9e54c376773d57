from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.planning.measured import read_devices, write_device
from tests.cli.commands import viapublica_here
from tests.decode.clips import Recipe, encode
from tests.engine.networks import AlwaysA, PersonWithFace
from tests.planning.devices import device
from tests.project.places import ROOT


@pytest.fixture(name="devices")
def _devices(tmp_path: Path) -> Path:
    path = tmp_path / "devices.yaml"
    write_device(path, device())
    return path


def _plan(*arguments: str | Path) -> dict[str, Any]:
    done = viapublica_here("plan", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    plan: dict[str, Any] = json.loads(done.stdout)
    return plan


def test_a_city_is_planned_with_the_device_that_comes_with_viapublica() -> None:
    plan = _plan("--cameras", "20000", "--size", "1080p", "--rate", "5", "--prices", ROOT / "configs" / "prices.yaml")
    rows = plan["rows"]
    for name in ("nodes", "recording_disk", "network_from_cameras", "event_store", "kafka_partitions"):
        assert 0 < rows[name]["low"] <= rows[name]["typical"] <= rows[name]["high"], name
        assert rows[name]["basis"]
    assert rows["cost_camera_month"]["unit"] == "BRL"
    assert plan["missing_prices"] == []
    assert plan["made_up_prices"]
    assert plan["assumptions"]


def test_without_cameras_the_plan_is_for_one_machine(devices: Path) -> None:
    plan = _plan("--devices", devices, "--size", "720p")
    assert plan["rows"]["nodes"]["high"] == 1
    assert plan["cameras"] == plan["rows"]["cameras_per_node"]["typical"]


def test_the_table_is_portuguese_where_that_is_asked(devices: Path) -> None:
    done = viapublica_here("plan", "--devices", devices, "--size", "720p", "--cameras", "1200", "--locale", "pt-BR")
    assert done.returncode == 0, done.stderr
    assert "Plano para 1.200 câmeras em by-hand" in done.stdout
    assert "custo: informe os preços" in done.stdout
    assert "assumption" not in done.stdout


def test_a_portuguese_plan_has_no_english_word_of_the_devices_and_names_prices_that_are_made_up() -> None:
    words = ("plan", "--cameras", "10", "--prices", ROOT / "configs" / "prices.yaml", "--locale", "pt-BR")
    done = viapublica_here(*words)
    assert done.returncode == 0, done.stderr
    shown = " ".join((done.stdout + done.stderr).split())
    assert "núcleos" in shown
    assert "preços: fictícios" in shown
    for english in (" cores ", " runs over ", "a given video", "rendered traffic"):
        assert english not in shown


def test_a_configuration_gives_retention_and_recording(devices: Path, tmp_path: Path) -> None:
    config = tmp_path / "city.yaml"
    config.write_text(
        "cameras: [{id: a, source: a.mp4, scope: public-road}]\nretention: {counts: 1}\n", encoding="utf-8"
    )
    arguments = ("--devices", devices, "--size", "720p", "--cameras", "100")
    with_it, without = _plan(*arguments, "--config", config), _plan(*arguments)
    assert with_it["rows"]["event_store"]["typical"] < without["rows"]["event_store"]["typical"]
    assert with_it["rows"]["recording_disk"]["high"] == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--size", "huge"), "not a size"),
        (("--rate", "50"), "more than the video's 25"),
        (("--measure", "--device", "x"), "cannot be combined"),
        (("--clip", "x.mp4"), "belong to a measurement"),
        (("--devices", "none.yaml"), "cannot be read"),
        (("--prices", "none.yaml", "--measure"), "cannot be read"),
        (("--measure", "--clip", "none.mp4"), "does not exist"),
    ],
)
def test_options_that_cannot_be_used_are_refused(arguments: tuple[str, ...], problem: str) -> None:
    done = viapublica_here("plan", *arguments)
    assert done.returncode == 1
    assert problem in done.stderr


def test_this_machine_is_measured_written_and_planned_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engine.device_fallback.build_detector", lambda *_: PersonWithFace())
    monkeypatch.setattr("pipeline.engine.device_fallback.build_reader", lambda *_: AlwaysA())
    clip, target = encode(tmp_path / "clip.mp4", Recipe(frames=12)), tmp_path / "devices.yaml"
    video = ("--size", "320x180", "--traffic", "dense", "--load", "100")
    plan = _plan("--measure", *video, "--seconds", "1", "--clip", clip, "--out", target)
    (measured,) = read_devices(target).devices
    assert {cost.rate for cost in measured.costs} == {1.0, 5.0}
    assert all(0 < cost.analyzed <= 1 for cost in measured.costs), "adaptive analysis skips frames"
    assert plan["rows"]["cameras_per_node"]["typical"] >= 1
    again = _plan("--devices", target, *video)
    assert again["rows"]["cameras_per_node"] == plan["rows"]["cameras_per_node"]
