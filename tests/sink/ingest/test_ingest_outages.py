"""Ingest while the broker or the event store is absent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.domain.event_writer import EventRecord
from pipeline.domain.events import Kind
from pipeline.errors import SinkError
from pipeline.sink.build import build_sink, build_writer
from pipeline.sink.ingest.ingester import Ingester
from pipeline.sink.kafka.topics import create_missing_topics
from pipeline.sink.settings import KafkaSettings
from pipeline.store.settings import ChdbSettings, ClickHouseSettings, StoreSettings
from tests.event_samples import admit_all, one_of_each, plate_read, wait_until
from tests.servers.kafka import KafkaBroker
from tests.servers.ports import free_port
from tests.sink.ingest.ingesting import GATE, INGEST, deliver, now_ms, running, stored
from tests.sink.kafka.test_kafka import client, collect_here, own_broker, settings_for

__all__ = ["client", "collect_here", "own_broker"]  # fixtures
pytestmark = pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning")


def test_a_store_that_is_away_is_waited_for(own_broker: KafkaBroker, tmp_path: Path) -> None:
    class Away:
        """A real store behind a door that is shut at first."""

        def __init__(self, tries: int) -> None:
            from pipeline.store.settings import ChdbSettings

            self.settings = ChdbSettings()
            self._writer = build_writer(self.settings, tmp_path)
            self.tries = tries
            self.target = self._writer.target

        def open(self) -> None:
            if self.tries:
                self.tries -= 1
                raise SinkError(self.target, "it is away")
            self._writer.open()

        def write(self, records: Sequence[EventRecord]) -> None:
            self._writer.write(records)

        def close(self) -> None:
            self._writer.close()

    kafka = settings_for(own_broker, "away")
    deliver(kafka, [plate_read(n) for n in range(25)], tmp_path)
    away = Away(3)
    ingester = Ingester(kafka, INGEST, away, GATE, now_ms)
    ingester.run(until_read=True)
    assert ingester.status().retries == 3
    assert ingester.status().error == ""
    assert stored(away.settings, tmp_path)[Kind.PLATE_READ] == 25


def test_a_broker_that_hangs_and_one_that_dies_are_waited_for(
    own_broker: KafkaBroker, clickhouse_store: StoreSettings, tmp_path: Path
) -> None:
    kafka = settings_for(own_broker, "waits")
    sink = build_sink(kafka, tmp_path, admit_all)
    ingester = Ingester(kafka, INGEST, build_writer(clickhouse_store, tmp_path), GATE, now_ms)
    with running(ingester):
        sink.add([plate_read(n) for n in range(20)])
        wait_until(lambda: ingester.status().stored >= 20)
        own_broker.pause()
        time.sleep(1)
        own_broker.resume()
        sink.add([plate_read(n) for n in range(20, 40)])
        wait_until(lambda: stored(clickhouse_store, tmp_path)[Kind.PLATE_READ] == 40)
        own_broker.kill()  # with its memory
        sink.add([plate_read(n) for n in range(40, 60)])
        time.sleep(0.5)
        own_broker.start()
        wait_until(lambda: stored(clickhouse_store, tmp_path)[Kind.PLATE_READ] == 60)
    sink.close()


def test_reading_once_gives_up_when_nothing_answers(tmp_path: Path) -> None:
    nobody = KafkaSettings(brokers=(f"127.0.0.1:{free_port()}",), timeout_s=1)
    ingester = Ingester(nobody, INGEST, build_writer(ChdbSettings(), tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    assert ingester.status().retries == 5
    assert "127.0.0.1" in ingester.status().error


def test_reading_once_gives_up_when_the_store_takes_nothing(broker: KafkaBroker, tmp_path: Path) -> None:
    kafka = settings_for(broker, "hopeless")
    create_missing_topics(kafka)
    deliver(kafka, one_of_each(), tmp_path)
    nowhere = ClickHouseSettings(port=free_port(), connect_timeout_s=1)
    ingester = Ingester(kafka, INGEST, build_writer(nowhere, tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    assert ingester.status().stored == 0
    assert ingester.status().error
