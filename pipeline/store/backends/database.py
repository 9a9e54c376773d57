"""Interface of the event store's databases, SQL literals, and the schema version."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import Any, Final, Protocol

from pipeline.domain.events import Event
from pipeline.errors import StoreError
from pipeline.store.schema.migrations import LATEST, MIGRATIONS, VERSION_TABLE
from pipeline.store.schema.tables import Table

_PLACEHOLDER = re.compile(r"\{(\w+)\}")

UNKNOWN_TABLE: Final = 60
FILL_IT: Final = "Start `viapublica run`, or `viapublica kafka ingest` where events come by Kafka."
"""How an event store comes into being."""
UNKNOWN_DATABASE: Final = 81

VALUE_CODES: Final = frozenset({6, 26, 27, 53, 69, 70, 72, 131, 321, 349})
"""Error codes for a wrong value: parse, type, range, length, unexpected NULL."""

CONFIDENTIAL: Final = "{confidential}"
"""In a query: a subquery with the column `value`, whose texts are passed beside the statement."""

LONGEST_PROBLEM: Final = 500
"""Characters of the engine's message that are passed on; some hold whole queries."""


class DatabaseError(StoreError):
    """The database answered with an error, or not at all.

    Args:
        subject: which database; problem, fix: see `ViapublicaError`.
        code: ClickHouse's error code, 0 when it did not answer.
    """

    def __init__(self, subject: str, problem: str, fix: str = "", *, code: int = 0) -> None:
        super().__init__(subject, problem, fix)
        self.code = code


class EventDatabase(Protocol):
    """A connection to an event store. Methods raise `DatabaseError`; safe from several threads."""

    @property
    def target(self) -> str:
        """Which database, for people, without credentials."""
        ...

    @property
    def merge_tree_settings(self) -> str:
        """Further settings of new tables, starting with a comma; "" for none."""
        ...

    def command(self, sql: str) -> None:
        """Run a statement without a result."""
        ...

    def rows(self, sql: str, confidential: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Run a query; one dict per row.

        Args:
            sql: the query. It may use the subquery `CONFIDENTIAL` once, before any value from outside.
            confidential: the texts of that subquery, which stand in no log or history of a server.
        """
        ...

    def insert(self, table: Table, events: Sequence[Event]) -> None:
        """Insert events of the table's kind; on the disk of the database when this returns.

        Raises:
            Refused: at least one event does not fit its column.
        """
        ...

    def close(self) -> None:
        """Disconnect; may be called twice; never raises."""
        ...


def literal(value: object) -> str:
    """An SQL literal that reads back as `value`: an int, a str, or a sequence of them.

    Only backslash and quote have a meaning inside ClickHouse's quotes, in every version; NUL is escaped for the sake
    of clients that end a query there.

    Raises:
        StoreError: text that is no Unicode, as a terminal with another encoding passes it on.
        TypeError: any other type.
    """
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise StoreError(f"text {value[:40]!a}", "is not UTF-8", "Set the terminal to UTF-8 and type it again")
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\0", "\\0")
        return f"'{escaped}'"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(literal(item) for item in value)}]"
    raise TypeError(f"no SQL literal for {type(value).__name__}")


def bind(sql: str, values: dict[str, object]) -> str:
    """`sql` with each ``{name}`` replaced by the literal of its value, in one pass: values are not searched.

    Raises:
        KeyError: a name without a value.
    """
    return _PLACEHOLDER.sub(lambda match: literal(values[match[1]]), sql)


def stored_version(database: EventDatabase) -> int:
    """Version of the schema in the database, 0 when it has none of our tables."""
    try:
        rows = database.rows("SELECT max(version) AS version FROM schema_version")
    except DatabaseError as error:
        if error.code in {UNKNOWN_TABLE, UNKNOWN_DATABASE}:
            return 0
        raise
    return int(rows[0]["version"])


def check_version(database: EventDatabase) -> None:
    """Make sure that queries of this program fit the tables.

    Raises:
        StoreError: there are no tables, they are older, or of a newer program.
    """
    version = stored_version(database)
    if version == 0:
        raise StoreError(database.target, "there is no event store yet", FILL_IT)
    if version > LATEST:
        raise _newer(database, version)
    if version < LATEST:
        raise StoreError(
            database.target,
            f"the event store has schema {version}, this program needs {LATEST}",
            f"{FILL_IT} Either brings the schema up to date.",
        )


def migrate(database: EventDatabase) -> None:
    """Bring the schema up to date; does nothing, and needs no rights to do it, when it is.

    Raises:
        StoreError: the store was written by a newer program.
        DatabaseError: a statement failed; what was done stays and the next try goes on from there.
    """
    version = stored_version(database)
    if version > LATEST:
        raise _newer(database, version)
    if version == LATEST:
        return
    database.command(VERSION_TABLE)
    for migration in MIGRATIONS:
        if migration.version <= version:
            continue
        for statement in migration.statements:
            database.command(statement.replace("{merge_tree_settings}", database.merge_tree_settings))
        for table, name, kind in migration.columns:
            if name not in {row["name"] for row in database.rows(f"DESCRIBE TABLE {table}")}:
                database.command(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
        database.command(
            bind(
                "INSERT INTO schema_version (version, name, applied_ms) SELECT {version}, {name}, {now}",
                {"version": migration.version, "name": migration.name, "now": time.time_ns() // 1_000_000},
            )
        )


def _newer(database: EventDatabase, version: int) -> StoreError:
    return StoreError(
        database.target,
        f"the event store has schema {version}, this program knows up to {LATEST}: a newer program wrote it",
        "Update this program.",
    )
