"""`Ingester`: reads the topics in a consumer group and writes large blocks into the event store.

Offsets are committed after the insert. A crash in between makes the next ingester write the same rows again, under the
same ids: the tables count them once.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog
from kafka import errors as kafka_errors

from pipeline.domain.credentials import redact
from pipeline.domain.events import Event
from pipeline.errors import SinkError, ViapublicaError
from pipeline.sink.ingest.message_decoder import Poison, event_of
from pipeline.sink.ingest.settings import IngestSettings
from pipeline.sink.ingest.stall_detector import StallWatch
from pipeline.sink.ingest.write_batch import Block, dead_letter
from pipeline.sink.kafka.connection import probe_brokers, target_of
from pipeline.sink.kafka.consumer import GroupConsumer, open_consumer
from pipeline.sink.kafka.messages import Received
from pipeline.sink.kafka.producer import Place, Producer, open_producer
from pipeline.sink.kafka.topics import TAILS, dead_letters_of, make_missing, topic_of
from pipeline.sink.settings import KafkaSettings
from pipeline.sink.writer import Refused, Writer

_log = structlog.get_logger(__name__)

_POLL_S = 0.1
_LEAST_STALL_S = 10.0
_ONCE_FAILURES = 5
"""Failures in a row, without a block between them, after which `until_read` gives up."""
_QUIET_S = 1.0
"""Silence after which `until_read` believes that the topics have no more."""


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """A snapshot.

    Attributes:
        stored: events written (again, if they came again); dead: messages put aside; blocks: inserts that were done.
        retries: failures so far; error: the present one, "" when all is well.
        lag: messages not read yet, by topic and partition.
    """

    stored: int = 0
    dead: int = 0
    blocks: int = 0
    retries: int = 0
    error: str = ""
    lag: dict[Place, int] = field(default_factory=dict)


class Ingester:
    """One member of the group. `run` is the only method for its own thread; the others are for any.

    Args:
        kafka: brokers and topics.
        settings: group, blocks, patience.
        writer: of the event store.
        clock_ms: milliseconds since 1970 UTC, for what is too old or too far ahead.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        settings: IngestSettings,
        writer: Writer,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._kafka = kafka
        self._settings = settings
        self._writer = writer
        self._clock_ms = clock_ms
        self._kinds = {topic_of(kafka, kind): kind for kind in TAILS}
        self._stop = threading.Event()
        self._consumer: GroupConsumer | None = None
        self._producer: Producer | None = None
        self._writer_open = False
        self._block = Block()
        self._began_s = 0.0
        self._stored = self._dead = self._blocks = self._retries = 0
        self._error = ""
        self._failures = 0
        self._most_failures: int | None = None
        self._lag: dict[Place, int] = {}
        self._log = _log.bind(group=settings.group, source=target_of(kafka), target=writer.target)

    def stop(self) -> None:
        """Write and commit what was read, and end."""
        self._stop.set()

    def status(self) -> IngestStatus:
        """A snapshot."""
        return IngestStatus(self._stored, self._dead, self._blocks, self._retries, self._error, dict(self._lag))

    def run(self, *, until_read: bool = False) -> None:
        """Until `stop`; with `until_read` also when the topics have nothing more, or nothing answers."""
        backoff_s = self._settings.retry_initial_s
        self._most_failures = _ONCE_FAILURES if until_read else None
        try:
            while not self._stop.is_set():
                try:
                    self._open()
                    if self._work(until_read=until_read):
                        return
                    backoff_s = self._settings.retry_initial_s
                except (kafka_errors.KafkaError, ViapublicaError, OSError) as error:
                    self._note(error)
                    if self._hopeless():
                        return
                    self._drop_connections()  # and with them the block: nothing of it was committed
                    self._stop.wait(backoff_s * random.uniform(0.5, 1.0))  # noqa: S311 - no secret depends on it
                    backoff_s = min(2 * backoff_s, self._settings.retry_max_s)
            self._finish()
        finally:
            self._drop_connections()
            self._writer.close()

    def _open(self) -> None:
        if self._consumer is not None:
            return
        probe_brokers(self._kafka)
        make_missing(self._kafka)
        self._producer = open_producer(self._kafka, target_of(self._kafka))
        self._consumer = open_consumer(
            self._kafka, sorted(self._kinds), self._settings.group, self._settings.session_timeout_s, self._revoked
        )
        self._log.info("ingest_reads", topics=len(self._kinds))

    def _work(self, *, until_read: bool) -> bool:
        """Read and write until `stop`; True when `until_read` has come true."""
        consumer = self._opened()
        last_s = told_s = time.monotonic()
        stall = StallWatch(max(_LEAST_STALL_S, 2 * self._settings.session_timeout_s))
        while not self._stop.is_set():
            left = self._settings.batch_events - len(self._block)
            messages = consumer.poll(_POLL_S, max(1, left))
            now_s = time.monotonic()
            if messages:
                last_s = now_s
                self._take(messages, now_s)
            self._lag = consumer.lag()
            came = {(message.topic, message.partition) for message in messages}
            assigned = consumer.assigned()
            if now_s - told_s > _LEAST_STALL_S:
                self._log.debug(
                    "ingest_reads_on", partitions=assigned, lag=sum(self._lag.values()), known=len(self._lag)
                )
                told_s = now_s
            if trouble := stall.look(now_s, assigned, self._lag, came):
                raise SinkError(target_of(self._kafka), trouble, "It is connected to anew.")
            full = len(self._block) >= self._settings.batch_events
            if len(self._block) and (full or now_s - self._began_s >= self._settings.batch_interval_s):
                self._store()
            quiet = now_s - last_s > _QUIET_S and not len(self._block)
            if until_read and quiet and assigned and assigned <= len(self._lag) and not any(self._lag.values()):
                return True
        return False

    def _take(self, messages: Sequence[Received], now_s: float) -> None:
        if not len(self._block):
            self._began_s = now_s
        now_ms = self._clock_ms()
        for message in messages:
            try:
                self._block.entries.append((message, event_of(message, self._kinds, self._settings, now_ms)))
            except Poison as poison:
                self._block.dead.append((message, str(poison)))
            self._block.reach(message)

    def _store(self) -> None:
        """Insert, put the dead letters aside, commit; patient while the store is away."""
        consumer = self._opened()
        backoff_s = self._settings.retry_initial_s
        while True:
            try:
                self._insert(self._block)
                break
            except ViapublicaError as error:
                self._note(error)
                self._writer.close()
                self._writer_open = False
                if self._stop.is_set():
                    return  # not committed: the next ingester reads it again
                if self._hopeless():
                    raise
                self._wait(consumer, backoff_s)
                backoff_s = min(2 * backoff_s, self._settings.retry_max_s)
        block = self._block
        self._bury(block)
        try:
            consumer.commit(block.ends)
        except kafka_errors.KafkaError as error:
            # Somebody else has the partitions now and reads these events again: the same rows.
            self._log.warning("ingest_commit_failed", error=redact(str(error)))
        spans = {f"{topic}/{part}": end for (topic, part), end in sorted(block.ends.items())}
        self._log.debug("ingest_block", events=len(block.entries), dead=len(block.dead), ends=spans)
        self._stored += len(block.entries)
        self._dead += len(block.dead)
        self._blocks += 1
        self._error = ""
        self._failures = 0
        self._block = Block()

    def _insert(self, block: Block) -> None:
        if not self._writer_open:
            self._writer.open()
            self._writer_open = True
        self._write(block, [event for _, event in block.entries])

    def _write(self, block: Block, events: Sequence[Event]) -> None:
        """Write the events; one that the store refuses is found by halving and becomes a dead letter."""
        if not events:
            return
        try:
            self._writer.write(events)
        except Refused as refusal:
            if len(events) > 1:
                middle = len(events) // 2
                self._write(block, events[:middle])
                self._write(block, events[middle:])
                return
            self._condemn(block, events[0], str(refusal))

    def _condemn(self, block: Block, culprit: Event, reason: str) -> None:
        number = next(i for i, (_, event) in enumerate(block.entries) if event is culprit)
        message, _ = block.entries.pop(number)
        block.dead.append((message, f"the event store refuses it: {reason}"))

    def _bury(self, block: Block) -> None:
        """Dead letters to their topic, confirmed, before the offsets are committed."""
        if not block.dead or self._producer is None:
            return
        topic = dead_letters_of(self._kafka)
        self._producer.send([dead_letter(topic, message, reason) for message, reason in block.dead])
        reasons = sorted({reason for _, reason in block.dead})
        self._log.error("ingest_dead_letters", count=len(block.dead), first=block.dead[0][0].place, reason=reasons[0])

    def _wait(self, consumer: GroupConsumer, seconds: float) -> None:
        """Keep the membership, fetch nothing, until the pause is over."""
        until_s = time.monotonic() + seconds
        consumer.hold()
        try:
            while time.monotonic() < until_s and not self._stop.is_set():
                found = consumer.poll(_POLL_S, 1)  # partitions that came meanwhile may bring something
                if found:
                    self._take(found, time.monotonic())
                    consumer.hold()
        finally:
            consumer.go_on()

    def _revoked(self, places: Collection[Place]) -> None:
        """Other members get these partitions: what is not committed of them is theirs to read."""
        if not places:
            return
        lost = len(self._block)
        self._block = self._block.without(places)
        self._log.info("ingest_partitions_revoked", partitions=len(places), left_to_others=lost - len(self._block))

    def _finish(self) -> None:
        """The last block, if the store is there."""
        if self._consumer is not None and len(self._block):
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
        self._log.warning("ingest_retry", error=self._error, waiting=len(self._block))

    def _hopeless(self) -> bool:
        return self._most_failures is not None and self._failures >= self._most_failures

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
        self._block = Block()
        self._lag = {}
