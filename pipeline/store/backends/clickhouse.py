"""A ClickHouse server by its native protocol (clickhouse-driver), 18.16 or newer."""

from __future__ import annotations

import contextlib
import logging
import struct
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import structlog
from clickhouse_driver import Client, errors

from pipeline.domain.event_writer import EventRefused
from pipeline.domain.events import Event
from pipeline.errors import StoreError
from pipeline.store.backends.database import (
    CONFIDENTIAL,
    LONGEST_PROBLEM,
    UNKNOWN_DATABASE,
    VALUE_CODES,
    DatabaseError,
)
from pipeline.store.schema.tables import Table
from pipeline.store.settings import ClickHouseSettings

# What the driver raises before sending when a value does not fit its column.
_VALUE_ERRORS: Final = (errors.TypeMismatchError, struct.error, UnicodeEncodeError, OverflowError)

_READONLY: Final = 164
_NOT_LOGGED: Final = "log_queries"
_CONFIDENTIAL_TABLE: Final = "viapublica_confidential"
_LOGIN_CODES: Final = frozenset({192, 193, 194, 516})

_log = structlog.get_logger(__name__)
# The driver logs a traceback of what it raises anyway.
logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)


class ClickHouseDatabase:
    """A connection to one database of a server. Connects on first use; one statement at a time.

    Args:
        settings: where, who, how long.
        create: create the database when it is missing.

    Raises:
        ConfigError: the password cannot be read.
        DatabaseError: the server does not answer, or answers with an error.
    """

    merge_tree_settings = ""

    def __init__(self, settings: ClickHouseSettings, *, create: bool) -> None:
        self._settings = settings
        self._one_at_a_time = threading.Lock()
        self._unlogged: dict[str, int] = {_NOT_LOGGED: 0}
        self._client = self._connect(settings.database)
        if create:
            self._create_database()

    @property
    def target(self) -> str:
        """Host, port and database."""
        return f"clickhouse {self._settings.host}:{self._settings.port}/{self._settings.database}"

    def command(self, sql: str) -> None:
        """See `EventDatabase.command`."""
        self._execute(sql)

    def rows(self, sql: str, confidential: Sequence[str] = ()) -> list[dict[str, Any]]:
        """See `EventDatabase.rows`. Confidential values are sent as the data of a temporary table."""
        values: list[dict[str, Any]] = []
        if confidential:
            sql = sql.replace(CONFIDENTIAL, _CONFIDENTIAL_TABLE, 1)
            data = [{"value": value} for value in confidential]
            values = [{"name": _CONFIDENTIAL_TABLE, "structure": [("value", "String")], "data": data}]
        rows, columns = self._execute(sql, with_column_types=True, external_tables=values)
        names = [name for name, _ in columns]
        singles = [index for index, (_, kind) in enumerate(columns) if "Float32" in kind]
        return [dict(zip(names, _shortest(row, singles), strict=True)) for row in rows]

    def insert(self, table: Table, events: Sequence[Event]) -> None:
        """See `EventDatabase.insert`."""
        columns = list(table.values(events).values())
        statement = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES"
        with self._one_at_a_time:
            try:
                with self._errors():
                    self._client.execute(statement, columns, columnar=True)
            except _VALUE_ERRORS as error:
                raise EventRefused(table.name, f"a value does not fit its column: {error}") from error
            except DatabaseError as error:
                if error.code in VALUE_CODES:
                    raise EventRefused(table.name, error.problem) from error
                raise

    def close(self) -> None:
        """See `EventDatabase.close`."""
        with contextlib.suppress(Exception):
            self._client.disconnect()

    def _execute(self, sql: str, **how: Any) -> Any:
        """Run a statement that the server is asked not to log: plates and places stand in it.

        A login that may not change settings (``readonly = 1``) gets its statements logged as the server likes.
        """
        with self._one_at_a_time:
            try:
                with self._errors():
                    return self._client.execute(sql, settings=self._unlogged, **how)
            except DatabaseError as error:
                if error.code != _READONLY or not self._unlogged or _NOT_LOGGED not in error.problem:
                    raise
            self._unlogged = {}
            _log.warning(
                "server_may_log_queries",
                store=self.target,
                fix="Let this login change settings (readonly = 2), or set log_queries = 0 in its profile",
            )
            with self._errors():
                return self._client.execute(sql, **how)

    def _connect(self, database: str) -> Client:
        settings, tls = self._settings, self._settings.tls
        encryption: dict[str, Any] = {}
        if tls is not None:
            encryption = {
                "secure": True,
                "verify": True,
                "check_hostname": tls.verify_hostname,
                **({"ca_certs": str(tls.ca_file)} if tls.ca_file else {}),
                **({"certfile": str(tls.cert_file)} if tls.cert_file else {}),
                **({"keyfile": str(tls.key_file)} if tls.key_file else {}),
            }
        return Client(
            host=settings.host,
            port=settings.port,
            database=database,
            user=settings.login.user,
            password=settings.login.secret(),
            connect_timeout=settings.connect_timeout_s,
            send_receive_timeout=settings.timeout_s,
            sync_request_timeout=settings.timeout_s,
            client_name="viapublica",
            **encryption,
        )

    def _create_database(self) -> None:
        try:
            self.command("SELECT 1")
        except DatabaseError as error:
            if error.code != UNKNOWN_DATABASE:
                raise
            self.close()
            self._client = self._connect("default")
            self.command(f"CREATE DATABASE IF NOT EXISTS {self._settings.database}")
            self.close()
            self._client = self._connect(self._settings.database)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Translate the driver's errors; after any of them the connection is dropped, the next use connects again."""
        try:
            yield
        except BaseException as error:
            self.close()
            if isinstance(error, _VALUE_ERRORS):
                raise
            if isinstance(error, errors.ServerException):
                raise self._server_error(error) from error
            if isinstance(error, (errors.Error, OSError, EOFError)):
                reason = " ".join(str(error).split())[:LONGEST_PROBLEM] or type(error).__name__
                raise DatabaseError(
                    self.target, f"no answer: {reason}", "Is the server running, and reachable from here?"
                ) from error
            raise

    def _server_error(self, error: errors.ServerException) -> StoreError:
        code = int(error.code or 0)
        lines = str(error.message).split("Stack trace:")[0]
        problem = " ".join(lines.split())[:LONGEST_PROBLEM]
        if code in _LOGIN_CODES:
            return DatabaseError(
                self.target, f"the login of user {self._settings.login.user!r} was refused", "Check login.", code=code
            )
        return DatabaseError(self.target, problem, code=code)


def _shortest(row: tuple[Any, ...], singles: list[int]) -> tuple[Any, ...]:
    """The row with each float32 as the shortest decimal that means it: 0.9134, not 0.9133999943733215."""
    if not singles:
        return row
    values = list(row)
    for index in singles:
        if values[index] is not None:
            values[index] = float(str(np.float32(values[index])))
    return tuple(values)
