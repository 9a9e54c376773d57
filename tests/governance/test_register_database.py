"""Registers that are damaged, locked, newer, or another program's files."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from pipeline import governance
from pipeline.errors import MissingComponent, ReleaseError
from pipeline.governance import hot_list_register, incident_register  # noqa: F401 - each adds its tables to the metadata
from pipeline.governance.register import Register
from pipeline.governance.register_database import REVISION
from pipeline.governance.tables import Base
from tests.governance.entries import REGION, request


def test_a_new_register_is_for_this_user_only_and_readers_create_none(path: Path) -> None:
    with pytest.raises(ReleaseError, match="does not exist"):
        Register(path, create=False)
    assert not path.parent.exists()
    with Register(path):
        pass
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_migrations_create_the_tables(path: Path) -> None:
    with Register(path):
        pass
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
    settings = Config()
    settings.set_main_option("script_location", str(Path(governance.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(settings).get_heads() == [REVISION]


def test_a_damaged_file_is_reported(path: Path) -> None:
    with Register(path) as register:
        register.request(request())
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with (
        pytest.raises(ReleaseError, match=r"register\.db: is damaged.*Restore it from backup"),
        Register(path) as register,
    ):
        register.list()
    path.write_bytes(b"\x89PNG" * 5000)
    with pytest.raises(ReleaseError, match="is damaged, or not a register"):
        Register(path)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ReleaseError, match="another program's database"):
        Register(path)
    assert path.read_bytes() == before
    for sql in ("PRAGMA application_id = 77", "CREATE TABLE alembic_version (version_num)"):
        other = tmp_path / f"{len(sql)}.db"
        connection = sqlite3.connect(other)
        connection.execute(sql)
        connection.close()
        with pytest.raises(ReleaseError, match="another program's database"):
            Register(other)


def test_a_newer_register_is_not_touched(path: Path) -> None:
    with Register(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.commit()
    connection.close()
    with pytest.raises(ReleaseError, match="newer viapublica"):
        Register(path)


def test_a_lock_timeout_is_reported(path: Path) -> None:
    with Register(path, lock_timeout_s=0.1) as register:
        register.request(request())
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ReleaseError, match="another process is changing the register"):
            register.request(request())
        assert len(register.list()) == 1, "reading goes on"
        other.execute("ROLLBACK")
        other.close()
        register.request(request())
        assert len(register.list()) == 2


def test_invalid_locations_are_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReleaseError, match="is a folder"):
        Register(tmp_path)
    with pytest.raises(ReleaseError, match="cannot be created"):
        Register(tmp_path / "file" / "register.db")
    with pytest.raises(ReleaseError, match="is not a file name"):
        Register("")
    with pytest.raises(ReleaseError, match="has an invalid address"):
        Register("://")


@pytest.mark.parametrize("address", ["nothing://ana:secret@db/office", "mysql+mysqldb://ana:secret@db/office"])
def test_addresses_never_show_their_password(address: str) -> None:
    with pytest.raises((ReleaseError, MissingComponent)) as caught:
        Register(address)
    assert "secret" not in str(caught.value)


def test_names_and_values_that_are_not_text_are_stored_escaped(path: Path, tmp_path: Path) -> None:
    strange = tmp_path / "d\udcff\x1b[31m.pdf"
    strange.write_text("declaro")
    with Register(path) as register:
        number = register.request(request(), strange).number
        stored = register.get(number).declaration
        register.request_exemption(number, REGION | {"clip": "\udcff.mp4"}, "a statue", "Ana")
        assert register.get(number).exemptions[0].region["clip"] == "\udcff.mp4"
        assert register.check_journal() is None
    assert stored is not None
    assert stored.name == r"d\xff\x1b[31m.pdf"
