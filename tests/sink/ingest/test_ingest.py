"""From a real broker's topics into real event stores: once each, in spite of rubbish and crashes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.domain.event_identity import identified
from pipeline.domain.events import ENGINE_ID, AlertEvent, Kind, Severity, encode
from pipeline.sink.build import build_sink, build_writer
from pipeline.sink.ingest.ingester import Ingester
from pipeline.sink.kafka.consumer import open_consumer
from pipeline.sink.kafka.messages import Message, Received
from pipeline.sink.kafka.producer import Partition
from pipeline.sink.kafka.topics import create_missing_topics, topic_of
from pipeline.store.settings import ChdbSettings, StoreSettings
from tests.event_samples import admit_all, count, newer_read, one_of_each, plate_read, wait_until
from tests.servers.kafka import KafkaBroker
from tests.sink.ingest.ingesting import GATE, INGEST, dead_letters, deliver, now_ms, rows, running, send, stored
from tests.sink.kafka.test_kafka import client, collect_here, own_broker, settings_for

__all__ = ["client", "collect_here", "own_broker"]  # fixtures
pytestmark = pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning")


def test_every_kind_comes_into_its_table_once(
    broker: KafkaBroker, store_settings: StoreSettings, tmp_path: Path
) -> None:
    kafka = settings_for(broker, f"kinds-{store_settings.type}")
    events = [event for number in range(20) for event in one_of_each(number)]
    deliver(kafka, events, tmp_path)
    deliver(kafka, events, tmp_path / "again")  # another engine that sends the same
    ingester = Ingester(kafka, INGEST, build_writer(store_settings, tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    assert ingester.status().stored == 20 * len(Kind) * 2
    assert set(stored(store_settings, tmp_path).values()) == {20}
    found = rows(store_settings, tmp_path, Kind.PLATE_READ)
    assert {event.event_id for event in found} == {plate_read(number).event_id for number in range(20)}


def test_a_second_ingester_goes_on_where_the_first_committed(
    broker: KafkaBroker, store_settings: StoreSettings, tmp_path: Path
) -> None:
    kafka = settings_for(broker, f"goes-on-{store_settings.type}")
    deliver(kafka, [plate_read(n) for n in range(30)], tmp_path)
    for expected in (30, 12):
        ingester = Ingester(kafka, INGEST, build_writer(store_settings, tmp_path), GATE, now_ms)
        ingester.run(until_read=True)
        assert ingester.status().stored == expected
        deliver(kafka, [plate_read(n) for n in range(30, 42)], tmp_path)
    assert stored(store_settings, tmp_path)[Kind.PLATE_READ] == 42


def _json(number: int = 7, **changes: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(encode(plate_read(number))) | changes)


POISONS: dict[str, tuple[bytes | None, str]] = {
    "rubbish": (b"\x00\x01 this is no JSON", "not an event"),
    "nothing": (b"", "not an event"),
    "tombstone": (None, "no value"),
    "another program's": (b'{"temperature": 21.5}', "not an event"),
    "no UTF-8": (b'{"kind":"\xff"}', "not an event"),
    "a field that no version has": (_json(face="…"), "1 field that its version"),
    "a number where a text belongs": (_json(plate=7), "in plate"),
    "another layout": (_json(layout="ABC1D23"), "in layout"),
    "a later version that changed a field": (_json(schema_version=99, plate=7), "schema version 99"),
    "a later version that removed a field": (_json(schema_version=99, votes=None), "schema version 99"),
    "another kind": (encode(count(7)), "it is a count"),
    "from the future": (encode(plate_read(7, ts_ms=now_ms() + 86_400_000)), "in the future"),
    "from long ago": (
        encode(identified(msgspec.structs.replace(plate_read(7), ts_ms=1_000_000, first_ts_ms=0))),
        "days back",
    ),
    "another plate under a stored id": (_json(1, plate="XYZ9A99", plate_key="XYZ9A99"), "its id is not that"),
    "another confidence under a stored id": (_json(2, confidence=0.01), "its id is not that"),
    "another time under a stored id": (_json(3, ts_ms=now_ms()), "its id is not that"),
    "a number beyond the table's": (_json(x1=1e39), "its x1 is out of range"),
    "another plate's key": (_json(plate_key="ZZZ9Z99"), "not the key of its plate"),
    "no plate at all": (_json(plate="", plate_key=""), "its plate is empty"),
    "a plate of control characters": (_json(plate="\x1b]0;x\x07ABC1D23", plate_key="0XABC1D23"), "its plate is"),
    "a camera without a name": (_json(camera_id=""), "camera is not declared"),
    "a name twice": (_json(camera_id="cam-1")[:-1] + b',"camera_id":"square"}', "a field twice"),
    "a negative track": (_json(track_id=-1), "its track_id is out of range"),
    "a camera that is not registered": (_json(camera_id="cam-99"), "camera is not declared"),
    "a track that began before 1970": (_json(first_ts_ms=-(2**63)), "not between 1970"),
    "a version before the first": (_json(schema_version=0), "schema_version is out of range"),
    "too large": (_json(vehicle="x" * 100_000), "bytes, more than 65536"),
    "out of the table's range": (_json(votes=2**40), "its votes is out of range"),
    "a vehicle that is none": (_json(vehicle="unionist"), "label"),
}
COPIED = {"another kind", "from the future", "from long ago"}
WITHOUT_CAMERA = {
    "rubbish",
    "nothing",
    "tombstone",
    "another program's",
    "no UTF-8",
    "a name twice",
    "a camera without a name",
    "a camera that is not registered",
}


def test_poison_goes_to_the_dead_letters_with_its_reason_and_the_good_go_on(
    broker: KafkaBroker, store_settings: StoreSettings, tmp_path: Path
) -> None:
    kafka = settings_for(broker, f"poison-{store_settings.type}", compression="none")
    topic = f"{kafka.topic_prefix}.plate-reads"
    good = [Message(topic, encode(plate_read(n)), b"cam-1") for n in (1, 2, 3)]
    bad = [Message(topic, value, b"cam-1", [("kind", b"?")]) for value, _ in POISONS.values()]
    send(kafka, [good[0], *bad[:6], good[1], *bad[6:], good[2]])
    ingester = Ingester(kafka, INGEST, build_writer(store_settings, tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    status = ingester.status()
    assert (status.stored, status.dead) == (3 + len(status.refused), len(POISONS))  # one alert for each rule
    assert set(status.refused) == {
        "field-not-allowed", "camera-not-registered", "label-not-allowed", "value-not-plausible", "id-of-another-event"
    }  # fmt: skip
    assert rows(store_settings, tmp_path, Kind.PLATE_READ) == [plate_read(n) for n in (3, 2, 1)], "none was replaced"
    letters = dead_letters(kafka, len(POISONS))
    by_offset = {int(letter.header_texts()["source_offset"]): letter for letter in letters}
    offsets = [number for number in range(len(POISONS) + 3) if number not in {0, 7, len(POISONS) + 2}]
    for offset, (name, (value, reason)) in zip(offsets, POISONS.items(), strict=True):
        letter = by_offset[offset]
        headers = letter.header_texts()
        if name in COPIED:
            assert letter.value == value, name
        else:
            digest = {"bytes": len(value or b""), "sha256": hashlib.sha256(value or b"").hexdigest()}
            assert (msgspec.json.decode(letter.value or b""), headers["copy"]) == (digest, "digest"), name
        assert letter.key == (None if name in WITHOUT_CAMERA else b"cam-1"), name
        assert reason in headers["reason"], name
        assert not any(plate in headers["reason"] for plate in ("ABC1D23", "ZZZ9Z99")), name
        assert headers["source_topic"] == topic
        assert "kind" not in headers, "it was ?"


def test_reading_to_the_end_includes_the_alerts_of_its_own_refusals(broker: KafkaBroker, tmp_path: Path) -> None:
    """A batch may wait longer than the silence after which the topics count as read."""
    kafka = settings_for(broker, "own-alerts")
    reads = [plate_read(1), plate_read(2, camera="nowhere")]
    send(kafka, [Message(topic_of(kafka, Kind.PLATE_READ), encode(read), read.camera_id.encode()) for read in reads])
    patient = INGEST.model_copy(update={"batch_interval_s": 0.5})
    ingester = Ingester(kafka, patient, build_writer(ChdbSettings(), tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    found = stored(ChdbSettings(), tmp_path)
    assert (found[Kind.PLATE_READ], found[Kind.ALERT], ingester.status().dead) == (1, 1, 1)


def test_events_of_a_later_version_are_stored_without_the_fields_unknown_here(
    broker: KafkaBroker, store_settings: StoreSettings, tmp_path: Path
) -> None:
    kafka = settings_for(broker, f"later-{store_settings.type}")
    values = [encode(identified(msgspec.structs.replace(plate_read(7), schema_version=2))), encode(newer_read(7))]
    send(kafka, [Message(topic_of(kafka, Kind.PLATE_READ), value, b"cam-1") for value in values])
    ingester = Ingester(kafka, INGEST, build_writer(store_settings, tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    status = ingester.status()
    assert (status.stored, status.dead, status.newer) == (2, 0, 1)
    found = rows(store_settings, tmp_path, Kind.PLATE_READ)
    assert {event.schema_version for event in found} == {2}
    assert newer_read(7).event_id in {event.event_id for event in found}


def test_reads_of_a_foreign_producer_are_stored_only_where_plates_may_be_read(
    broker: KafkaBroker, store_settings: StoreSettings, tmp_path: Path
) -> None:
    kafka = settings_for(broker, f"foreign-{store_settings.type}")
    reads = {camera: plate_read(1, camera=camera, plate="TMP1E34") for camera in ("cam-1", "square", "nowhere")}
    hidden = msgspec.structs.replace(reads["square"], ts_ms=1_000_000, first_ts_ms=0)  # too old as well
    send(
        kafka,
        [
            *(Message(topic_of(kafka, Kind.PLATE_READ), encode(read), b"TMP1E34", [("x", b"TMP1E34")])
              for read in reads.values()),
            Message(topic_of(kafka, Kind.COUNT), encode(count(1, camera="square")), b"square"),
            Message(topic_of(kafka, Kind.COUNT), encode(hidden), b"square"),
        ],
    )  # fmt: skip
    ingester = Ingester(kafka, INGEST, build_writer(store_settings, tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    assert rows(store_settings, tmp_path, Kind.PLATE_READ) == [reads["cam-1"]]
    assert stored(store_settings, tmp_path)[Kind.COUNT] == 1
    assert ingester.status().refused == {"plates-not-allowed": 2, "camera-not-registered": 1}

    letters = [(letter.header_texts(), letter) for letter in dead_letters(kafka, 3)]
    assert not any("TMP1E34" in str(headers) for headers, _ in letters)
    forbidden = [letter for headers, letter in letters if "public-square" in headers["reason"]]
    assert len(forbidden) == 2
    assert all(b"TMP1E34" not in (letter.value or b"") + (letter.key or b"") for letter in forbidden)
    (unknown,) = [letter for headers, letter in letters if "not declared" in headers["reason"]]
    assert b"TMP1E34" not in (unknown.value or b""), "it may be a square under another id"

    alerts = rows(store_settings, tmp_path, Kind.ALERT)
    assert all(isinstance(alert, AlertEvent) and alert.severity is Severity.WARNING for alert in alerts)
    assert {(alert.camera_id, alert.subject) for alert in alerts if isinstance(alert, AlertEvent)} == {
        ("square", "plates-not-allowed"),
        (ENGINE_ID, "camera-not-registered"),
    }
    assert "TMP1E34" not in str(alerts)


def test_a_crash_between_insert_and_commit_changes_nothing(
    broker: KafkaBroker, store_settings: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = settings_for(broker, f"crash-{store_settings.type}")
    deliver(kafka, [plate_read(n) for n in range(50)], tmp_path)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    ingester = Ingester(kafka, INGEST, build_writer(store_settings, tmp_path), GATE, now_ms)
    monkeypatch.setattr(Ingester, "_send_dead_letters", die)  # after the insert, before the commit
    with pytest.raises(Killed):
        ingester.run(until_read=True)
    monkeypatch.undo()
    assert stored(store_settings, tmp_path)[Kind.PLATE_READ] > 0
    again = Ingester(kafka, INGEST, build_writer(store_settings, tmp_path), GATE, now_ms)
    again.run(until_read=True)
    assert again.status().stored == 50
    assert stored(store_settings, tmp_path)[Kind.PLATE_READ] == 50


def test_two_ingesters_share_the_partitions_and_lose_nothing_when_one_leaves(
    broker: KafkaBroker, clickhouse_store: StoreSettings, tmp_path: Path
) -> None:
    kafka = settings_for(broker, "share")
    create_missing_topics(kafka)
    makers: list[Callable[[], Ingester]] = [
        lambda: Ingester(kafka, INGEST, build_writer(clickhouse_store, tmp_path), GATE, now_ms)
    ] * 2
    one, two = (make() for make in makers)
    sink = build_sink(kafka, tmp_path, admit_all)
    with running(one):
        with running(two):
            wait_until(lambda: bool(one.status().lag) and bool(two.status().lag))
            for start in range(0, 400, 40):
                sink.add([plate_read(n, camera=f"cam-{n % 23}") for n in range(start, start + 40)])
                time.sleep(0.05)
            sink.flush(60)
            wait_until(lambda: one.status().stored + two.status().stored >= 400)
            assert min(one.status().stored, two.status().stored) > 0
        sink.add([plate_read(n, camera=f"cam-{n % 23}") for n in range(400, 500)])
        sink.flush(60)
        wait_until(lambda: stored(clickhouse_store, tmp_path)[Kind.PLATE_READ] == 500)
    sink.close()


def test_what_was_read_and_not_committed_comes_again_after_a_rebalance(broker: KafkaBroker) -> None:
    kafka = settings_for(broker, "again")
    topic = topic_of(kafka, Kind.PLATE_READ)
    send(kafka, [Message(topic, str(n).encode(), str(n).encode()) for n in range(100)])
    taken: list[Partition] = []
    one = open_consumer(kafka, [topic], topic, 2, taken.extend)
    before: dict[str, Received] = {}
    wait_until(lambda: len(keep(before, one.poll(0.2, 1000))) == 100)
    first = next(iter(before.values()))
    one.commit({(first.topic, first.partition): first.offset + 1})
    assert not taken

    two = open_consumer(kafka, [topic], topic, 2, lambda _: None)
    after: dict[str, Received] = {}

    def both() -> bool:
        for consumer in (one, two):
            keep(after, consumer.poll(0.2, 1000))
        return len(after) == 99

    wait_until(both)
    assert taken
    assert sorted(after) == sorted(set(before) - {first.place})
    one.close()
    two.close()


def keep(seen: dict[str, Received], messages: Sequence[Received]) -> dict[str, Received]:
    """All that came, by place."""
    seen |= {message.place: message for message in messages}
    return seen
