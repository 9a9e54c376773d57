"""Waiting events: accepted, and in no event store yet."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.domain.events import Event, Kind, PlateReadEvent, encode
from pipeline.sink.build import build_writer
from pipeline.sink.ingest.ingester import Ingester
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.settings import ChdbSinkSettings, JsonLinesSettings, KafkaSettings, SinkSettings
from pipeline.sink.spool.checkpoint import Checkpoint
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.sink.spool.spool import Spool
from pipeline.sink.waiting_events import UnreadInKafka, waiting_in_spools
from pipeline.store.coverage_questions import WaitingEvents, WaitingPlace, WantedEvents
from pipeline.store.settings import ChdbSettings
from tests.event_samples import START_MS, count, plate_read, wait_until
from tests.servers.kafka import KafkaBroker
from tests.sink.ingest.ingesting import GATE, INGEST, deliver
from tests.sink.ingest.ingesting import running as ingesting

READS = WantedEvents((Kind.PLATE_READ,), START_MS, START_MS + 60_000)
EVENTS: list[Event] = [plate_read(1, camera="road"), plate_read(2, camera="square"), count(0, camera="road")]


def accept(folder: Path, events: Sequence[Event], *, delivered: int = 0, sink: str = "chdb") -> None:
    spool = Spool(sink, folder / "spool" / sink, SpoolSettings())
    spool.append([encode(event) for event in events])
    spool.close()
    Checkpoint(folder / "spool" / sink / "acked").save(delivered, sync=False)


def waiting(folder: Path, wanted: WantedEvents = READS, *, running: bool = False) -> int | None:
    sinks: tuple[SinkSettings, ...] = (ChdbSinkSettings(), JsonLinesSettings(name="file"))
    (found,) = waiting_in_spools(folder, sinks, wanted, running=running)
    assert (found.place, found.name) == (WaitingPlace.SPOOL, "chdb")
    return found.events


def test_undelivered_events_of_the_question_are_counted_and_others_are_not(tmp_path: Path) -> None:
    accept(tmp_path, EVENTS)
    assert waiting(tmp_path) == 2
    assert waiting(tmp_path, WantedEvents(READS.kinds, READS.start_ms, READS.end_ms, ("road",))) == 1
    assert waiting(tmp_path, WantedEvents(READS.kinds, None, None, without=frozenset({"square"}))) == 1
    assert waiting(tmp_path, WantedEvents(tuple(Kind), None, None)) == 3
    assert waiting(tmp_path, WantedEvents(READS.kinds, START_MS + 60_000, None)) == 0


def test_delivered_events_do_not_wait(tmp_path: Path) -> None:
    accept(tmp_path, EVENTS, delivered=1)
    assert waiting(tmp_path) == 1
    Checkpoint(tmp_path / "spool" / "chdb" / "acked").save(3, sync=False)
    assert waiting(tmp_path) == 0


def test_what_a_run_has_just_accepted_is_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(tmp_path, EVENTS)
    assert waiting(tmp_path, running=True) == 0
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now + 31 * 10**9)
    assert waiting(tmp_path, running=True) == 2


def test_a_spool_that_leads_to_no_store_says_nothing_about_it_and_a_data_folder_may_have_none(tmp_path: Path) -> None:
    assert waiting_in_spools(tmp_path, (), READS, running=False) == []
    accept(tmp_path, EVENTS, sink="file")
    assert waiting_in_spools(tmp_path, (JsonLinesSettings(name="file"),), READS, running=False) == []


def test_a_spool_that_cannot_be_read_is_not_known_to_be_empty(tmp_path: Path) -> None:
    accept(tmp_path, EVENTS)
    (segment,) = (tmp_path / "spool" / "chdb").glob("*.seg")
    segment.unlink()
    segment.mkdir()
    assert waiting_in_spools(tmp_path, (), READS, running=False) == [WaitingEvents(WaitingPlace.SPOOL, "chdb", None)]


def fresh(number: int, *, camera: str = "cam-1", age_ms: int = 0) -> PlateReadEvent:
    return plate_read(number, camera=camera, ts_ms=time.time_ns() // 1_000_000 - age_ms)


ALL_READS = WantedEvents((Kind.PLATE_READ,), None, None)


def unread(kafka: KafkaSettings, wanted: WantedEvents = ALL_READS, *, direct: bool = False) -> int | None:
    search = UnreadInKafka((kafka,), IngestSettings(group="test"), direct=direct)
    (found,) = search.waiting(wanted)
    assert (found.place, found.name) == (WaitingPlace.KAFKA, "kafka")
    return found.events


def settled(kafka: KafkaSettings, wanted: WantedEvents = ALL_READS, *, direct: bool = False) -> int:
    """The same from a machine that is not too busy to ask in time."""
    found: list[int] = []

    def known() -> bool:
        count = unread(kafka, wanted, direct=direct)
        found.extend([] if count is None else [count])
        return bool(found)

    wait_until(known)
    return found[0]


def test_events_that_no_ingester_has_stored_wait_in_kafka(broker: KafkaBroker, tmp_path: Path) -> None:
    kafka = KafkaSettings(name="kafka", brokers=(broker.address,), topic_prefix="waiting", partitions=2, replication=1)
    deliver(kafka, [fresh(1, age_ms=60_000), fresh(2, camera="cam-2", age_ms=60_000), fresh(3)], tmp_path / "run")
    assert settled(kafka) == 2, "what was sent a moment ago is on its way"
    assert settled(kafka, WantedEvents((Kind.PLATE_READ,), None, None, ("cam-2",))) == 1
    assert settled(kafka, WantedEvents((Kind.TRACK,), None, None)) == 0
    assert settled(kafka, direct=True) == 0, "no ingester was ever used"
    with ingesting(Ingester(kafka, INGEST, build_writer(ChdbSettings(), tmp_path), GATE)):
        wait_until(lambda: settled(kafka) == 0)
    deliver(kafka, [fresh(4, age_ms=60_000)], tmp_path / "run")
    assert settled(kafka) == 1
    assert settled(kafka, direct=True) == 1


def test_brokers_that_do_not_answer_are_asked_for_a_second_and_then_said_to_be_unknown() -> None:
    # In a process of its own: kafka-python leaves sockets of refused connections to the garbage collector.
    script = "from tests.sink.test_waiting_events import ask_a_silent_broker; ask_a_silent_broker()"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, cwd=Path(__file__).parents[2])


def ask_a_silent_broker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kafka = KafkaSettings(name="kafka", brokers=(f"127.0.0.1:{silent.getsockname()[1]}",))
        begun_s = time.monotonic()
        assert unread(kafka) is None
        assert time.monotonic() - begun_s < 8
    assert unread(kafka) is None


def test_a_store_without_kafka_asks_no_broker() -> None:
    assert UnreadInKafka((ChdbSinkSettings(),), IngestSettings(), direct=True).waiting(ALL_READS) == []
