"""The event store of a process that answers many questions, such as the HTTP API: opened once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.app.queries import open_backend
from pipeline.domain.requester import Requester
from pipeline.errors import StoreBusy
from pipeline.store.event_store import EventStore
from pipeline.store.local_endpoint import StoreServer, endpoint_path
from pipeline.store.questions import QueryBackend, Question
from pipeline.store.recent_answers import RecentAnswers, RememberedStore

A = TypeVar("A")
_RELEASED_S: Final = 3.0
"""Time for the program that an embedded store was released for to open it."""
_LONGEST_QUESTION_S: Final = 20.0
"""Time for questions that are being answered when the store is to be closed."""


class SharedStore:
    """A context manager; safe from any thread.

    A question that was answered within the last second, as pages of many people ask it, gets the same answer.

    An embedded store that a run owns is asked over its local endpoint. Else this process owns it from its first
    question on, answers others at the endpoint, and gives it up when another program asks for it, such as a run.

    Args:
        stores: which store.
    """

    def __init__(self, stores: ConfiguredStores) -> None:
        self._stores = stores
        self._changed = threading.Condition()
        self._store: EventStore | None = None
        self._endpoint: StoreServer | None = None
        self._asking = 0
        self._released_s = float("-inf")
        self._answers = RecentAnswers()

    def lend(self) -> QueryBackend:
        """The store for some questions; to close it closes nothing that others use.

        Raises:
            StoreBusy: it was released for another program, which has not opened it yet.
            StoreError: there is no store yet.
        """
        with self._changed:
            if self._store is None:
                backend = open_backend(self._stores)
                if not isinstance(backend, EventStore):
                    return RememberedStore(backend, self._answers)
                self._own(backend)
        return RememberedStore(_LentStore(self), self._answers)

    def forget_answers(self) -> None:
        """Let every question be answered anew, as something is in the store that was not there before."""
        self._answers.forget()

    def ask(self, question: Question[A], requester: Requester) -> A:
        """See `QueryBackend.ask`."""
        with self._in_use() as store:
            return store.ask(question, requester)

    def close(self) -> None:
        """Close the store, after questions that are being answered; a later question opens it again."""
        endpoint = self._endpoint
        if endpoint is not None:
            endpoint.close()
        self._close_store()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _own(self, store: EventStore) -> None:
        if self._stores.is_embedded:
            if time.monotonic() - self._released_s < _RELEASED_S:
                raise StoreBusy("event store", "is being opened by another program", "Ask again in some seconds")
            path, screen = endpoint_path(self._stores.data_dir), self._stores.screen
            self._endpoint = StoreServer(_LentStore(self), path, screen, self._release)
        self._store = store

    def _release(self) -> None:
        """The endpoint has stopped listening for another program; see `StoreServer`."""
        self._released_s = time.monotonic()
        self._close_store()

    def _close_store(self) -> None:
        with self._changed:
            store, self._store, self._endpoint = self._store, None, None
            self._changed.wait_for(lambda: self._asking == 0, _LONGEST_QUESTION_S)
            if store is not None:
                store.close()

    @contextmanager
    def _in_use(self) -> Iterator[EventStore]:
        with self._changed:
            store = self._store
            if store is None:
                raise StoreBusy("event store", "was released for another program", "Ask again")
            self._asking += 1
        try:
            yield store
        finally:
            with self._changed:
                self._asking -= 1
                self._changed.notify_all()


class _LentStore(QueryBackend):
    """The shared store, for one request or connection."""

    def __init__(self, shared: SharedStore) -> None:
        self._shared = shared

    def ask(self, question: Question[A], requester: Requester) -> A:
        """See `QueryBackend.ask`."""
        return self._shared.ask(question, requester)

    def close(self) -> None:
        """See `QueryBackend.close`: the store stays open."""
