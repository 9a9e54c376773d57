"""An ingester between a broker and a store, and what tests ask of both."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.domain.camera import Camera, Scope
from pipeline.domain.events import Event, Kind
from pipeline.policy.gate import Gate
from pipeline.sink.build import build_sink
from pipeline.sink.ingest.ingester import Ingester
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.kafka.messages import Message, Received
from pipeline.sink.kafka.producer import open_producer
from pipeline.sink.kafka.tail import tail
from pipeline.sink.kafka.topics import create_missing_topics
from pipeline.sink.settings import KafkaSettings
from pipeline.store.event_store import open_event_store
from pipeline.store.settings import StoreSettings
from tests.asking import Asking
from tests.event_samples import AREAS, START_MS, admit_all, wait_until

INGEST = IngestSettings(group="test", batch_interval_s=0.05, session_timeout_s=2, retry_initial_s=0.05, retry_max_s=0.3)


CAMERAS = {f"cam-{number}": Camera(f"cam-{number}", Scope.PUBLIC_ROAD, areas=AREAS) for number in range(23)} | {
    "square": Camera("square", Scope.PUBLIC_SQUARE)
}
GATE = Gate(CAMERAS)


def now_ms() -> int:
    """A clock to which the sample events are fresh."""
    return START_MS + 60_000


def send(kafka: KafkaSettings, messages: Sequence[Message]) -> None:
    """Write messages as another program would, which waits longer than the settings under test."""
    patient = kafka.model_copy(update={"timeout_s": 30})
    create_missing_topics(patient)
    producer = open_producer(patient, "test")
    producer.send(messages)
    producer.close()


def deliver(kafka: KafkaSettings, events: Sequence[Event], folder: Path) -> None:
    sink = build_sink(kafka, folder, admit_all)
    sink.add(events)
    sink.flush(60)
    sink.close()


@contextmanager
def running(ingester: Ingester) -> Iterator[None]:
    thread = threading.Thread(target=ingester.run)
    thread.start()
    try:
        yield
    finally:
        ingester.stop()
        thread.join(60)
        assert not thread.is_alive()


def stored(store: StoreSettings, folder: Path) -> dict[Kind, int]:
    asked = Asking(open_event_store(store, folder, dict))
    try:
        return {kind: asked.count(kind) for kind in Kind}
    finally:
        asked.close()


def rows(store: StoreSettings, folder: Path, kind: Kind) -> list[Event]:
    asked = Asking(open_event_store(store, folder, dict))
    try:
        return asked.events(kind, limit=10_000)
    finally:
        asked.close()


def dead_letters(kafka: KafkaSettings, expected: int) -> list[Received]:
    found: list[Received] = []

    def complete() -> bool:
        found[:] = list(tail(kafka, "dead-letters", from_start=True, follow=False))
        return len(found) >= expected

    wait_until(complete)
    return found
