"""The console of an installation with a person of each role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI

from pipeline.console.application import add_console
from pipeline.governance import login_secrets
from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from tests.app.people.installations import Office
from tests.console.staffed_city import fill_incidents, staff
from tests.console.visitors import Visitors
from tests.governance.entries import StoppedClock
from tests.http_api.conftest import installed, populated
from tests.http_api.listed_plates import share_cameras
from tests.http_api.served_city import quick_hasher, stores_of

__all__ = ["installed", "populated"]
EVENTS = shutil.ignore_patterns("events", "spool")


@pytest.fixture(scope="session")
def staffed(populated: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A city with people of each role, made once."""
    folder = tmp_path_factory.mktemp("staffed") / "city"
    fill_incidents(populated)  # its event store cannot be copied
    shutil.copytree(populated.folder, folder, ignore=EVENTS)
    made = Office(folder, StoppedClock(populated.clock.now_ms))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(login_secrets, "_hasher", quick_hasher)
        staff(made)
    share_cameras(made)
    return made


@pytest.fixture
def city(staffed: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A copy of it."""
    monkeypatch.setattr(login_secrets, "_hasher", quick_hasher)
    shutil.copytree(staffed.folder, tmp_path / "city")
    return Office(tmp_path / "city", StoppedClock(staffed.clock.now_ms))


@pytest.fixture
def service(city: Office, populated: Office) -> Iterator[Service]:
    with city.opened("viapublica") as registry:
        stores = stores_of(city, populated.stores.data_dir)
        with closing(Service(register=city.register, registry=registry, stores=stores)) as service:
            yield service


@pytest.fixture
def app(service: Service) -> FastAPI:
    return add_console(create_application(service))


@pytest.fixture
def visitors(app: FastAPI, city: Office) -> Visitors:
    return Visitors(app, city)
