"""Questions of a tester to an event store, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pipeline.app.queries import EventQueries
from pipeline.domain.events import Event, Kind, PlateReadEvent
from pipeline.domain.requester import Requester
from pipeline.store.questions import Cameras, CameraSummary, Count, Events, Plates, QueryBackend, Question

A = TypeVar("A")


class Asking:
    """Asks a store, or a process that owns one, as the user that runs the tests."""

    def __init__(self, store: QueryBackend | EventQueries) -> None:
        self._queries = store if isinstance(store, EventQueries) else EventQueries(store, Requester.of_process())

    def ask(self, question: Question[A]) -> A:
        return self._queries.ask(question).value

    def close(self) -> None:
        self._queries.close()

    def plates(self, *plates: str, camera_ids: Sequence[str] = (), **more: Any) -> list[PlateReadEvent]:
        return self.ask(Plates(plates=plates, camera_ids=tuple(camera_ids), **more))

    def events(self, kind: Kind | None = None, camera_ids: Sequence[str] = (), **more: Any) -> list[Event]:
        return self.ask(Events(kind=kind, camera_ids=tuple(camera_ids), **more))

    def cameras(self) -> list[CameraSummary]:
        return self.ask(Cameras())

    def count(self, kind: Kind) -> int:
        return self.ask(Count(kind=kind))
