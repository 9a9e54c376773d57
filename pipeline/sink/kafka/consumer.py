"""Members of a Kafka consumer group: reading, committing, lag; kafka-python or librdkafka."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final, Protocol

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka import errors as kafka_errors

from pipeline.errors import MissingComponent
from pipeline.sink.kafka.connection import build, client_options
from pipeline.sink.kafka.messages import Received
from pipeline.sink.kafka.producer import Partition, rdkafka_options
from pipeline.sink.settings import KafkaClient, KafkaSettings

_LONGEST_PAUSE_S: Final = 300
"""Brokers take a member for dead that does not poll for longer, such as one that waits for its database."""

_COMMITTED_S: Final = 5.0
_JOINING_S: Final = 5.0

Revoked = Callable[[Collection[Partition]], None]


class GroupConsumer(Protocol):
    """A member of a consumer group that reads topics from the committed offsets, or from their beginning."""

    def poll(self, timeout_s: float, most: int) -> list[Received]:
        """The next messages, in order per partition; empty when there are none in time.

        Raises:
            KafkaError: the brokers are away, or answer with an error.
        """
        ...

    def commit(self, ends: Mapping[Partition, int]) -> None:
        """The group goes on from these offsets.

        Raises:
            KafkaError: not taken, for instance because the partitions belong to another member by now.
        """
        ...

    def pause(self) -> None:
        """Fetch nothing until `resume`; `poll` then only keeps the membership."""
        ...

    def resume(self) -> None:
        """Fetch again."""
        ...

    def lag(self) -> dict[Partition, int]:
        """Messages in each of its partitions that it has not read yet, as far as the brokers have reported."""
        ...

    def assigned(self) -> int | None:
        """How many partitions are assigned to it now; None before an assignment."""
        ...

    def close(self) -> None:
        """Leave the group; never raises."""
        ...


def open_consumer(
    settings: KafkaSettings, topics: Sequence[str], group: str, session_timeout_s: float, revoked: Revoked
) -> GroupConsumer:
    """A member of the group, of the client that the settings ask for.

    Args:
        settings: of the brokers.
        topics: to read.
        group: name of the group.
        session_timeout_s: silence after which the brokers give its partitions to others.
        revoked: called from `poll` with the partitions that are taken away, before they are.

    Raises:
        MissingComponent: the client is not installed.
        KafkaError, OSError: no broker answers.
    """
    installed = find_spec("confluent_kafka") is not None
    if settings.client is KafkaClient.CONFLUENT and not installed:
        raise MissingComponent(
            "client confluent", "the package confluent-kafka is not installed", "pip install 'viapublica[kafka-fast]'"
        )
    fast = installed and settings.client is not KafkaClient.PYTHON
    made = _Confluent if fast else _Python
    return made(settings, topics, group, session_timeout_s, revoked)


class _Python:
    """kafka-python."""

    def __init__(
        self, settings: KafkaSettings, topics: Sequence[str], group: str, session_timeout_s: float, revoked: Revoked
    ) -> None:
        class Listener(ConsumerRebalanceListener):  # type: ignore[misc,unused-ignore]
            def on_partitions_revoked(_, revoked_parts: Any) -> None:  # noqa: N805 - `self` is the consumer's
                self._assigned = False
                self._rewind(revoked_parts)
                revoked([(part.topic, part.partition) for part in revoked_parts])

            def on_partitions_assigned(_, __: Any) -> None:  # noqa: N805
                self._assigned = True

        self._assigned = False
        self._uncommitted: dict[Partition, int] = {}
        self._consumer: Any = build(
            KafkaConsumer,
            {
                **client_options(settings),
                "group_id": group,
                "enable_auto_commit": False,
                "auto_offset_reset": "earliest",
                "session_timeout_ms": int(session_timeout_s * 1000),
                "heartbeat_interval_ms": max(100, int(session_timeout_s * 150)),
                "max_poll_interval_ms": _LONGEST_PAUSE_S * 1000,
                "fetch_max_wait_ms": 100,
                "metrics_enabled": False,
                "allow_auto_create_topics": False,
            },
        )
        self._consumer.subscribe(topics=list(topics), listener=Listener())

    def poll(self, timeout_s: float, most: int) -> list[Received]:
        """See `GroupConsumer.poll`."""
        found = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=most)
        for part, records in found.items():
            self._uncommitted.setdefault((part.topic, part.partition), records[0].offset)
        return [
            Received(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers or ())
            for records in found.values()
            for r in records
        ]

    def commit(self, ends: Mapping[Partition, int]) -> None:
        """See `GroupConsumer.commit`."""
        self._consumer.commit({TopicPartition(*place): OffsetAndMetadata(end, "", -1) for place, end in ends.items()})
        self._uncommitted |= ends

    def pause(self) -> None:
        """See `GroupConsumer.pause`."""
        self._consumer.pause(*self._consumer.assignment())

    def resume(self) -> None:
        """See `GroupConsumer.resume`."""
        self._consumer.resume(*self._consumer.paused())

    def lag(self) -> dict[Partition, int]:
        """See `GroupConsumer.lag`."""
        found = {}
        for part in self._consumer.assignment():
            with contextlib.suppress(kafka_errors.KafkaError, AssertionError):
                high = self._consumer.highwater(part)
                if high is not None:
                    found[(part.topic, part.partition)] = max(0, high - self._consumer.position(part, timeout_ms=100))
        return found

    def assigned(self) -> int | None:
        """See `GroupConsumer.assigned`."""
        return len(self._consumer.assignment()) if self._assigned else None

    def close(self) -> None:
        """See `GroupConsumer.close`."""
        with contextlib.suppress(Exception):
            self._consumer.close(autocommit=False, timeout_ms=2000)

    def _rewind(self, revoked_parts: Any) -> None:
        """Seek back to what was not committed: a partition that stays assigned in a rebalance has its position here.

        Without this, what was read and not committed before the rebalance would never be read again.
        """
        for part in revoked_parts:
            start = self._uncommitted.pop((part.topic, part.partition), None)
            if start is not None:
                self._consumer.seek(part, start)


class _Confluent:
    """confluent-kafka, which is librdkafka."""

    def __init__(
        self, settings: KafkaSettings, topics: Sequence[str], group: str, session_timeout_s: float, revoked: Revoked
    ) -> None:
        from confluent_kafka import Consumer, KafkaError, KafkaException
        from confluent_kafka import TopicPartition as Part

        self._exception, self._part = KafkaException, Part
        self._quiet = {KafkaError._PARTITION_EOF}
        self._down = ""

        def failed(error: Any) -> None:
            if error.code() in {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT}:
                self._down = str(error.str())

        self._consumer: Any = Consumer(
            rdkafka_options(settings)
            | {
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "session.timeout.ms": int(session_timeout_s * 1000),
                "heartbeat.interval.ms": max(100, int(session_timeout_s * 150)),
                "max.poll.interval.ms": max(_LONGEST_PAUSE_S, int(session_timeout_s)) * 1000,
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": 65_536,
                "allow.auto.create.topics": False,
                "error_cb": failed,
            }
        )

        self._starts: dict[Partition, int] = {}
        self._assigned = False

        def given(consumer: Any, parts: Any) -> None:
            self._assigned = True
            with contextlib.suppress(KafkaException):
                committed = consumer.committed(parts, timeout=_COMMITTED_S)
                self._starts |= {(part.topic, part.partition): max(0, part.offset) for part in committed}

        def gone(_: Any, parts: Any) -> None:
            self._assigned = False
            revoked([(part.topic, part.partition) for part in parts])

        self._consumer.subscribe(list(topics), on_assign=given, on_revoke=gone, on_lost=gone)

    def poll(self, timeout_s: float, most: int) -> list[Received]:
        """See `GroupConsumer.poll`."""
        found = []
        if self._down:
            # A broker that comes back with empty memory has other topics of the same names, which librdkafka would
            # not notice for minutes: a new consumer does at once.
            raise kafka_errors.KafkaConnectionError(self._down)
        with self._translated():
            for message in self._consumer.consume(most, timeout_s):
                error = message.error()
                if error is None:
                    found.append(
                        Received(
                            message.topic(),
                            message.partition(),
                            message.offset(),
                            message.timestamp()[1],
                            message.key(),
                            message.value(),
                            message.headers() or (),
                        )
                    )
                elif error.code() not in self._quiet and not error.retriable():
                    raise kafka_errors.KafkaError(error.str())
        return found

    def commit(self, ends: Mapping[Partition, int]) -> None:
        """See `GroupConsumer.commit`."""
        with self._translated():
            offsets = [self._part(topic, partition, end) for (topic, partition), end in ends.items()]
            for part in self._consumer.commit(offsets=offsets, asynchronous=False):
                if part.error is not None:
                    raise kafka_errors.CommitFailedError(part.error.str())

    def pause(self) -> None:
        """See `GroupConsumer.pause`."""
        self._consumer.pause(self._consumer.assignment())

    def resume(self) -> None:
        """See `GroupConsumer.resume`."""
        self._consumer.resume(self._consumer.assignment())

    def lag(self) -> dict[Partition, int]:
        """See `GroupConsumer.lag`."""
        found = {}
        with contextlib.suppress(self._exception):
            for part in self._consumer.position(self._consumer.assignment()):
                place = (part.topic, part.partition)
                low, high = self._consumer.get_watermark_offsets(part, cached=True)
                # Before the first message there is no position, only the committed offset.
                position = part.offset if part.offset >= 0 else max(low, self._starts.get(place, 0))
                if high >= 0:
                    found[place] = max(0, high - position)
        return found

    def assigned(self) -> int | None:
        """See `GroupConsumer.assigned`."""
        return len(self._consumer.assignment()) if self._assigned else None

    def close(self) -> None:
        """See `GroupConsumer.close`."""
        with contextlib.suppress(Exception):
            # Some brokers wait without end for a member that leaves while it joins, and assign no partitions any more.
            until_s = time.monotonic() + _JOINING_S
            while not self._assigned and time.monotonic() < until_s:
                self._consumer.consume(1, 0.1)
            self._consumer.close()

    @contextlib.contextmanager
    def _translated(self) -> Any:
        try:
            yield
        except self._exception as error:
            raise kafka_errors.KafkaError(error.args[0].str()) from error
