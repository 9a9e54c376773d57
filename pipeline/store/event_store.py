"""The event store as this process reads it, the same on chDB and on ClickHouse servers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import structlog

from pipeline.domain.requester import Requester
from pipeline.store.answers.registry import ANSWERS, WITHOUT_ROWS
from pipeline.store.backends.database import DatabaseError, EventDatabase, check_version
from pipeline.store.backends.open_database import open_database
from pipeline.store.query_guard import QueryGuard
from pipeline.store.questions import QueryBackend, Question, Withheld
from pipeline.store.settings import StoreSettings

A = TypeVar("A")
_log = structlog.get_logger(__name__)
_CLOSE_S: Final = 5.0


class EventStore(QueryBackend):
    """Answers questions from a database, which is opened by the first question and again after a failure.

    Args:
        connect: opens the database; never makes one.
        without_plates: the cameras whose stored plates no answer may use, with the reason, as they are declared now.
        sensitive: the cameras with sensitive surroundings, as they are declared now.
    """

    def __init__(
        self,
        connect: Callable[[], EventDatabase],
        without_plates: Callable[[], Mapping[str, str]],
        sensitive: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._connect = connect
        self._sensitive = sensitive
        self._without_plates = without_plates
        self._guard = threading.Lock()
        self._database: EventDatabase | None = None

    def ask(self, question: Question[A], requester: Requester) -> A:  # noqa: ARG002 - access rules act in the door above
        """See `QueryBackend.ask`.

        Raises:
            StoreError: a senseless question, or the database failed.
        """
        guard = QueryGuard(
            {**question.withheld, **self._without_plates()},
            question.declared,
            question.subjects,
            sensitive={*question.sensitive, *self._sensitive()},
        )
        if isinstance(question, Withheld):
            return cast(A, guard.withheld_reads(self._rows, question))
        guarded = (lambda sql: sql) if type(question) in WITHOUT_ROWS else guard.guarded
        answer: A = ANSWERS[type(question)](lambda sql: self._rows(guarded(sql)), question)
        return guard.bounded(answer)

    def close(self) -> None:
        """Disconnect; a later question connects again. A database that does not answer is left to the process's end."""
        closer = threading.Thread(target=self._disconnect, name="store-close", daemon=True)
        closer.start()
        closer.join(_CLOSE_S)
        if closer.is_alive():
            _log.warning("event_store_does_not_close", after_s=_CLOSE_S)

    def _disconnect(self) -> None:
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


def open_event_store(
    settings: StoreSettings,
    data_dir: Path,
    without_plates: Callable[[], Mapping[str, str]],
    sensitive: Callable[[], Iterable[str]] = tuple,
) -> EventStore:
    """The event store, read in this process: for the process that owns it, and for what a server holds.

    Nothing is opened before the first question, so a database that is unreachable now is no error here.

    Args:
        settings: of the sink that fills the store.
        data_dir: folder of this program's data.
        without_plates, sensitive: see `EventStore`.
    """
    return EventStore(lambda: open_database(settings, data_dir, create=False), without_plates, sensitive)
