"""Dead letters: only events that the gate admits are copied, for a replay; of all else they hold a digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.app.kafka_topics import PrunedLetters, prune_dead_letters, replay_dead_letters
from pipeline.config.load import parse_config
from pipeline.config.settings import Config
from pipeline.domain.events import Event, Kind, encode
from pipeline.sink.build import build_writer
from pipeline.sink.ingest.dead_letters import dead_letter
from pipeline.sink.ingest.ingester import Ingester
from pipeline.sink.ingest.message_decoder import BadMessage, MessageDecoder
from pipeline.sink.kafka.messages import Headers, Message, Received
from pipeline.sink.kafka.topics import dead_letters_of, topic_of
from pipeline.store.settings import ChdbSettings
from tests.event_samples import alert, count, health, plate_read, track
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


def _event(event: Event, **changes: Any) -> bytes:
    return msgspec.json.encode(msgspec.json.decode(encode(event)) | changes)


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
CITY = """\
cameras:
  - {{id: cam-1, source: a.mp4, scope: public-road}}
  - {{id: square, source: b.mp4, scope: public-square}}
data_dir: {data}
sinks: [{{type: kafka}}]
"""
FOREIGN: Headers = [("kind", PLATE.encode()), ("schema_version", PLATE.encode()), ("x", PLATE.encode())]


def _city(folder: Path) -> Config:
    return parse_config(CITY.format(data=folder), folder / "city.yaml")


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
            assert letter.key == b"square", name
            assert "public-square" in headers["reason"], name
        else:
            assert letter.key is None, name
        assert headers["copy"] == "digest", name
        assert copied == {"bytes": len(value), "sha256": hashlib.sha256(value).hexdigest()}, name
    assert replay_dead_letters(_city(tmp_path), kafka) == 0, "there is nothing to send again"


def test_admissible_events_are_copied_and_can_be_replayed(broker: KafkaBroker, tmp_path: Path) -> None:
    kafka = settings_for(broker, "of-roads", compression="none")
    late = plate_read(1, camera="cam-1", plate=PLATE, ts_ms=now_ms() + 86_400_000)
    values = [encode(late), encode(track(1))]
    ours: Headers = [("kind", b"plate_read"), ("schema_version", b"99")]
    send(kafka, [Message(topic_of(kafka, Kind.PLATE_READ), value, b"?", ours) for value in values])
    Ingester(kafka, INGEST, build_writer(ChdbSettings(), tmp_path), GATE, now_ms).run(until_read=True)
    letters = dead_letters(kafka, 2)
    assert {letter.value for letter in letters} == set(values)
    assert {letter.key for letter in letters} == {b"cam-1"}
    assert all(dict(ours).items() <= dict(letter.headers).items() for letter in letters)
    assert not any("copy" in letter.header_texts() for letter in letters)
    assert replay_dead_letters(_city(tmp_path), kafka) == 2
    alerts = rows(ChdbSettings(), tmp_path, Kind.ALERT)
    assert PLATE not in str(alerts)


TEXTS: dict[str, bytes] = {
    "a further field of a square": _event(track(1, camera="square"), placa="TMP5679", religiao="evangelico"),
    "a further field of a road": _event(track(1), religiao="evangelico"),
    "a further field named like a creed": _event(track(1), evangelico=1),
    "another severity": _event(alert(1, camera="square"), severity="evangelico"),
    "another trajectory": _event(track(1, camera="square"), trajectory="TMP5676"),
    "another label": _event(count(1, camera="square"), label="evangelico"),
    "another state": _event(health(1, camera="square"), state="evangelico"),
    "a camera that is not declared": _event(alert(1), camera_id="evangelico"),
    "a detail of another topic": _event(health(1), detail="evangelico TMP5679"),
    "a newer version": _event(track(1), schema_version=99, frames="evangelico"),
    "a newer version from long ago": _event(track(1), schema_version=2, ts_ms=9, first_ts_ms=9, creed="evangelico"),
    "words as a plate": _event(plate_read(1), plate="evangelico", plate_key="EVANGELICO", layout="other"),
}


def test_no_text_of_the_sender_is_in_a_dead_letter() -> None:
    """In its value, key, reason or headers."""
    decoder = MessageDecoder({"t": Kind.COUNT}, INGEST, GATE, now_ms)
    for name, value in TEXTS.items():
        message = Received("t", 0, 7, 0, b"evangelico", value, FOREIGN)
        with pytest.raises(BadMessage) as bad:
            decoder.decode(message)
        letter = dead_letter("dead", message, bad.value)
        everything = str([letter.key, letter.value, letter.headers])
        texts = ("evangelico", "TMP567", "EVANGELICO", "religiao", "placa")
        assert not any(text in everything for text in texts), name
        assert letter.key in {None, b"cam-1", b"square"}, name


def test_an_invalid_schema_version_is_not_copied() -> None:
    for version in (b"0", b"123456", b"1 ", b"", b"-1", b"1.0"):
        message = Received("t", 0, 7, 0, None, b"{}", [("schema_version", version)])
        assert "schema_version" not in dict(dead_letter("dead", message, BadMessage("…")).headers), version


def test_a_tombstone_becomes_a_message_that_brokers_accept() -> None:
    copy = dead_letter("dead", Received("t", 0, 7, 0, PLATE.encode(), None), BadMessage("it has no value"))
    assert copy.key is None
    assert msgspec.json.decode(copy.value or b"")["bytes"] == 0


def test_dead_letters_of_before_the_gate_are_pruned_and_others_retained(broker: KafkaBroker, tmp_path: Path) -> None:
    kafka = settings_for(broker, "of-before", compression="none")
    city = _city(tmp_path)
    late = plate_read(1, camera="cam-1", plate=PLATE, ts_ms=now_ms() + 86_400_000)
    good = [encode(late), FORBIDDEN[next(iter(FORBIDDEN))]]
    send(kafka, [Message(topic_of(kafka, Kind.PLATE_READ), value, b"?", []) for value in good])
    Ingester(kafka, INGEST, build_writer(ChdbSettings(), tmp_path), GATE, now_ms).run(until_read=True)
    today = dead_letters(kafka, 2)
    topic, reason = dead_letters_of(kafka), ("reason", b"the time is in the future")
    before = [
        Message(topic, good[1], b"square", [reason]),
        Message(topic, PLATE.encode(), None, [reason]),
        Message(topic, today[0].value, None, [("reason", f"{PLATE} is no field".encode())]),
        Message(topic, today[0].value, PLATE.encode(), [reason]),
        Message(topic, today[0].value, None, [reason, ("x", PLATE.encode())]),
    ]
    send(kafka, before)
    assert len(dead_letters(kafka, 7)) == 7
    assert prune_dead_letters(city, kafka) == PrunedLetters(5, 2)
    assert {letter.value for letter in dead_letters(kafka, 2)} == {letter.value for letter in today}
    assert prune_dead_letters(city, kafka) == PrunedLetters(0, 2)
