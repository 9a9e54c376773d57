"""Writer of events into the tables of a database, chDB or ClickHouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pipeline.domain.event_writer import EventRecord
from pipeline.errors import SinkError
from pipeline.store.backends.database import DatabaseError, EventDatabase, migrate
from pipeline.store.damaged_parts import note_damage
from pipeline.store.schema.tables import TABLES, by_days

# Servers refuse more than 100 partitions per insert by default; a day of plate reads has four.
_MOST_DAYS: Final = 24


def check_columns(database: EventDatabase) -> None:
    """Make sure that every column is there; columns that an operator added get their defaults.

    Raises:
        DatabaseError: one is missing or of another type.
    """
    for table in TABLES.values():
        there = {str(row["name"]): str(row["type"]) for row in database.rows(f"DESCRIBE TABLE {table.name}")}
        for name, kind in table.columns.items():
            if there.get(name) != kind.value:
                what = f"has type {there[name]}, not {kind.value}" if name in there else "is missing"
                raise DatabaseError(
                    database.target,
                    f"table {table.name}: the column {name} {what}",
                    f"The table was changed. Restore it with ALTER TABLE {table.name}; nothing is lost meanwhile.",
                )


class TableWriter:
    """An `EventWriter` over a database.

    Args:
        target: which database, for people.
        connect: opens the database.
    """

    def __init__(self, target: str, connect: Callable[[], EventDatabase]) -> None:
        self._target = target
        self._connect = connect
        self._database: EventDatabase | None = None
        self.damaged_parts = 0
        """Parts that the database has set aside because they are damaged, when it was opened last."""

    @property
    def target(self) -> str:
        """Which database, without credentials."""
        return self._target

    def open(self) -> None:
        """Connect and bring the schema up to date."""
        self._database = self._connect()
        migrate(self._database)
        check_columns(self._database)
        self.damaged_parts = len(note_damage(self._database))

    def write(self, records: Sequence[EventRecord]) -> None:
        """Insert the events, each kind into its table; of several rows of one event the last written wins."""
        if self._database is None:
            raise SinkError(self._target, "it is not open")
        for table in TABLES.values():
            of_kind = [record.event for record in records if type(record.event) is table.event]
            for group in by_days(of_kind, _MOST_DAYS) if of_kind else ():
                self._database.insert(table, group)

    def close(self) -> None:
        """Disconnect."""
        if self._database is not None:
            self._database.close()
            self._database = None
