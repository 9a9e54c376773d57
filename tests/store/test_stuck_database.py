"""A database that does not answer keeps nothing from ending: neither the store nor its endpoint."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from pipeline.domain.requester import Requester
from pipeline.errors import StoreError
from pipeline.store import event_store, local_endpoint
from pipeline.store.backends.database import EventDatabase
from pipeline.store.event_store import EventStore
from pipeline.store.local_endpoint import StoreClient, StoreServer
from pipeline.store.questions import Cameras, QueryBackend, Question


class Stuck:
    """Blocks in `close` and `ask` until it is let go."""

    target = "stuck"

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.let_go = threading.Event()

    def rows(self, sql: str, confidential: Any = ()) -> list[dict[str, Any]]:
        raise StoreError("stuck", "has no tables")

    def ask(self, question: Question[Any], requester: Requester) -> Any:
        self.asked.set()
        self.let_go.wait(60)
        return []

    def close(self) -> None:
        self.let_go.wait(60)


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    made = Stuck()
    yield made
    made.let_go.set()


def ends(call: Any) -> bool:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(60)
    return not thread.is_alive()


def test_a_store_closes_while_its_database_does_not(stuck: Stuck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_store, "_CLOSE_S", 0.2)
    store = EventStore(lambda: cast(EventDatabase, stuck), dict)
    store._database = cast(EventDatabase, stuck)
    assert ends(store.close)


def test_an_endpoint_closes_while_an_answer_is_awaited(
    stuck: Stuck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_endpoint, "_CLOSE_S", 0.2)
    server = StoreServer(cast(QueryBackend, stuck), tmp_path / "run" / "store.sock")
    client = StoreClient(tmp_path / "run" / "store.sock")
    asking = threading.Thread(target=lambda: client.ask(Cameras(), Requester.of_process()), daemon=True)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # its connection ends
    asking.start()
    assert stuck.asked.wait(60)
    assert ends(server.close)
    stuck.let_go.set()
    asking.join(60)
    client.close()
