"""Queries on the event store, the same on chDB and on ClickHouse servers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from pipeline.store.answers import convoy, events, plates, traffic, trails
from pipeline.store.backends.database import DatabaseError, EventDatabase, check_version
from pipeline.store.backends.open_database import open_database
from pipeline.store.questions import (
    Cameras,
    Convoy,
    Count,
    EventQueries,
    Events,
    Plates,
    Question,
    Speeds,
    Traffic,
    Trails,
)
from pipeline.store.settings import StoreSettings

A = TypeVar("A")

_ANSWERS: Final[dict[type[Question[Any]], Callable[..., Any]]] = {
    Plates: plates.plates,
    Events: events.events,
    Cameras: events.cameras,
    Count: events.count,
    Convoy: convoy.convoy,
    Trails: trails.trails,
    Traffic: traffic.traffic,
    Speeds: traffic.speeds,
}


class EventStore(EventQueries):
    """Answers questions from a database, which is opened by the first question and again after a failure.

    Args:
        connect: opens the database; never makes one.
    """

    def __init__(self, connect: Callable[[], EventDatabase]) -> None:
        self._connect = connect
        self._guard = threading.Lock()
        self._database: EventDatabase | None = None

    def ask(self, question: Question[A]) -> A:
        """See `EventQueries.ask`.

        Raises:
            StoreError: a senseless question, or the database failed.
        """
        answer: A = _ANSWERS[type(question)](self._rows, question)
        return answer

    def close(self) -> None:
        """Disconnect; a later question connects again."""
        with self._guard:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        database = self._opened()
        try:
            return database.rows(sql)
        except DatabaseError:
            # A connection that failed is not used again; a wrong question costs a new one, which is cheap.
            self.close()
            raise

    def _opened(self) -> EventDatabase:
        with self._guard:
            if self._database is None:
                database = self._connect()
                try:
                    check_version(database)
                except BaseException:
                    database.close()
                    raise
                self._database = database
            return self._database


def open_store(settings: StoreSettings, data_dir: Path) -> EventStore:
    """The event store, read in this process.

    Nothing is opened before the first question, so a database that is away now is no error here.

    Args:
        settings: of the sink that fills the store.
        data_dir: folder of this program's data.
    """
    return EventStore(lambda: open_database(settings, data_dir, create=False))
