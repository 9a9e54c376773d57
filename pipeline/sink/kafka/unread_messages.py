"""Unread messages of a consumer group: read from where it has committed, without joining it."""

from __future__ import annotations

import math
import time
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition

from pipeline.domain.events import Kind
from pipeline.sink.kafka.connection import broker_errors, build, client_options, probe_brokers, target_of
from pipeline.sink.kafka.messages import Received
from pipeline.sink.kafka.topics import topic_of
from pipeline.sink.settings import KafkaSettings

_POLL_MS: Final = 20
_MOST: Final = 50_000
"""Messages that are read; more than these are no longer a matter of seconds."""


def unread_messages(
    settings: KafkaSettings, group: str, timeout_s: float, *, only_of_active: bool = False
) -> tuple[list[Received], bool]:
    """Messages of our topics that a group has not confirmed, and whether there may be more of them.

    Args:
        settings: of the brokers; group: name of the group; one that never confirmed anything has read nothing.
        timeout_s: for all of it.
        only_of_active: return nothing for a group that never confirmed anything.

    Raises:
        SinkError: no broker answers.
    """
    until_s = time.monotonic() + timeout_s
    short = settings.model_copy(update={"timeout_s": timeout_s})
    with broker_errors(target_of(settings)):
        probe_brokers(short)
        consumer = build(
            KafkaConsumer,
            {
                **client_options(short),
                "group_id": group,
                "enable_auto_commit": False,
                "auto_offset_reset": "earliest",
                "request_timeout_ms": max(1, math.ceil(timeout_s * 1000)),
                "fetch_max_wait_ms": _POLL_MS,
                "metrics_enabled": False,
                "allow_auto_create_topics": False,
            },
        )
        try:
            parts = [
                TopicPartition(topic, partition)
                for topic in (topic_of(settings, kind) for kind in Kind)
                for partition in sorted(consumer.partitions_for_topic(topic) or ())
            ]
            active = not only_of_active or any(consumer.committed(part) is not None for part in parts)
            return _read(consumer, parts, until_s) if parts and active else ([], False)
        finally:
            consumer.close(autocommit=False, timeout_ms=0)


def _read(consumer: Any, parts: list[TopicPartition], until_s: float) -> tuple[list[Received], bool]:
    consumer.assign(parts)
    found: list[Received] = []
    answered = False
    while len(found) < _MOST and time.monotonic() < until_s:
        records = [record for batch in consumer.poll(timeout_ms=_POLL_MS).values() for record in batch]
        found += [
            Received(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers or ()) for r in records
        ]
        # The end of a partition is known with the first answer about it, which may hold no message.
        if answered and not records:
            return found, False
        answered = all(consumer.highwater(part) is not None for part in parts)
    return found, True
