"""Ingester: a member of a consumer group that reads the topics and writes large batches into the event store.

Offsets are committed after the insert. A crash in between makes the next ingester write the same rows again, under the
same ids: the tables count them once.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog
from kafka import errors as kafka_errors

from pipeline.domain.backoff import Backoff
from pipeline.domain.credentials import redact
from pipeline.domain.event_kinds import SPECS
from pipeline.domain.event_writer import EventRecord, EventRefused, EventWriter
from pipeline.domain.events import Kind, encode
from pipeline.errors import SinkError, ViapublicaError
from pipeline.policy.gate import Gate, RefusalRule
from pipeline.sink.ingest.dead_letters import dead_letter
from pipeline.sink.ingest.message_decoder import BadMessage, MessageDecoder
from pipeline.sink.ingest.refusal_alerts import RefusalAlerts
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.ingest.stall_detector import StallDetector
from pipeline.sink.ingest.write_batch import WriteBatch
from pipeline.sink.kafka.connection import probe_brokers, target_of
from pipeline.sink.kafka.consumer import GroupConsumer, open_consumer
from pipeline.sink.kafka.messages import Message, Received
from pipeline.sink.kafka.producer import Partition, Producer, open_producer
from pipeline.sink.kafka.topics import create_missing_topics, dead_letters_of, topic_of
from pipeline.sink.settings import KafkaSettings

_log = structlog.get_logger(__name__)

_POLL_S = 0.1
_LEAST_STALL_S = 10.0
_ONCE_FAILURES = 5
"""Failures in a row, without a batch between them, after which `until_read` ends."""
_QUIET_S = 1.0
"""Silence after which `until_read` takes the topics as read."""


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """A snapshot.

    Attributes:
        stored: events written, repeated ones included; dead: dead letters; batches: inserts.
        refused: dead letters that policy refuses, by rule; newer: events of a newer program version that were stored
            without the fields unknown here.
        retries: failures so far; error: the present one, "" while there is none.
        lag: messages not read yet, by topic and partition.
    """

    stored: int = 0
    dead: int = 0
    batches: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    newer: int = 0
    retries: int = 0
    error: str = ""
    lag: dict[Partition, int] = field(default_factory=dict)


class Ingester:
    """One member of the group. `run` is the only method for its own thread; the others are for any.

    Args:
        kafka: brokers and topics.
        settings: group, batches, timeouts.
        writer: of the event store.
        gate: knows the registered cameras; what it refuses is a dead letter.
        clock_ms: milliseconds since 1970 UTC, for what is too old or too far in the future.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: IngestSettings,
        writer: EventWriter,
        gate: Gate,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._kafka = kafka
        self._settings = settings
        self._writer = writer
        self._topics = {topic_of(kafka, kind): kind for kind in SPECS}
        self._decoder = MessageDecoder(self._topics, settings, gate, clock_ms)
        self._alerts = RefusalAlerts(settings.group, clock_ms)
        self._refused: Counter[str] = Counter()
        self._reconnect = self._backoff()
        self._stop = threading.Event()
        self._consumer: GroupConsumer | None = None
        self._producer: Producer | None = None
        self._writer_open = False
        self._batch = WriteBatch()
        self._began_s = 0.0
        self._stored = self._dead = self._batches = self._retries = 0
        self._error = ""
        self._failures = 0
        self._most_failures: int | None = None
        self._lag: dict[Partition, int] = {}
        self._log = _log.bind(group=settings.group, source=target_of(kafka), target=writer.target)

    def stop(self) -> None:
        """Write and commit what was read, and end."""
        self._stop.set()

    def status(self) -> IngestStatus:
        """A snapshot."""
        return IngestStatus(
            self._stored, self._dead, self._batches, dict(self._refused), self._decoder.newer, self._retries,
            self._error, dict(self._lag),
        )  # fmt: skip

    def run(self, *, until_read: bool = False) -> None:
        """Until `stop`; with `until_read` also when the topics have nothing more, or nothing answers."""
        self._most_failures = _ONCE_FAILURES if until_read else None
        try:
            while not self._stop.is_set():
                try:
                    self._open()
                    if self._work(until_read=until_read):
                        return
                except (kafka_errors.KafkaError, ViapublicaError, OSError) as error:
                    self._note(error)
                    if self._hopeless():
                        return
                    self._drop_connections()  # and with them the batch: nothing of it was committed
                    self._stop.wait(self._reconnect.pause_s())
            self._finish()
        finally:
            self._drop_connections()
            self._writer.close()

    def _open(self) -> None:
        if self._consumer is not None:
            return
        probe_brokers(self._kafka)
        create_missing_topics(self._kafka)
        self._producer = open_producer(self._kafka, target_of(self._kafka))
        self._consumer = open_consumer(
            self._kafka, sorted(self._topics), self._settings.group, self._settings.session_timeout_s, self._revoked
        )
        self._log.info("ingest_reads", topics=len(self._topics))

    def _work(self, *, until_read: bool) -> bool:
        """Read and write until `stop`; True when `until_read` is reached."""
        consumer = self._opened()
        last_s = logged_s = time.monotonic()
        stall = StallDetector(max(_LEAST_STALL_S, 2 * self._settings.session_timeout_s))
        while not self._stop.is_set():
            left = self._settings.batch_events - len(self._batch)
            messages = consumer.poll(_POLL_S, max(1, left))
            now_s = time.monotonic()
            if messages:
                last_s = now_s
                self._receive(messages, now_s)
            self._lag = consumer.lag()
            received = {(message.topic, message.partition) for message in messages}
            assigned = consumer.assigned()
            if now_s - logged_s > _LEAST_STALL_S:
                self._log.debug(
                    "ingest_reads_on", partitions=assigned, lag=sum(self._lag.values()), known=len(self._lag)
                )
                logged_s = now_s
            if stalled := stall.check(now_s, assigned, self._lag, received):
                raise SinkError(target_of(self._kafka), stalled, "The ingester connects again.")
            full = len(self._batch) >= self._settings.batch_events
            if len(self._batch) and (full or now_s - self._began_s >= self._settings.batch_interval_s):
                self._store()
                last_s = time.monotonic()
            if self._send_alerts():  # into a topic that this group reads: there is something more
                last_s = time.monotonic()
            quiet = now_s - last_s > _QUIET_S and not len(self._batch)
            if until_read and quiet and assigned and assigned <= len(self._lag) and not any(self._lag.values()):
                return True
        return False

    def _receive(self, messages: Sequence[Received], now_s: float) -> None:
        if not len(self._batch):
            self._began_s = now_s
        for message in messages:
            try:
                self._batch.entries.append((message, self._decoder.decode(message)))
            except BadMessage as bad:
                if bad.rule is RefusalRule.ERASED:  # a copy among the dead letters would bring it back
                    self._batch.erased += 1
                else:
                    self._batch.dead.append((message, bad))
            self._batch.reach(message)

    def _store(self) -> None:
        """Insert, send the dead letters, commit; waits while the store is not available."""
        consumer = self._opened()
        backoff = self._backoff()
        while True:
            try:
                self._insert(self._batch)
                break
            except ViapublicaError as error:
                self._note(error)
                self._writer.close()
                self._writer_open = False
                if self._stop.is_set():
                    return  # not committed: the next ingester reads it again
                if self._hopeless():
                    raise
                self._wait(consumer, backoff.pause_s())
        batch = self._batch
        self._send_dead_letters(batch)
        try:
            consumer.commit(batch.ends)
        except kafka_errors.KafkaError as error:
            # Another member has the partitions now and reads these events again: the same rows.
            self._log.warning("ingest_commit_failed", error=redact(str(error)))
        spans = {f"{topic}/{part}": end for (topic, part), end in sorted(batch.ends.items())}
        self._log.debug("ingest_batch", events=len(batch.entries), dead=len(batch.dead), ends=spans)
        self._count(batch)
        self._error = ""
        self._failures = 0
        self._reconnect.reset()
        self._batch = WriteBatch()

    def _count(self, batch: WriteBatch) -> None:
        self._stored += len(batch.entries)
        self._dead += len(batch.dead)
        self._batches += 1
        if batch.erased:
            self._refused[RefusalRule.ERASED.value] += batch.erased
        for _, bad in batch.dead:
            if bad.rule is not None:
                self._refused[bad.rule.value] += 1
                self._alerts.count(bad.rule, bad.camera_id)

    def _insert(self, batch: WriteBatch) -> None:
        if not self._writer_open:
            self._writer.open()
            self._writer_open = True
        self._write(batch, [record for _, record in batch.entries])

    def _write(self, batch: WriteBatch, records: Sequence[EventRecord]) -> None:
        """Write the events; one that the store refuses is found by halving and becomes a dead letter."""
        if not records:
            return
        try:
            self._writer.write(records)
        except EventRefused as refusal:
            if len(records) > 1:
                middle = len(records) // 2
                self._write(batch, records[:middle])
                self._write(batch, records[middle:])
                return
            self._log.error("event_store_refuses_event", error_type=type(refusal.__cause__ or refusal).__name__)
            self._refuse(batch, records[0])

    def _refuse(self, batch: WriteBatch, culprit: EventRecord) -> None:
        event = culprit.event
        number = next(i for i, (_, record) in enumerate(batch.entries) if record is culprit)
        message, _ = batch.entries.pop(number)
        batch.dead.append((message, BadMessage("the event store refuses it", None, event.camera_id, event)))

    def _send_dead_letters(self, batch: WriteBatch) -> None:
        """To their topic, confirmed, before the offsets are committed."""
        if not batch.dead or self._producer is None:
            return
        topic = dead_letters_of(self._kafka)
        self._producer.send([dead_letter(topic, message, bad) for message, bad in batch.dead])
        reasons = sorted({bad.reason for _, bad in batch.dead})
        self._log.error("ingest_dead_letters", count=len(batch.dead), first=batch.dead[0][0].place, reason=reasons[0])

    def _send_alerts(self) -> bool:
        """Into their own topic, like every alert: all that read it learn of refusals, this group included."""
        alerts = self._alerts.due()
        if not alerts or self._producer is None:
            return False
        topic = topic_of(self._kafka, Kind.ALERT)
        self._producer.send([Message(topic, encode(alert), alert.camera_id.encode()) for alert in alerts])
        self._alerts.sent(alerts)
        return True

    def _wait(self, consumer: GroupConsumer, seconds: float) -> None:
        """Keep the membership, fetch nothing, until the pause is over."""
        until_s = time.monotonic() + seconds
        consumer.pause()
        try:
            while time.monotonic() < until_s and not self._stop.is_set():
                found = consumer.poll(_POLL_S, 1)  # partitions assigned meanwhile may bring something
                if found:
                    self._receive(found, time.monotonic())
                    consumer.pause()
        finally:
            consumer.resume()

    def _revoked(self, partitions: Collection[Partition]) -> None:
        """Other members get these partitions, and read again what is not committed of them."""
        if not partitions:
            return
        before = len(self._batch)
        self._batch = self._batch.without(partitions)
        self._log.info("ingest_partitions_revoked", partitions=len(partitions), released=before - len(self._batch))

    def _finish(self) -> None:
        """Write the last batch, if the store is available."""
        if self._consumer is not None and len(self._batch):
            try:
                self._store()
            except (kafka_errors.KafkaError, ViapublicaError, OSError) as error:
                self._note(error)

    def _note(self, error: Exception) -> None:
        text = redact(str(error)) or type(error).__name__
        brokers = isinstance(error, OSError | kafka_errors.KafkaError)
        where = f"{target_of(self._kafka)}: {text}. Are the brokers running, and reachable from here?"
        self._error = where if brokers else text
        self._retries += 1
        self._failures += 1
        self._log.warning("ingest_retry", error=self._error, waiting=len(self._batch))

    def _hopeless(self) -> bool:
        return self._most_failures is not None and self._failures >= self._most_failures

    def _backoff(self) -> Backoff:
        return Backoff(self._settings.retry_initial_s, self._settings.retry_max_s)

    def _opened(self) -> GroupConsumer:
        assert self._consumer is not None  # noqa: S101 - `_open` was called
        return self._consumer

    def _drop_connections(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
        if self._producer is not None:
            self._producer.close()
            self._producer = None
        self._batch = WriteBatch()
        self._lag = {}
