"""Fixtures shared by the tests of stores, sinks and ingest: the two databases and a broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.sink.settings import ChdbSinkSettings, ClickHouseSinkSettings
from pipeline.store.backends.database import EventDatabase, migrate
from pipeline.store.backends.open_database import open_database
from pipeline.store.settings import Credentials
from tests.servers.clickhouse import PASSWORD, ClickHouseServer
from tests.servers.kafka import KafkaBroker


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A server for all tests that do not hurt it."""
    with ClickHouseServer(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


@pytest.fixture(scope="session")
def broker() -> Iterator[KafkaBroker]:
    """A broker for all tests that do not hurt it."""
    with KafkaBroker() as broker:
        yield broker


def clickhouse_settings(server: ClickHouseServer, **changes: object) -> ClickHouseSinkSettings:
    """Settings for the test server, impatient."""
    login = Credentials(user="operator", password=PASSWORD)  # type: ignore[arg-type]
    values: dict[str, object] = {
        "port": server.port,
        "login": login,
        "batch_interval_s": 0.05,
        "retry_initial_s": 0.05,
        "retry_max_s": 0.2,
        "connect_timeout_s": 1,
        "timeout_s": 3,
        "close_timeout_s": 3,
    }
    return ClickHouseSinkSettings.model_validate(values | changes)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each client and each store has its turn; all pairs of them are for `make soak`."""
    for item in items:
        params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if (params.get("client"), params.get("store_settings")) in {
            ("confluent", "chdb"),
            ("kafka-python", "clickhouse"),
        }:
            item.add_marker(pytest.mark.soak)


@pytest.fixture(params=["chdb", "clickhouse"])
def store_settings(request: pytest.FixtureRequest) -> ChdbSinkSettings | ClickHouseSinkSettings:
    """Settings of each kind of event store, empty."""
    if request.param == "chdb":
        return ChdbSinkSettings(batch_interval_s=0.05, retry_initial_s=0.05, retry_max_s=0.2, close_timeout_s=3)
    server = request.getfixturevalue("clickhouse_server")
    return clickhouse_settings(server, database=f"test_{abs(hash(request.node.nodeid)):x}")


@pytest.fixture
def clickhouse_store(request: pytest.FixtureRequest, clickhouse_server: ClickHouseServer) -> ClickHouseSinkSettings:
    """Settings of an empty database on the server."""
    return clickhouse_settings(clickhouse_server, database=f"test_{abs(hash(request.node.nodeid)):x}")


@pytest.fixture
def database(store_settings: ChdbSinkSettings | ClickHouseSinkSettings, tmp_path: Path) -> Iterator[EventDatabase]:
    """An open database with our tables, empty."""
    database = open_database(store_settings, tmp_path, create=True)
    migrate(database)
    yield database
    database.close()
