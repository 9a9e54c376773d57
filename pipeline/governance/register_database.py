"""The register's database: opening, migration, transactions, and driver errors in words."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import Session

from pipeline.domain.disclosure import JournalEntry
from pipeline.domain.extras import missing_package
from pipeline.errors import MissingComponent, ReleaseError, ViapublicaError
from pipeline.governance import journal
from pipeline.governance.journal import Report
from pipeline.governance.unchanged_values import UnchangedValues
from pipeline.storage.register_location import REGISTER_FOLDER

V = TypeVar("V")
REVISION: Final = "0019"
"""The newest migration; a test compares it with the folder."""

_APPLICATION_ID: Final = 0x56504742
"""In the header of the SQLite file: "VPGB"."""
_WRITES: Final = "register_writes"


class RegisterDatabase:
    """Reading and writing transactions on the register's tables.

    Args:
        where: an SQLite file, or a SQLAlchemy address.
        create: create the SQLite file if it does not exist.
        lock_timeout_s: how long to wait for a lock of another process.
        report: receives the journal entries of each change; None for no report.

    Raises:
        ReleaseError: it cannot be opened, or is another program's.
        MissingComponent: its driver is not installed.
    """

    def __init__(self, where: str | Path, *, create: bool, lock_timeout_s: float, report: Report | None = None) -> None:
        self._report: Report = report or (lambda _entry, _failure: None)
        url = _address(where)
        self.subject = url.database or "" if _is_sqlite(url) else url.render_as_string(hide_password=True)
        self.folder = Path(self.subject).parent if _is_sqlite(url) else Path(REGISTER_FOLDER)
        if _is_sqlite(url):
            _prepare_file(Path(self.subject), create)
        self._engine = _engine(url, self.subject, lock_timeout_s)
        self._unchanged = UnchangedValues(Path(self.subject)) if _is_sqlite(url) else None
        self._lock_timeout_ms = round(lock_timeout_s * 1000)
        self._writing = self._engine.execution_options(**{_WRITES: True})
        if self._engine.dialect.name == "postgresql":
            self._engine = self._engine.execution_options(isolation_level="REPEATABLE READ")
        try:
            with self._explained():
                self._bring_up_to_date()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        if self._unchanged is not None:
            self._unchanged.close()
        self._engine.dispose()

    def unchanged(self, key: Hashable, read: Callable[[Session], V]) -> V:
        """A value read in a transaction; of SQLite again only after something in the database has changed.

        Args:
            key: names the value; read: must not depend on the time, and gives nothing that is changed later.

        Raises:
            ReleaseError: the database failed.
        """

        def reading() -> V:
            with self.reading() as session:
                return read(session)

        return reading() if self._unchanged is None else self._unchanged.get(key, reading)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read transaction with a consistent view.

        Raises:
            ReleaseError: the database failed.
        """
        with self._explained(), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """An exclusive write transaction; committed if this ends well, else rolled back.

        Its journal entries are reported first: what cannot be reported is not committed.

        Raises:
            ReleaseError: the database failed, or another process writes for too long.
        """
        reported: list[JournalEntry] = []
        try:
            with self._explained(), Session(self._writing) as session, session.begin():
                if self._engine.dialect.name == "postgresql":
                    session.execute(text(f"SET LOCAL lock_timeout = {self._lock_timeout_ms:d}"))
                    session.execute(text("LOCK TABLE journal IN EXCLUSIVE MODE"))
                yield session
                for entry in journal.take_new(session):
                    self._report(entry, "")
                    reported.append(entry)
        except BaseException as error:
            for entry in reported:
                self._report(entry, type(error).__name__)
            raise

    def _bring_up_to_date(self) -> None:
        with self._engine.connect() as connection:
            if _revision(connection, self.subject) == REVISION:
                return
        with self._writing.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_APPLICATION_ID})")
            # Another process may have been faster; Alembic then finds nothing to do.
            _revision(connection, self.subject)
            _migrate(connection)
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise ReleaseError(self.subject, *_words(str(error.orig))) from error
        except SQLAlchemyError as error:
            raise ReleaseError(self.subject, f"database error ({error})", "") from error


def _address(where: str | Path) -> URL:
    if isinstance(where, Path) or "://" not in where:
        name = str(where)
        if not name or "\0" in name:
            raise ReleaseError(f"register {name!r}", "is not a file name", "Use --register FILE")
        return URL.create("sqlite", database=name)
    try:
        return make_url(where)
    except (ArgumentError, ValueError):
        # The text may contain a password: it is not quoted.
        raise ReleaseError(
            "register", "has an invalid address", "Give a file, or postgresql+psycopg://user@host/name"
        ) from None


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and bool(url.database)


def _prepare_file(path: Path, create: bool) -> None:
    """Create the file if needed, readable by this user only."""
    if path.is_dir():
        raise ReleaseError(str(path), "is a folder, not a register", f"Give a file, such as {path / 'register.db'}")
    if path.exists():
        return
    if not create:
        raise ReleaseError(
            str(path),
            "does not exist",
            "Create it with viapublica init or viapublica release request, or name it with --config or --register",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise ReleaseError(str(path), f"cannot be created ({error.strerror})", "Choose another --register") from error


def _engine(url: URL, subject: str, lock_timeout_s: float) -> Engine:
    sqlite = url.get_backend_name() == "sqlite"
    try:
        engine = create_engine(
            url, connect_args={"timeout": lock_timeout_s} if sqlite else {}, pool_pre_ping=not sqlite
        )
    except NoSuchModuleError:
        raise ReleaseError(
            subject, f"no driver is installed for {url.drivername}", "Use an SQLite file, or postgresql+psycopg://"
        ) from None
    except ImportError as error:
        if error.name == "psycopg":
            raise missing_package("psycopg", f"is not installed, and {subject} needs it") from error
        name = error.name or url.drivername
        raise MissingComponent(name, f"is not installed, and {subject} needs it", f"pip install {name}") from error
    if sqlite:
        event.listen(engine, "connect", _settle_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _settle_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # Transactions begin explicitly: see below.
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE would delete past the triggers
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes fails if another has written meanwhile: the lock is taken first.
    # It also makes running numbers and the journal's chain safe between processes.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def _revision(connection: Connection, subject: str) -> str:
    """The database's migration; "" if it is empty.

    Raises:
        ReleaseError: it is another program's, or a newer one's.
    """
    if connection.dialect.name == "sqlite":
        identity = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        if identity not in {0, _APPLICATION_ID}:
            raise _not_ours(subject)
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables & {"disclosures", "journal"} or (tables and connection.dialect.name == "sqlite"):
            raise _not_ours(subject)
        return ""
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if found is None or "journal" not in tables:
        raise _not_ours(subject)
    if str(found) > REVISION:
        raise ReleaseError(subject, "was written by a newer viapublica", "Install that version")
    return str(found)


def _not_ours(subject: str) -> ViapublicaError:
    return ReleaseError(subject, "is another program's database, not a register", "Give another file with --register")


def _migrate(connection: Connection) -> None:
    from alembic import command  # here: only a new or older register needs it
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    settings.attributes["connection"] = connection
    command.upgrade(settings, REVISION)


_FAILURES: Final = (
    (
        ("locked", "lock timeout"),
        "another process is changing the register",
        "Try again; if it persists, find the process that has it open",
    ),
    (
        ("not a database", "malformed", "disk image"),
        "is damaged, or not a register",
        "Restore it from backup; do not write to it before",
    ),
    (
        ("readonly", "read-only", "permission denied"),
        "is not writable",
        "Fix the permissions of the file and its folder",
    ),
    (("unable to open",), "cannot be opened", "Fix the permissions of the file and its folder"),
    (("is full",), "the disk is full; nothing was changed", "Free disk space"),
)
"""Parts of drivers' messages, in lower case; problem; fix."""


def _words(message: str) -> tuple[str, str]:
    for signs, problem, fix in _FAILURES:
        if any(sign in message.lower() for sign in signs):
            return problem, fix
    return f"database error: {message.strip().splitlines()[0]}", "Check that it can be reached"
