"""Cameras run as the registry of cameras permits: at the start, while they run, and while it cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app.live_reload import LiveReload
from pipeline.config.load import load_config, parse_config
from pipeline.config.settings import Config
from pipeline.domain.camera import Scope
from pipeline.domain.events import AlertEvent, HealthEvent, decode
from pipeline.domain.ports import SourceState
from pipeline.engine import build
from pipeline.engine.camera_permissions import CameraPermissions
from pipeline.engine.register_watch import register_watched
from pipeline.engine.registered_cameras import TRUSTED_S, RegisteredCameras
from pipeline.engine.running_engine import RunningEngine
from pipeline.errors import AuditUnavailable, RegistryError, ReleaseError
from pipeline.governance.registry import Registry
from pipeline.policy.gate import Gate
from pipeline.storage.register_location import note_registry
from tests.engine.registered import AuditSpy, RunningRegistry
from tests.engine.test_reconfigure import City, analyzed, cameras_at, live, until
from tests.governance.entries import StoppedClock
from tests.governance.people import Changes


def _config(folder: Path, more: str = "") -> Config:
    text = "cameras:\n" + "".join(
        f"  - {{id: {name}, source: 'rtsp://10.0.0.7/{name}', scope: public-square}}\n" for name in ("a", "b")
    )
    return parse_config(text + more, folder / "city.yaml")


@pytest.fixture
def registry(tmp_path: Path) -> RunningRegistry:
    made = RunningRegistry(tmp_path / "data")
    made.approved("a")
    return made


def _registered(config: Config, clock: StoppedClock | None = None) -> RegisteredCameras:
    found = RegisteredCameras.of_config(config, clock)
    assert found is not None
    return found


def test_without_a_registry_every_camera_may_run(tmp_path: Path) -> None:
    config = _config(tmp_path)
    assert RegisteredCameras.of_config(config) is None
    with Registry(tmp_path / "data" / "viapublica-register" / "register.db", Changes(), create=True):
        pass
    assert RegisteredCameras.of_config(config) is None, "a register of disclosures without institutions"
    assert CameraPermissions(None).check(config) == {}


def test_a_registry_that_was_set_up_and_is_gone_lets_no_run_begin(tmp_path: Path) -> None:
    config, empty = _config(tmp_path), tmp_path / "empty.db"
    note_registry(config.data_dir, str(empty))
    with pytest.raises(ReleaseError, match="does not exist"):
        RegisteredCameras.of_config(config)
    with Registry(empty, Changes(), create=True):
        pass
    with pytest.raises(RegistryError, match="was set up, and has no institution now"):
        RegisteredCameras.of_config(config)
    elsewhere = _config(tmp_path, "register_database: other.db\n")
    assert elsewhere.register_database == str(tmp_path / "other.db")
    with pytest.raises(ReleaseError, match=r"other\.db: does not exist"):
        RegisteredCameras.of_config(elsewhere)


def test_a_change_of_another_process_counts_at_the_next_question(tmp_path: Path, registry: RunningRegistry) -> None:
    config = _config(tmp_path)
    registered = _registered(config)
    assert {name: why.rule for name, why in registered.not_permitted(config).items()} == {"b": "camera-not-registered"}
    registry.approved("b")
    assert registered.not_permitted(config) == {}
    registry.suspend("a")
    assert registered.not_permitted(config)["a"].rule == "camera-suspended"
    registry.resume("a")
    registry.rescind("b")
    assert {name: why.rule for name, why in registered.not_permitted(config).items()} == {"b": "camera-rescinded"}


def test_a_camera_does_not_run_with_a_longer_retention_than_its_sector_states(
    tmp_path: Path, registry: RunningRegistry
) -> None:
    registry.approved("b")
    longer = "retention: {tracks: 30, groups: [{name: x, cameras: [b], tracks: 2}]}\n"
    config = _config(tmp_path, longer)
    found = _registered(config).not_permitted(config)
    assert {name: why.rule for name, why in found.items()} == {"a": "camera-differs-from-registry"}
    assert "retention of 30 days; its sector allows 7 days" in found["a"].reason
    config = _config(tmp_path, "record: {dir: r, days: 8}\nretention: {groups: [{name: x, cameras: [a], video: 7}]}\n")
    assert list(_registered(config).not_permitted(config)) == ["b"]


def test_entries_count_for_five_minutes_while_the_registry_cannot_be_read(
    tmp_path: Path, registry: RunningRegistry
) -> None:
    config, clock = _config(tmp_path), StoppedClock()
    registered = _registered(config, clock)
    aside = registry.path.rename(registry.path.with_suffix(".aside"))
    clock.now_ms += 1000
    assert registered.not_permitted(config).keys() == {"b"}
    clock.now_ms += round(TRUSTED_S * 1000)
    assert {why.rule for why in registered.not_permitted(config).values()} == {"registry-unavailable"}
    aside.rename(registry.path)
    assert registered.not_permitted(config).keys() == {"b"}


def test_a_camera_starts_only_when_its_record_is_in_the_audit(tmp_path: Path, registry: RunningRegistry) -> None:
    config, audit = _config(tmp_path), AuditSpy()
    permissions = CameraPermissions(_registered(config), audit, "viapublica")
    assert permissions.adopt(permissions.check(config), config, start=True).keys() == {"b"}
    assert audit.facts == [("stop", ("b",), "camera-not-registered"), ("start", ("a",), "")]
    assert {entry.system_user for entry in audit.entries} == {"viapublica"}
    audit.away = True
    registry.suspend("a")
    registry.approved("b")
    found = permissions.adopt(permissions.check(config), config)
    assert {name: why.rule for name, why in found.items()} == {"a": "camera-suspended", "b": "audit-unavailable"}
    audit.away = False
    assert permissions.differs(permissions.check(config))
    assert permissions.adopt(permissions.check(config), config).keys() == {"a"}
    assert audit.facts[2:] == [("stop", ("a",), "camera-suspended"), ("resume", ("b",), "")]
    assert not permissions.differs(permissions.check(config))
    audit.away = True
    with pytest.raises(AuditUnavailable):
        CameraPermissions(_registered(config), audit).adopt({}, config, start=True)


def test_events_say_why_a_camera_does_not_run(tmp_path: Path, registry: RunningRegistry) -> None:
    config, gate = _config(tmp_path), Gate({})
    permissions = CameraPermissions(_registered(config), AuditSpy())
    permissions.adopt(permissions.check(config), config, start=True)
    assert permissions.events(gate) == [], "it may still be about to leave"
    permissions.announce()
    state, alert = (gate.admit(event) for event in permissions.events(gate))
    assert isinstance(state, HealthEvent)
    assert isinstance(alert, AlertEvent)
    reason = "it is not in the registry of cameras"
    assert (state.camera_id, state.state, state.detail) == ("b", "not-permitted", reason)
    assert (alert.rule, alert.detail) == ("camera-not-permitted", reason)
    assert permissions.events(gate) == []
    assert permissions.holds_run_open


@pytest.mark.real
def test_a_suspension_stops_a_running_stream_and_its_end_starts_it_again(
    tmp_path: Path, data_dir: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "register_watched", lambda name, recheck: register_watched(name, recheck, 0.1))
    city, audit = City(tmp_path, data_dir, models_dir), AuditSpy()
    city._more += f"record: {{dir: {tmp_path}/video, segment_s: 2}}\n"
    registry = RunningRegistry(tmp_path / "data")
    registry.approved("a")
    registry.approved("c", scope=Scope.PUBLIC_ROAD)
    with cameras_at(tmp_path, 2) as server:
        city.write(live("a", server, 0), live("c", server, 1))

        def act(running: RunningEngine, reload: LiveReload) -> None:
            until(lambda: analyzed(running, "a") > 1)
            status = running.sources()["c"]
            assert status.state is SourceState.NOT_PERMITTED
            assert "scope public-square is registered as public-road" in status.detail
            registry.suspend("a")
            until(lambda: running.engine.cameras.get("a") is None and not running.engine.permissions._waiting)
            assert running.sources()["a"].detail == "it is suspended (law 11.766/2022 art. 8 II)"
            files = sorted((tmp_path / "video" / "a").rglob("*.mp4"))
            assert files, "its recording is complete"
            assert any("does not run: it is suspended" in line for line in reload.reload().lines())
            registry.resume("a")
            until(lambda: analyzed(running, "a") > 1)
            registry.rescind("a")
            until(lambda: running.sources()["a"].detail.startswith("its cooperation was rescinded"))
            running.engine.stop()

        config = load_config(city.path)
        permissions = CameraPermissions(RegisteredCameras.of_config(config), audit, "viapublica")
        report = city.run(act, permissions)
    assert [(part.camera, part.state, bool(part.error)) for part in report.cameras] == [
        ("a", "not-permitted", True),
        ("c", "not-permitted", True),
    ]
    once = ["connecting", "streaming", "ended", "not-permitted"]
    assert city.health("a") == once * 2
    assert city.health("c") == ["not-permitted"]
    alerts = [event for event in map(decode, city.lines.read_text().splitlines()) if isinstance(event, AlertEvent)]
    assert [(one.camera_id, one.rule) for one in alerts] == [(one, "camera-not-permitted") for one in ("c", "a", "a")]
    assert audit.facts == [
        ("stop", ("c",), "camera-differs-from-registry"),
        ("start", ("a",), ""),
        ("stop", ("a",), "camera-suspended"),
        ("resume", ("a",), ""),
        ("stop", ("a",), "camera-rescinded"),
    ]
