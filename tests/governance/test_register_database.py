"""Files that are no register, damaged, locked, newer, or another program's."""

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
from pipeline.governance.register import Register
from pipeline.governance.register_database import REVISION
from pipeline.governance.tables import Base
from tests.governance.entries import request


def test_a_new_register_is_for_us_alone_and_readers_make_none(path: Path) -> None:
    with pytest.raises(ReleaseError, match="there is no register yet"):
        Register(path, create=False)
    assert not path.parent.exists()
    with Register(path):
        pass
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_migrations_make_what_the_tables_say(path: Path) -> None:
    with Register(path):
        pass
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
    settings = Config()
    settings.set_main_option("script_location", str(Path(governance.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(settings).get_heads() == [REVISION]


def test_a_damaged_file_is_named(path: Path) -> None:
    with Register(path) as register:
        register.request(request())
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    with (
        pytest.raises(ReleaseError, match=r"register\.db: is damaged.*Bring back a backup"),
        Register(path) as register,
    ):
        register.list()
    path.write_bytes(b"\x89PNG" * 5000)
    with pytest.raises(ReleaseError, match="is damaged, or no register at all"):
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


def test_who_waits_too_long_for_another_process_is_told(path: Path) -> None:
    with Register(path, patience_s=0.1) as register:
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


def test_places_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReleaseError, match="is a folder"):
        Register(tmp_path)
    with pytest.raises(ReleaseError, match="cannot be made"):
        Register(tmp_path / "file" / "register.db")
    with pytest.raises(ReleaseError, match="names no file"):
        Register("")
    with pytest.raises(ReleaseError, match="is not understood"):
        Register("://")


@pytest.mark.parametrize("address", ["nothing://ana:secret@db/book", "mysql+mysqldb://ana:secret@db/book"])
def test_addresses_never_show_their_password(address: str) -> None:
    with pytest.raises((ReleaseError, MissingComponent)) as caught:
        Register(address)
    assert "secret" not in str(caught.value)


def test_names_and_values_that_are_no_text_are_kept_escaped(path: Path, tmp_path: Path) -> None:
    strange = tmp_path / "d\udcff\x1b[31m.pdf"
    strange.write_text("declaro")
    with Register(path) as register:
        number = register.request(request(), strange).number
        kept = register.get(number).declaration
        register.ask_uncover(number, {"clip": "\udcff.mp4"}, "a statue", "Ana")
        assert register.get(number).uncoverings[0].region == {"clip": "\udcff.mp4"}
        assert register.check_journal() is None
    assert kept is not None
    assert kept.name == r"d\xff\x1b[31m.pdf"
