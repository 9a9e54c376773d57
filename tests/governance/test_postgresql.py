"""The registers on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.app.people.administration import Administration
from pipeline.app.people.installation import set_up
from pipeline.domain.requester import Requester
from pipeline.domain.role import Role
from pipeline.errors import ReleaseError, ViapublicaError
from pipeline.governance import hot_list_register, incident_register, login_secrets  # noqa: F401 - add their tables
from pipeline.governance.register import Register
from pipeline.governance.tables import Base
from tests.app.people.installations import ADMINISTRATORS, Office, days, first_answers
from tests.governance.entries import StoppedClock, request
from tests.http_api.served_city import quick_hasher
from tests.servers.postgresql import PostgreSqlServer


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSqlServer]:
    with PostgreSqlServer() as running:
        yield running


@dataclass
class ServedOffice(Office):
    """An office whose register is on a server."""

    address: str = ""

    @property
    def register(self) -> str:
        return self.address


@pytest.fixture
def city(server: PostgreSqlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServedOffice:
    """With two active administrators and an analyst."""
    monkeypatch.chdir(tmp_path)  # keys and documents of a register on a server are in the working folder
    monkeypatch.setattr(login_secrets, "_hasher", quick_hasher)
    made = ServedOffice(tmp_path, StoppedClock(), server.database())
    installed = set_up(made.register, made.stores, Requester(user="root"), first_answers(made.clock), made.clock)
    for login, invitation in zip(ADMINISTRATORS, installed.invitations, strict=True):
        made.activate(login, invitation)
    made.employ("caio", Role.INTELLIGENCE_ANALYST)
    return made


def test_migrations_make_the_tables_and_protect_their_rows(city: ServedOffice) -> None:
    with Register(city.register, city.clock) as register:
        register.request(request())
    engine = create_engine(city.register)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    for statement in ("DELETE FROM journal", "UPDATE journal SET seq = 9", "TRUNCATE journal"):
        with pytest.raises(DBAPIError, match="is never altered"), engine.begin() as connection:
            connection.execute(text(statement))
    with engine.connect() as connection:
        names = set(connection.execute(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")).scalars())
    deleted, truncated = (
        {name.removesuffix(end) for name in names if name.endswith(end)} for end in ("_never_delete", "_never_truncate")
    )
    assert deleted == truncated
    engine.dispose()


def test_people_are_changed_and_audited_as_on_a_file(city: ServedOffice) -> None:
    with city.opened("ana") as opened:
        assert [one.login for one in opened.registry.people()] == ["ana", "bia", "caio"]
        Administration(opened).leave("caio")
    with city.opened("caio") as opened, pytest.raises(ViapublicaError):
        opened.actor.person()
    assert city.audit()[-1]["details"]["action"] == "leave"


def test_writers_at_once_wait_for_one_another(city: ServedOffice) -> None:
    def ask(number: int) -> str:
        with Register(city.register, city.clock) as register:
            return register.request(request(recipient=f"{number}ª Vara Criminal")).number

    with ThreadPoolExecutor(4) as pool:
        numbers = sorted(pool.map(ask, range(1, 9)))
    assert numbers == [f"2026/{number:06d}" for number in range(1, 9)]
    with Register(city.register, city.clock) as register:
        assert len(register.list()) == 8
        register.check_journal()


def test_nothing_is_answered_while_the_server_is_away(city: ServedOffice, server: PostgreSqlServer) -> None:
    with city.opened("ana") as opened:
        server.stop()
        try:
            with pytest.raises(ReleaseError, match="Check that it can be reached"):
                Administration(opened).grant("caio", Role.OBSERVER, days(city, 30))
            with pytest.raises(ReleaseError, match="Check that it can be reached"), city.opened("ana"):
                pass
        finally:
            server.start()
        assert [role.role for role in opened.registry.person("caio").roles] == [Role.INTELLIGENCE_ANALYST]
