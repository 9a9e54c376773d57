"""Writer of events to Kafka, in order per camera."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from pipeline.domain.event_kinds import SPECS
from pipeline.domain.event_writer import AcknowledgedDataLost, EventRecord
from pipeline.domain.events import Kind, kind_of
from pipeline.errors import SinkError
from pipeline.sink.kafka.connection import broker_errors, probe_brokers, target_of
from pipeline.sink.kafka.messages import Headers, Message
from pipeline.sink.kafka.producer import Producer, open_producer
from pipeline.sink.kafka.topics import create_missing_topics, topic_of
from pipeline.sink.settings import KafkaSettings
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder

_SAVE_EVERY_S: Final = 1.0


class KafkaWriter:
    """An `EventWriter` with an idempotent producer, `acks=all`.

    `SpooledSink` closes and opens it after every failure, so a broker that lost the producer's id (restored, or
    restarted with empty memory) gets a new producer. The writer records the id of each topic and the last confirmed
    offset of each partition: brokers that come back with another topic, or with less in it, have lost confirmed events,
    and `AcknowledgedDataLost` is raised. What it recorded stays on disk until the spool has gone back and a write has
    succeeded, so that a kill in between does not hide the loss.

    Args:
        settings: of the sink.
        offsets_file: where ids and offsets are stored between runs; None for this run only.
    """

    def __init__(self, settings: KafkaSettings, offsets_file: Path | None = None) -> None:
        self._settings = settings
        self._topics = {kind: topic_of(settings, kind) for kind in SPECS}
        self._producer: Producer | None = None
        self._offsets_file = offsets_file
        self._saved_s = 0.0
        self._loss_open = False
        known = _load(offsets_file)
        self._ids = known.topics
        self._confirmed = {(topic, partition): last for topic, partition, last in known.offsets}

    @property
    def target(self) -> str:
        """The brokers and the prefix of the topics."""
        return target_of(self._settings)

    def open(self) -> None:
        """Connect, and create missing topics.

        Raises:
            AcknowledgedDataLost: a topic in which events had been confirmed is missing, or is another one.
        """
        with broker_errors(self.target):
            probe_brokers(self._settings)
            found = create_missing_topics(self._settings)
            self._producer = open_producer(self._settings, self.target)
        known, self._ids = self._ids, self._ids | found.ids
        gone = {topic for topic, _ in self._confirmed} & found.created
        gone |= {topic for topic, was in known.items() if found.ids.get(topic, was) != was}
        if gone:
            self._confirmed = {place: last for place, last in self._confirmed.items() if place[0] not in gone}
            self._loss_open = True
            raise AcknowledgedDataLost(self.target, f"the brokers have lost the topic {min(gone)} and what was in it")
        if self._ids != known:
            self._save(at_once=True)

    def write(self, records: Sequence[EventRecord]) -> None:
        """Send the records and wait until every one is confirmed by all replicas in sync.

        Raises:
            AcknowledgedDataLost: they were taken, but at offsets at which earlier ones had been confirmed.
        """
        if self._producer is None:
            raise SinkError(self.target, "it is not open")
        messages = [self._message(record) for record in records]
        with broker_errors(self.target):
            spans = self._producer.send(messages)
        back = [place for place, (first, _) in spans.items() if first <= self._confirmed.get(place, -1)]
        self._confirmed |= {place: last for place, (_, last) in spans.items()}
        if back:
            self._loss_open = True
            raise AcknowledgedDataLost(
                self.target, f"the brokers have lost events of {back[0][0]} that they had confirmed"
            )
        self._loss_open = False
        self._save()

    def close(self) -> None:
        """Drop the producer without waiting for what was not confirmed."""
        if self._producer is not None:
            self._producer.close()
            self._producer = None
            self._save(at_once=True)

    def _message(self, record: EventRecord) -> Message:
        event = record.event
        kind = kind_of(event)
        # One camera, one partition: its events stay in order.
        return Message(
            self._topics[kind], record.payload, event.camera_id.encode(), _headers(kind, event.schema_version)
        )

    def _save(self, *, at_once: bool = False) -> None:
        """Not synced: a power cut loses the offsets of the last second, not an event."""
        recent = time.monotonic() - self._saved_s < _SAVE_EVERY_S
        if self._offsets_file is None or self._loss_open or (recent and not at_once):
            return
        self._saved_s = time.monotonic()
        rows = [(topic, partition, last) for (topic, partition), last in sorted(self._confirmed.items())]
        with contextlib.suppress(OSError):  # a full disk: a later batch tries again
            private_folder(self._offsets_file.parent)
            write_atomically(self._offsets_file, msgspec.json.encode(_Known(self._ids, rows)), sync=False)


class _Known(msgspec.Struct):
    """What is stored between runs: topics by name with their ids, and topic, partition, last confirmed offset."""

    topics: dict[str, str] = {}
    offsets: list[tuple[str, int, int]] = []


@cache
def _headers(kind: Kind, schema_version: int) -> Headers:
    return (("schema_version", str(schema_version).encode()), ("kind", kind.value.encode()))


def _load(offsets_file: Path | None) -> _Known:
    if offsets_file is None or not offsets_file.is_file():
        return _Known()
    try:
        return msgspec.json.decode(offsets_file.read_bytes(), type=_Known)
    except (OSError, ValueError):
        return _Known()  # Without it nothing breaks: a loss is not noticed.
