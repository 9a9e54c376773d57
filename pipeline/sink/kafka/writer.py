"""Events to Kafka, in order per camera."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from pipeline.domain.events import Event, Kind, kind_of
from pipeline.errors import SinkError
from pipeline.sink.event_json import to_json
from pipeline.sink.kafka.connection import broker_errors, probe_brokers, target_of
from pipeline.sink.kafka.messages import Headers, Message
from pipeline.sink.kafka.producer import Place, Producer, open_producer
from pipeline.sink.kafka.topics import TAILS, make_missing, topic_of
from pipeline.sink.settings import KafkaSettings
from pipeline.sink.writer import AcknowledgedDataLost

_SAVE_EVERY_S: Final = 1.0


class KafkaWriter:
    """A `Writer` with an idempotent producer, `acks=all`.

    `SpooledSink` closes and opens it after every failure, so a broker that forgot the producer's id (restored,
    restarted without its memory) meets a new producer. It remembers how far each partition had come: brokers that
    come back with less have lost what they had confirmed, and `AcknowledgedDataLost` says so.

    Args:
        settings: of the sink.
        memory: file in which the partitions' offsets are kept between runs; None for this run only.
    """

    def __init__(self, settings: KafkaSettings, memory: Path | None = None) -> None:
        self._settings = settings
        self._topics = {kind: topic_of(settings, kind) for kind in TAILS}
        self._producer: Producer | None = None
        self._memory = memory
        self._saved_s = 0.0
        self._confirmed = _load(memory)

    @property
    def target(self) -> str:
        """The brokers and the prefix of the topics."""
        return target_of(self._settings)

    def open(self) -> None:
        """Connect, and make the topics that are missing.

        Raises:
            AcknowledgedDataLost: a topic is missing to which events had been confirmed.
        """
        with broker_errors(self.target):
            probe_brokers(self._settings)
            made = make_missing(self._settings)
            self._producer = open_producer(self._settings, self.target)
        gone = {topic for topic, _ in self._confirmed} & made
        if gone:
            self._confirmed = {place: last for place, last in self._confirmed.items() if place[0] not in gone}
            raise AcknowledgedDataLost(self.target, f"the brokers have lost the topic {min(gone)} and what was in it")

    def write(self, events: Sequence[Event]) -> None:
        """Send the events and wait until every one is confirmed by all replicas in sync.

        Raises:
            AcknowledgedDataLost: they were taken, but at places where earlier ones had been confirmed.
        """
        if self._producer is None:
            raise SinkError(self.target, "it is not open")
        messages = [self._message(event) for event in events]
        with broker_errors(self.target):
            spans = self._producer.send(messages)
        back = [place for place, (first, _) in spans.items() if first <= self._confirmed.get(place, -1)]
        self._confirmed |= {place: last for place, (_, last) in spans.items()}
        if back:  # Not written down before the spool has gone back: a kill in between would hide the loss.
            raise AcknowledgedDataLost(
                self.target, f"the brokers have lost events of {back[0][0]} that they had confirmed"
            )
        self._save()

    def close(self) -> None:
        """Drop the producer without waiting for what was not confirmed."""
        if self._producer is not None:
            self._producer.close()
            self._producer = None
            self._saved_s = 0.0
            self._save()

    def _message(self, event: Event) -> Message:
        kind = kind_of(event)
        # One camera, one partition: its events stay in order.
        return Message(
            self._topics[kind], to_json(event), event.camera_id.encode(), _headers(kind, event.schema_version)
        )

    def _save(self) -> None:
        """Not synced: a power cut costs the knowledge of the last second, not an event."""
        if self._memory is None or time.monotonic() - self._saved_s < _SAVE_EVERY_S:
            return
        self._saved_s = time.monotonic()
        unfinished = self._memory.with_suffix(".unfinished")
        rows = [(topic, partition, last) for (topic, partition), last in sorted(self._confirmed.items())]
        try:
            self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            unfinished.write_bytes(msgspec.json.encode(rows))
            unfinished.replace(self._memory)
        except OSError:
            self._saved_s = time.monotonic()  # a full disk: the next batch tries again


@cache
def _headers(kind: Kind, schema_version: int) -> Headers:
    return (("schema_version", str(schema_version).encode()), ("kind", kind.value.encode()))


def _load(memory: Path | None) -> dict[Place, int]:
    if memory is None or not memory.is_file():
        return {}
    try:
        rows = msgspec.json.decode(memory.read_bytes(), type=list[tuple[str, int, int]])
    except (OSError, ValueError):
        return {}  # Knowing nothing is safe: it only means that a loss is not noticed.
    return {(topic, partition): last for topic, partition, last in rows}
