"""The HTTP API of an installation with people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from tests.app.people.conftest import city, installed
from tests.app.people.installations import Office
from tests.http_api.client import Client
from tests.http_api.persons import People

__all__ = ["city", "installed"]


@pytest.fixture
def service(city: Office) -> Iterator[Service]:
    with city.opened("viapublica") as registry:
        yield Service(registry=registry, stores=city.stores)


@pytest.fixture
def app(service: Service) -> FastAPI:
    return create_application(service)


@pytest.fixture
def client(app: FastAPI) -> Client:
    return Client(app)


@pytest.fixture
def people(app: FastAPI, city: Office) -> People:
    return People(app, city)
