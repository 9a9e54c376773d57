"""Questions to the event store: the one door to it, where every question comes with its requester.

Policy and audit of questions belong into `EventQueries.ask`.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self, TypeVar

from pipeline.app.configured_stores import ConfiguredStores
from pipeline.domain.requester import Requester
from pipeline.errors import StoreBusy, StoreError
from pipeline.store.backends.open_database import chdb_folder
from pipeline.store.event_store import open_event_store
from pipeline.store.local_endpoint import StoreClient, endpoint_path
from pipeline.store.questions import (
    MOST_ROWS,
    Cameras,
    CameraSummary,
    Clones,
    ClonesAnswer,
    Companion,
    Convoy,
    Count,
    Events,
    Interval,
    Plates,
    QueryBackend,
    Question,
    ReadsByVehicle,
    Route,
    RouteAnswer,
    Speeds,
    Traffic,
    TrafficCount,
    TrafficSpeed,
    VehicleReadsPage,
)
from pipeline.store.settings import ChdbSettings

__all__ = [
    "MOST_ROWS",
    "CameraSummary",
    "Cameras",
    "Clones",
    "ClonesAnswer",
    "Companion",
    "Convoy",
    "Count",
    "EventQueries",
    "Events",
    "Interval",
    "Plates",
    "Question",
    "ReadsByVehicle",
    "Route",
    "RouteAnswer",
    "Speeds",
    "Traffic",
    "TrafficCount",
    "TrafficSpeed",
    "VehicleReadsPage",
    "open_queries",
]

A = TypeVar("A")


class EventQueries:
    """One requester's questions to one event store; closes it at the end of a `with` statement.

    Args:
        backend: answers the questions.
        requester: the person or program that asks.
    """

    def __init__(self, backend: QueryBackend, requester: Requester) -> None:
        self._backend = backend
        self._requester = requester

    @property
    def requester(self) -> Requester:
        """The person or program that asks."""
        return self._requester

    def ask(self, question: Question[A]) -> A:
        """The answer. No event is shown or counted twice, however often it was delivered.

        Raises:
            StoreError: the question makes no sense, or cannot be answered now.
        """
        return self._backend.ask(question, self._requester)

    def close(self) -> None:
        """Give back connections; may be called twice."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_queries(stores: ConfiguredStores, requester: Requester) -> EventQueries:
    """The event store of a configuration, for the questions of a requester.

    A ClickHouse server is asked directly. An embedded store belongs to one process: a running process that owns the
    data folder is asked over its local endpoint; else this process opens the folder itself, at the first question.

    Args:
        stores: which store.
        requester: the person or program that asks.

    Raises:
        ConfigError: there is no event store.
        StoreBusy: the process that owns it is too busy to answer.
        StoreError: there is no store yet.
    """
    return EventQueries(_backend(stores), requester)


def _backend(stores: ConfiguredStores) -> QueryBackend:
    settings, data_dir = stores.event_store, stores.data_dir
    if isinstance(settings, ChdbSettings):
        try:
            return StoreClient(endpoint_path(data_dir))
        except StoreBusy:
            raise  # It is alive and owns the folder.
        except StoreError:
            folder = chdb_folder(settings, data_dir)
            if not folder.is_dir():
                raise StoreError(
                    str(folder), "there is no event store yet", "Start `viapublica run` with this store once."
                ) from None
    return open_event_store(settings, data_dir)
