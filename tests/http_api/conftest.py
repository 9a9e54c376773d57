"""The HTTP API of an installation with people."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from pipeline.http_api.application import create_application
from pipeline.http_api.service import Service
from tests.app.people.conftest import city, installed
from tests.app.people.installations import Office
from tests.http_api.client import Client

__all__ = ["city", "installed"]


@pytest.fixture
def service(city: Office) -> Service:
    return Service(register=city.register, stores=city.stores, clock=city.clock)


@pytest.fixture
def app(service: Service) -> FastAPI:
    return create_application(service)


@pytest.fixture
def client(app: FastAPI) -> Client:
    return Client(app)
