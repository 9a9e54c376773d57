"""The HTTP API of an installation with people."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI

from pipeline.governance import login_secrets
from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from tests.app.people.conftest import installed
from tests.app.people.installations import Office
from tests.governance.entries import StoppedClock
from tests.http_api.client import Client
from tests.http_api.persons import People
from tests.http_api.served_city import populate, quick_hasher, stores_of, weaken

__all__ = ["installed"]


@pytest.fixture(scope="session")
def populated(installed: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A city with people, cameras and events, made once; its passwords are hashed quickly."""
    folder = tmp_path_factory.mktemp("served") / "city"
    shutil.copytree(installed.folder, folder)
    made = Office(folder, StoppedClock(installed.clock.now_ms))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(login_secrets, "_hasher", quick_hasher)
        populate(made)
    weaken(made.register)
    return made


@pytest.fixture
def city(populated: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A copy of it."""
    monkeypatch.setattr(login_secrets, "_hasher", quick_hasher)
    shutil.copytree(populated.folder, tmp_path / "city", ignore=shutil.ignore_patterns("events", "spool"))
    return Office(tmp_path / "city", StoppedClock(populated.clock.now_ms))


@pytest.fixture
def service(city: Office, populated: Office) -> Iterator[Service]:
    with city.opened("viapublica") as registry:
        stores = stores_of(city, populated.stores.data_dir)
        with closing(Service(register=city.register, registry=registry, stores=stores)) as service:
            yield service


@pytest.fixture(scope="session")
def routes(populated: Office) -> Iterator[FastAPI]:
    """An application, whose description is made once."""
    with populated.opened("viapublica") as registry:
        stores = stores_of(populated, populated.stores.data_dir)
        yield create_application(Service(register=populated.register, registry=registry, stores=stores))


@pytest.fixture
def app(routes: FastAPI, service: Service) -> FastAPI:
    """The application of the test's city; a test that adds routes makes one of its own."""
    routes.state.service = service
    return routes


@pytest.fixture
def client(app: FastAPI) -> Client:
    return Client(app)


@pytest.fixture
def people(app: FastAPI, city: Office) -> People:
    return People(app, city)
