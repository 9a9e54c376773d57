"""Reading a topic for people: stored and arriving messages, without a consumer group."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kafka import KafkaConsumer, TopicPartition

from pipeline.domain.event_kinds import SPECS
from pipeline.errors import SinkError
from pipeline.sink.kafka.connection import broker_errors, build, client_options, probe_brokers, target_of
from pipeline.sink.kafka.messages import Received
from pipeline.sink.kafka.topics import DEAD_LETTERS
from pipeline.sink.settings import KafkaSettings

_POLL_MS = 200
_QUIET_POLLS = 5
"""Empty answers in a row after which a topic has no more for now."""


def full_name(settings: KafkaSettings, topic: str) -> str:
    """The topic's full name, given that or its tail.

    Raises:
        SinkError: no topic of ours.
    """
    tails = [*(spec.topic for spec in SPECS.values()), DEAD_LETTERS]
    tail = topic.removeprefix(f"{settings.topic_prefix}.")
    if tail not in tails:
        raise SinkError(f"topic {topic}", "is not a topic of this program", f"Name one of {', '.join(tails)}")
    return f"{settings.topic_prefix}.{tail}"


def tail(
    settings: KafkaSettings,
    topic: str,
    *,
    from_start: bool = False,
    follow: bool = True,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Received]:
    """Messages of a topic, in order per partition.

    Args:
        settings: of the brokers.
        topic: full name or tail, such as ``plate-reads``.
        from_start: begin with the oldest stored; else with those that arrive from now on.
        follow: go on without end; else end when there is nothing more.
        stopped: called regularly; True ends it.

    Raises:
        SinkError: no such topic, or no broker answers.
    """
    name, target = full_name(settings, topic), target_of(settings)
    with broker_errors(target):
        probe_brokers(settings)
        consumer = build(KafkaConsumer, {**client_options(settings), "group_id": None, "metrics_enabled": False})
    try:
        with broker_errors(target):
            partitions = consumer.partitions_for_topic(name)
        if not partitions:
            raise SinkError(f"topic {name}", "does not exist", "Nothing was ever sent, or the prefix differs")
        parts = [TopicPartition(name, partition) for partition in sorted(partitions)]
        with broker_errors(target):
            consumer.assign(parts)
            (consumer.seek_to_beginning if from_start else consumer.seek_to_end)(*parts)
        quiet = 0
        while not stopped() and (follow or quiet < _QUIET_POLLS):
            with broker_errors(target):
                found = consumer.poll(timeout_ms=_POLL_MS)
            quiet = 0 if found else quiet + 1
            for records in found.values():
                for r in records:
                    yield Received(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers or ())
    finally:
        consumer.close()
