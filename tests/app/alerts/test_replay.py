"""The rules of a camera on a clip: what they would have reported, and nothing stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.app.alerts import replay as module
from pipeline.app.alerts.replay import Replay, has_zones, replayed_alerts
from pipeline.config.settings import Config
from pipeline.domain.alert_sentences import alert_sentence
from pipeline.errors import ConfigError
from tests.cli.commands import viapublica_here
from tests.decode.clips import Recipe, encode
from tests.engine.networks import PersonWithFace

ROADWAY = {"name": "road", "kind": "roadway", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("clips") / "road.mp4", Recipe(frames=60, fps=10))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr(module, "build_detector", lambda *_: PersonWithFace())
    camera = {"id": "cam", "source": "rtsp://10.0.0.7/x", "scope": "public-road", "areas": {"zones": [ROADWAY]}}
    return Config.model_validate({"data_dir": tmp_path / "data", "cameras": [camera]})


def test_alerts_say_where_in_the_clip_they_were_made(config: Config, clip: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    begun, ended = replayed_alerts(config, Replay(clip, "cam", on_position=shares.append))
    assert (begun.alert.rule, begun.alert.phase, ended.alert.phase) == ("person-on-roadway", "begun", "ended")
    assert begun.at_s == pytest.approx(2.1, abs=0.2)
    assert begun.began_s == pytest.approx(0, abs=0.2)
    assert ended.at_s == pytest.approx(5.9, abs=0.2)
    assert alert_sentence(begun.alert).startswith("A person is on the roadway (road)")
    assert max(shares) > 0.5
    assert not (tmp_path / "data").exists(), "nothing is stored"


def test_other_thresholds_can_be_tried(config: Config, clip: Path) -> None:
    assert not list(replayed_alerts(config, Replay(clip, "cam", {"on_roadway_s": 30})))
    with pytest.raises(ConfigError, match=r"no_such.*Thresholds are: stopped_s"):
        list(replayed_alerts(config, Replay(clip, "cam", {"no_such": 3})))
    with pytest.raises(ConfigError, match="on_roadway_s"):
        list(replayed_alerts(config, Replay(clip, "cam", {"on_roadway_s": 0})))


def test_a_camera_without_zones_and_an_unknown_one_are_named(config: Config, clip: Path) -> None:
    assert has_zones(config, "cam")
    with pytest.raises(ConfigError, match="Name one of: cam"):
        list(replayed_alerts(config, Replay(clip, "cem")))


def test_the_commands_show_the_alerts_and_thresholds(config: Config, clip: Path, tmp_path: Path) -> None:
    path = tmp_path / "city.yaml"
    path.write_text(
        "data_dir: data\ncameras:\n- {id: cam, source: 'rtsp://10.0.0.7/x', scope: public-road, areas: {zones: "
        "[{name: road, kind: roadway, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]}]}}\n"
    )
    shown = viapublica_here("alerts", "replay", clip, "--camera", "cam", "--config", path, "--json")
    assert shown.returncode == 0, shown.stderr
    first = json.loads(shown.stdout.splitlines()[0])
    assert (first["rule"], first["phase"], first["subject"]) == ("person-on-roadway", "begun", "road")
    assert "person is on the roadway" in first["text"]
    table = viapublica_here("alerts", "replay", clip, "--camera", "cam", "--config", path, "--locale", "pt-BR")
    assert "pista de veículos" in " ".join(table.stdout.split())
    wrong = viapublica_here("alerts", "replay", clip, "--camera", "cam", "--config", path, "--threshold", "ten")
    assert wrong.returncode == 2
    used = viapublica_here("alerts", "thresholds", "--config", path, "--json")
    assert {json.loads(line)["name"] for line in used.stdout.splitlines()} >= {"stopped_s", "empty_s"}
