"""Dead letters: no plate that its camera may not read is in them, and everything else is copied for a replay."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.kafka_topics import replay_dead_letters
from pipeline.domain.events import Kind, encode
from pipeline.policy.gate import RefusalRule
from pipeline.sink.build import build_writer
from pipeline.sink.ingest.dead_letters import dead_letter
from pipeline.sink.ingest.ingester import Ingester
from pipeline.sink.ingest.message_decoder import BadMessage
from pipeline.sink.kafka.messages import Headers, Message, Received
from pipeline.sink.kafka.topics import topic_of
from pipeline.store.settings import ChdbSettings
from tests.event_samples import plate_read
from tests.servers.kafka import KafkaBroker
from tests.sink.ingest.ingesting import GATE, INGEST, dead_letters, now_ms, rows, send, stored
from tests.sink.kafka.test_kafka import client, collect_here, own_broker, settings_for

__all__ = ["client", "collect_here", "own_broker"]  # fixtures
pytestmark = pytest.mark.filterwarnings("ignore:unclosed.*socket:ResourceWarning")

PLATE = "TMP1E34"
_FIELDS = msgspec.json.decode(encode(plate_read(1, camera="square", plate=PLATE)))


def _read(**changes: Any) -> bytes:
    """A plate read of a camera that may not read plates; None removes a field."""
    fields = _FIELDS | changes
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


FORBIDDEN: dict[str, bytes] = {
    "nothing else wrong": _read(),
    "a further field": _read(alternatives=[PLATE, "TMP1E3A"]),
    "a further field in a newer version": _read(alternatives=[PLATE], schema_version=99),
    "a newer version that changed a field": _read(schema_version=99, votes=PLATE),
    "a wrong type": _read(plate=[PLATE]),
    "the plate in each text": _read(vehicle=PLATE, stream_id=PLATE, layout=PLATE),
    "the plate in a number's place": _read(event_id=PLATE, ts_ms=PLATE, x1={"a": PLATE}, frame=PLATE, track_id=[PLATE]),
    "a missing field": _read(votes=None),
    "no kind": _read(kind=None),
    "an unknown kind": _read(kind=PLATE),
    "another kind with a plate": _read(kind="count"),
    "the plate as a field's name": _read(**{PLATE: 1, "votes": "?"}),
    "too large": _read(alternatives=[PLATE] * 10_000),
    "too old": _read(ts_ms=1_000_000, first_ts_ms=0),
}
UNREADABLE: dict[str, bytes] = {
    "cut off": _read()[:-1],
    "text behind it": _read() + PLATE.encode(),
    "no object": msgspec.json.encode([PLATE]),
    "no camera": _read(camera_id=None),
    "a camera that is no text": _read(camera_id=[PLATE]),
    "no UTF-8": PLATE.encode() + b"\xff",
}
FOREIGN: Headers = [("kind", PLATE.encode()), ("schema_version", PLATE.encode()), ("x", PLATE.encode())]


def test_no_plate_that_its_camera_may_not_read_is_anywhere_in_a_dead_letter(
    broker: KafkaBroker, tmp_path: Path
) -> None:
    kafka = settings_for(broker, "no-plate", compression="none")
    topic = topic_of(kafka, Kind.PLATE_READ)
    values = [*FORBIDDEN.values(), *UNREADABLE.values()]
    send(kafka, [Message(topic, value, PLATE.encode(), FOREIGN) for value in values])
    ingester = Ingester(kafka, INGEST, build_writer(ChdbSettings(), tmp_path), GATE, now_ms)
    ingester.run(until_read=True)
    status = ingester.status()
    assert (status.dead, status.refused) == (len(values), {"plates-not-allowed": len(FORBIDDEN)})
    assert stored(ChdbSettings(), tmp_path)[Kind.PLATE_READ] == 0

    letters = sorted(dead_letters(kafka, len(values)), key=lambda one: int(one.header_texts()["source_offset"]))
    for name, value, letter in zip([*FORBIDDEN, *UNREADABLE], values, letters, strict=True):
        everything = b"".join([letter.key or b"", letter.value or b"", *(v or b"" for _, v in letter.headers)])
        assert PLATE.encode() not in everything, name
        headers = letter.header_texts()
        assert headers.keys() == {"reason", "source_topic", "source_partition", "source_offset", "copy"}, name
        copied = msgspec.json.decode(letter.value or b"")
        if name in FORBIDDEN:
            assert (letter.key, headers["copy"]) == (b"square", "without-plate"), name
            assert "public-square" in headers["reason"], name
            assert copied["camera_id"] == "square"
            assert not copied.keys() & {"plate", "plate_key", "stream_id", "alternatives"}, name
        else:
            assert (letter.key, headers["copy"]) == (None, "digest"), name
            assert copied == {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}, name
    assert replay_dead_letters(kafka) == 0, "there is nothing to send again"


def test_reads_of_roads_are_copied_as_they_were_and_can_be_replayed(broker: KafkaBroker, tmp_path: Path) -> None:
    kafka = settings_for(broker, "of-roads", compression="none")
    fields = msgspec.json.decode(encode(plate_read(1, camera="cam-1", plate=PLATE)))
    wrong: list[dict[str, Any]] = [{"schema_version": 99, "votes": "?"}, {"a": 1}]
    values = [msgspec.json.encode(fields | changes) for changes in wrong]
    ours: Headers = [("kind", b"plate_read"), ("schema_version", b"99")]
    send(kafka, [Message(topic_of(kafka, Kind.PLATE_READ), value, b"?", ours) for value in values])
    Ingester(kafka, INGEST, build_writer(ChdbSettings(), tmp_path), GATE, now_ms).run(until_read=True)
    letters = dead_letters(kafka, 2)
    assert {letter.value for letter in letters} == set(values)
    assert {letter.key for letter in letters} == {b"cam-1"}
    assert all(dict(ours).items() <= dict(letter.headers).items() for letter in letters)
    assert not any("copy" in letter.header_texts() for letter in letters)
    assert replay_dead_letters(kafka) == 2
    alerts = rows(ChdbSettings(), tmp_path, Kind.ALERT)
    assert PLATE not in str(alerts)


def test_what_a_copy_without_plate_retains() -> None:
    message = Received("t", 0, 7, 0, None, FORBIDDEN["a further field"])
    copy = dead_letter("dead", message, BadMessage("…", RefusalRule.PLATES, "square"))
    copied = msgspec.json.decode(copy.value or b"")
    assert copied == {name: _FIELDS[name] for name in _FIELDS.keys() - {"plate", "plate_key", "stream_id"}}


@pytest.mark.parametrize("version", [b"0", b"123456", b"1 ", b"", b"-1", b"1.0"])
def test_an_invalid_schema_version_is_not_copied(version: bytes) -> None:
    message = Received("t", 0, 7, 0, None, b"{}", [("schema_version", version)])
    assert "schema_version" not in dict(dead_letter("dead", message, BadMessage("…")).headers)


def test_a_tombstone_becomes_a_message_that_brokers_accept() -> None:
    copy = dead_letter("dead", Received("t", 0, 7, 0, PLATE.encode(), None), BadMessage("it has no value"))
    assert copy.key is None
    assert msgspec.json.decode(copy.value or b"")["bytes"] == 0
