"""People and cameras of the demo."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.app import demo
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.demo_people import add_people
from pipeline.app.people.log_in import sign_in
from pipeline.app.people.open_registry import open_registry
from pipeline.config.load import load_config
from pipeline.domain.camera import Camera, Scope
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.engine.registered_cameras import RegisteredCameras
from pipeline.governance import login_secrets
from pipeline.governance.login_secrets import totp_code
from tests.http_api.served_city import quick_hasher


def test_everyone_logs_in_as_shown_and_a_second_start_makes_no_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_secrets, "_hasher", quick_hasher)
    stores, where = ConfiguredStores.of_data_dir(tmp_path / "data"), str(tmp_path / "register.db")
    scopes = {"bikes": Scope.PUBLIC_SQUARE, "plate-scene": Scope.PUBLIC_ROAD}
    cameras = {name: Camera(camera_id=name, name=f"vídeo {name}", scope=scope) for name, scope in scopes.items()}
    made = add_people(where, stores, cameras)
    assert [one.role for one in made] == [
        Role.GENERAL_ADMINISTRATOR,
        Role.GENERAL_ADMINISTRATOR,
        Role.OPERATOR,
        Role.INTELLIGENCE_ANALYST,
        Role.DISCLOSURE_OFFICER,
        Role.AUDITOR,
    ]
    assert add_people(where, stores, cameras) == ()
    with open_registry(where, stores, Requester(user="viapublica")) as opened:
        for one in made:
            next_code = totp_code(one.secret, opened.clock.wall_ms() + 30_000)
            assert sign_in(opened, one.login, one.password, next_code, "test").person.login == one.login
        registered = opened.registry.cameras()
        administrator = opened.registry.person(made[0].login).roles_at(opened.clock.wall_ms())
    assert set(administrator) == {Role.GENERAL_ADMINISTRATOR, Role.OBSERVER}
    assert {one.camera_id: bool(one.plates_by) for one in registered} == {"bikes": False, "plate-scene": True}
    assert all(one.approved_ms for one in registered)


def test_its_cameras_may_run_with_the_retention_that_they_are_declared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_secrets, "_hasher", quick_hasher)
    monkeypatch.setattr(demo, "bikes", lambda: tmp_path / "demo.yaml")
    monkeypatch.setattr(demo, "render", lambda path, **_: path.touch())
    (tmp_path / "demo.yaml").touch()
    config = load_config(demo.prepare_demo(tmp_path / "demo"))
    stores = ConfiguredStores.of_config(config)
    add_people(str(tmp_path / "demo" / "register.db"), stores, stores.cameras or {})
    registered = RegisteredCameras.of_config(config)
    assert registered is not None
    assert registered.not_permitted(config) == {}
