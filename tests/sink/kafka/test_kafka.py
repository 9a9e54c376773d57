"""Kafka, against a real broker that dies, hangs and forgets."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.domain.event_identity import identified
from pipeline.domain.event_kinds import SPECS
from pipeline.domain.event_writer import AcknowledgedDataLost
from pipeline.domain.events import Event, Kind, decode
from pipeline.domain.ports import EventSink
from pipeline.errors import SinkError
from pipeline.sink.build import build_sink
from pipeline.sink.kafka.topics import create_missing_topics
from pipeline.sink.kafka.writer import KafkaWriter
from pipeline.sink.settings import KafkaSettings
from tests.event_samples import admit_all, one_of_each, plate_read, records, wait_until
from tests.servers.kafka import KafkaBroker

# kafka-python leaves the sockets of refused connections to the garbage collector, which therefore runs in here.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning")


@pytest.fixture(autouse=True)
def collect_here() -> Iterator[None]:
    yield
    gc.collect()


_CLIENT = {"client": "auto"}


@pytest.fixture(autouse=True, params=["kafka-python", "confluent"])
def client(request: pytest.FixtureRequest) -> str:
    """Every test with each client; a topic prefix of its own comes with it."""
    _CLIENT["client"] = request.param
    return str(request.param)


def settings_for(broker: KafkaBroker, prefix: str, **changes: object) -> KafkaSettings:
    values: dict[str, object] = {
        "brokers": (broker.address,),
        "topic_prefix": prefix + _CLIENT["client"],
        "client": _CLIENT["client"],
        "timeout_s": 2,
        "batch_interval_s": 0.02,
        "retry_initial_s": 0.05,
        "retry_max_s": 0.2,
        "close_timeout_s": 2,
    }
    return KafkaSettings.model_validate(values | changes)


def messages(broker: KafkaBroker, prefix: str, expected: int) -> list[Any]:
    """What lies in the topics of a prefix, in order per partition."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(bootstrap_servers=broker.address, auto_offset_reset="earliest", group_id=None)
    try:
        topics = [topic for topic in consumer.topics() if topic.startswith(f"{prefix}{_CLIENT['client']}.")]
        parts = [TopicPartition(t, p) for t in topics for p in consumer.partitions_for_topic(t) or ()]
        consumer.assign(parts)
        consumer.seek_to_beginning()
        found: list[Any] = []

        def complete() -> bool:
            for records in consumer.poll(timeout_ms=200).values():
                found.extend(records)
            return len(found) >= expected

        wait_until(complete)
        return found
    finally:
        consumer.close()


@pytest.fixture
def own_broker() -> Iterator[KafkaBroker]:
    with KafkaBroker() as broker:
        yield broker


def ids(found: list[Any]) -> set[object]:
    return {decode(record.value).event_id for record in found}


def test_each_kind_has_its_topic_its_key_and_its_version(broker: KafkaBroker, tmp_path: Path) -> None:
    sink = build_sink(settings_for(broker, "kinds"), tmp_path, admit_all)
    sink.add(one_of_each())
    sink.flush(60)
    sink.close()
    found = messages(broker, "kinds", 5)
    for record in found:
        kind = msgspec.json.decode(record.value)["kind"]
        assert record.topic.endswith("." + SPECS[Kind(kind)].topic)
        assert record.key == b"cam-1"
        assert record.headers == [("schema_version", b"1"), ("kind", kind.encode())]
    assert ids(found) == {event.event_id for event in one_of_each()}


def test_events_of_a_camera_stay_in_order(broker: KafkaBroker, tmp_path: Path) -> None:
    sink = build_sink(settings_for(broker, "order", batch_events=37), tmp_path, admit_all)
    sink.add([plate_read(n, camera=f"cam-{n % 7}") for n in range(700)])
    sink.flush(60)
    sink.close()
    found = [decode(record.value) for record in messages(broker, "order", 700)]
    for camera in range(7):
        numbers = [e.frame for e in found if e.camera_id == f"cam-{camera}"]  # type: ignore[union-attr]
        assert numbers == list(range(camera, 700, 7))


def test_a_message_too_large_is_put_aside_and_the_others_arrive(broker: KafkaBroker, tmp_path: Path) -> None:
    sink = build_sink(settings_for(broker, "poison", compression="none"), tmp_path, admit_all)
    large = identified(msgspec.structs.replace(plate_read(1), vehicle="x" * 2_000_000))
    nan = plate_read(2, confidence=float("nan"))
    sink.add([plate_read(0), large, nan, plate_read(3)])
    sink.flush(60)
    assert sink.status().refused == 2
    sink.close()
    assert ids(messages(broker, "poison", 2)) == {plate_read(0).event_id, plate_read(3).event_id}


def deliver_through(failure: Any, sink: EventSink, events: list[Event]) -> None:
    sink.add(events[:50])
    sink.flush(60)
    failure()
    sink.add(events[50:])


def test_a_broker_that_hangs_loses_nothing(own_broker: KafkaBroker, tmp_path: Path) -> None:
    sink = build_sink(settings_for(own_broker, "hang"), tmp_path, admit_all)
    events: list[Event] = [plate_read(n) for n in range(100)]
    deliver_through(own_broker.pause, sink, events)
    wait_until(lambda: sink.status().retries > 0)
    assert sink.status().pending == 50
    assert sink.status().error
    own_broker.resume()
    sink.flush(60)
    sink.close()
    assert ids(messages(own_broker, "hang", 100)) == {event.event_id for event in events}


def test_a_broker_that_forgot_us_meets_a_new_producer(own_broker: KafkaBroker, tmp_path: Path) -> None:
    sink = build_sink(settings_for(own_broker, "forget"), tmp_path, admit_all)
    events: list[Event] = [plate_read(n) for n in range(100)]

    def forget() -> None:
        own_broker.kill()
        own_broker.start()

    deliver_through(forget, sink, events)
    sink.flush(60)
    sink.close()
    # The first half died with the broker's memory after it was confirmed, and was sent again from the spool.
    assert ids(messages(own_broker, "forget", 100)) == {event.event_id for event in events}


def test_a_broker_that_forgot_everything_between_two_runs_gets_it_again(
    own_broker: KafkaBroker, tmp_path: Path
) -> None:
    settings = settings_for(own_broker, "between")
    first = build_sink(settings, tmp_path, admit_all)
    first.add([plate_read(n) for n in range(60)])
    first.flush(60)
    first.close()
    own_broker.kill()
    own_broker.start()
    second = build_sink(settings, tmp_path, admit_all)
    second.add([plate_read(99)])
    wait_until(lambda: second.status().delivered >= 61)
    second.close()
    found = ids(messages(own_broker, "between", 61))
    assert found == {plate_read(n).event_id for n in (*range(60), 99)}


def test_offsets_that_go_back_are_noticed_even_where_the_topic_was_made_again(
    own_broker: KafkaBroker, tmp_path: Path
) -> None:
    settings = settings_for(own_broker, "back")
    sink = build_sink(settings, tmp_path, admit_all)
    sink.add([plate_read(n) for n in range(40)])
    sink.flush(60)
    own_broker.kill()
    own_broker.start()
    create_missing_topics(settings)  # another process was quicker
    sink.add([plate_read(n) for n in range(40, 60)])
    wait_until(lambda: sink.status().delivered >= 100)
    sink.close()
    assert ids(messages(own_broker, "back", 60)) == {plate_read(n).event_id for n in range(60)}


def test_a_loss_is_noticed_after_a_kill_even_where_more_was_written_since(
    own_broker: KafkaBroker, tmp_path: Path
) -> None:
    """Offsets alone do not tell: those of the last second are not stored, and the new topic is longer than them."""
    settings = settings_for(own_broker, "kill")
    writer = KafkaWriter(settings, tmp_path / "offsets.json")
    writer.open()
    writer.write(records([plate_read(n) for n in range(3)]))
    writer.write(records([plate_read(n) for n in range(3, 300)]))  # within the same second, and then it is killed
    own_broker.kill()
    own_broker.start()
    other = KafkaWriter(settings)
    other.open()
    other.write(records([plate_read(n) for n in range(300, 900)]))
    again = KafkaWriter(settings, tmp_path / "offsets.json")
    with pytest.raises(AcknowledgedDataLost, match="have lost the topic"):
        again.open()
    again.close()  # the spool has not gone back yet
    twice = KafkaWriter(settings, tmp_path / "offsets.json")
    with pytest.raises(AcknowledgedDataLost):
        twice.open()
    twice.write(records([plate_read(n) for n in range(300)]))
    twice.close()
    settled = KafkaWriter(settings, tmp_path / "offsets.json")
    settled.open()
    for one in (writer, other, settled):
        one.close()


def test_a_broker_missing_at_start_and_at_the_end_loses_nothing(own_broker: KafkaBroker, tmp_path: Path) -> None:
    own_broker.kill()
    settings = settings_for(own_broker, "late")
    sink = build_sink(settings, tmp_path, admit_all)
    sink.add([plate_read(1)])
    with pytest.raises(SinkError, match=own_broker.address):
        sink.flush(3)
    sink.close()
    own_broker.start()
    again = build_sink(settings, tmp_path, admit_all)
    again.flush(60)
    again.close()
    assert ids(messages(own_broker, "late", 1)) == {plate_read(1).event_id}


def test_failed_connections_leave_no_threads_and_no_sockets(own_broker: KafkaBroker, tmp_path: Path) -> None:
    gc.collect()
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    sink = build_sink(settings_for(own_broker, "leaks", timeout_s=0.5), tmp_path, admit_all)
    sink.add([plate_read(1)])
    sink.flush(60)
    own_broker.pause()
    sink.add([plate_read(2)])
    wait_until(lambda: sink.status().retries >= 5)
    own_broker.resume()
    sink.flush(60)
    sink.close()
    gc.collect()
    # A producer that is dropped ends in its own thread, a little later.
    wait_until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= open_files)
    wait_until(lambda: not [t for t in threading.enumerate() if "kafka" in t.name.lower()])


def test_a_codec_that_is_not_installed_is_named(
    broker: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.sink.kafka.connection.find_spec", lambda _: None)
    sink = build_sink(settings_for(broker, "codec", compression="zstd", close_timeout_s=0), tmp_path, admit_all)
    wait_until(lambda: "zstandard is not installed" in sink.status().error)
    sink.close()
