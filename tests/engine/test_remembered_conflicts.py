"""A conflict of two cameras outlasts the run that found it, and holds in every process of the data folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.config.settings import Config
from pipeline.domain.events import AlertEvent
from pipeline.engine.host_conflicts import HostConflicts
from pipeline.engine.remembered_conflicts import remember_conflicts
from pipeline.engine.scene_watch import SceneWatch
from pipeline.engine.source_conflicts import undeclared_pairs
from pipeline.errors import ConfigError
from pipeline.policy.gate import Gate, Refusal
from tests.event_samples import plate_read

PAIR = {("road", "square"): "it shows the same scene", ("square", "road"): "it shows the same scene"}


def config_of(
    data_dir: Path, scope: str = "public-square", *, host: str = "10.0.0.8", places: tuple[str, ...] = ()
) -> Config:
    square = {"id": "square", "source": f"rtsp://{host}/a", "scope": scope, "surroundings": list(places)}
    road = {"id": "road", "source": "rtsp://10.0.0.7/b", "scope": "public-road"}
    return Config.model_validate({"version": 1, "data_dir": str(data_dir), "cameras": [square, road]})


def run(config: Config) -> Gate:
    """The gate of a new run."""
    gate = Gate({camera.id: camera.camera() for camera in config.cameras})
    remember_conflicts(gate, config)
    return gate


def found(config: Config) -> None:
    """A run finds the conflict, and ends."""
    gate = run(config)
    for (camera_id, twin), reason in PAIR.items():
        gate.forbid_plates(camera_id, twin, reason)


def test_the_next_run_refuses_from_the_begin_and_alerts(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    assert not isinstance(run(config).admit(plate_read(1, camera="road")), Refusal)
    found(config)
    gate = run(config)
    assert isinstance(gate.admit(plate_read(1, camera="road")), Refusal)
    alerts = [alert for alert in SceneWatch(gate).check([]) if isinstance(alert, AlertEvent)]
    assert {(alert.camera_id, alert.subject) for alert in alerts} == {("road", "square"), ("square", "road")}


def test_no_other_process_answers_with_what_was_stored_before_it_was_found(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    stores = ConfiguredStores.of_config(config)
    assert set(stores.without_plates()) == {"square"}
    found(config)
    assert "same scene" in stores.without_plates()["road"]
    assert stores.sensitive() == frozenset()


def test_a_camera_with_the_scene_of_a_sensitive_place_is_one(tmp_path: Path) -> None:
    config = config_of(tmp_path, "public-road", places=("clinic",))
    found(config)
    assert ConfiguredStores.of_config(config).sensitive() == {"road", "square"}
    assert run(config).sensitive() == {"road", "square"}


def test_a_conflict_ends_when_both_are_declared_alike_or_it_is_taken_back(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    found(config)
    gate = run(config)
    for pair in PAIR:
        gate.permit_plates(*pair)
    assert set(ConfiguredStores.of_config(config).without_plates()) == {"square"}
    found(config)
    alike = config_of(tmp_path, "public-road")
    assert not isinstance(run(alike).admit(plate_read(1, camera="road")), Refusal)
    assert ConfiguredStores.of_config(alike).without_plates() == {}


def test_cameras_at_one_host_are_withheld_everywhere_until_they_are_declared_apart(tmp_path: Path) -> None:
    config = config_of(tmp_path, host="10.0.0.7")
    hosts = HostConflicts(run(config))
    hosts.declare(undeclared_pairs(config))
    hosts.check()
    assert "it has the host of camera square" in ConfiguredStores.of_config(config).without_plates()["road"]
    assert "road" in run(config).without_plates()
    apart = config_of(tmp_path)
    assert "road" not in run(apart).without_plates()


def test_conflicts_that_cannot_be_read_stop_run_and_answers(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    found(config)
    (file,) = tmp_path.rglob("scene-conflicts.json")
    file.write_text("[{}]")
    for start in (lambda: run(config), ConfiguredStores.of_config(config).without_plates):
        with pytest.raises(ConfigError, match="not known which plates may be read"):
            start()
