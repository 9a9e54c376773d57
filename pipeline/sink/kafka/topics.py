"""Kafka topics: names, retention, and creation of missing ones.

Keys are the camera's id: one camera, one partition, so its events stay in order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors
from kafka.admin import NewTopic

from pipeline.domain.event_kinds import SPECS, TopicRetention
from pipeline.domain.events import Kind
from pipeline.domain.times import HOUR_MS
from pipeline.sink.kafka.connection import build, client_options
from pipeline.sink.settings import KafkaSettings

DEAD_LETTERS: Final = "dead-letters"
_MONTH_HOURS: Final = 30 * 24
_NO_ID: Final = frozenset({"None", "", "00000000-0000-0000-0000-000000000000"})


@dataclass(frozen=True, slots=True)
class TopicIds:
    """The topics of a cluster.

    Attributes:
        created: those that were missing.
        ids: the cluster's id of each: a topic that was deleted and created again has another. Empty for clusters
            before Kafka 2.8.
    """

    created: frozenset[str]
    ids: dict[str, str]


def topic_of(settings: KafkaSettings, kind: Kind) -> str:
    """Full name of a kind's topic."""
    return f"{settings.topic_prefix}.{SPECS[kind].topic}"


def dead_letters_of(settings: KafkaSettings) -> str:
    """Full name of the topic of messages that cannot be stored."""
    return f"{settings.topic_prefix}.{DEAD_LETTERS}"


def topic_settings(settings: KafkaSettings) -> dict[str, Mapping[str, str]]:
    """Every topic with the configuration it is created with.

    What can lead to a person (plate reads, tracks, and dead letters, which may be either) is retained for `keep_hours`.
    """

    def retained(hours: int) -> dict[str, str]:
        return {"cleanup.policy": "delete", "retention.ms": str(hours * HOUR_MS)}

    configs: dict[TopicRetention, Mapping[str, str]] = {
        TopicRetention.PERSONAL: retained(settings.keep_hours),
        TopicRetention.MONTH: retained(_MONTH_HOURS),
        TopicRetention.LATEST: {"cleanup.policy": "compact"},
    }
    return {topic_of(settings, kind): configs[spec.topic_retention] for kind, spec in SPECS.items()} | {
        dead_letters_of(settings): configs[TopicRetention.PERSONAL]
    }


def delete_topic(settings: KafkaSettings, topic: str) -> None:
    """Delete a topic and all of its messages."""
    admin = build(KafkaAdminClient, client_options(settings))
    try:
        admin.delete_topics([topic])
    finally:
        admin.close()


def create_missing_topics(settings: KafkaSettings) -> TopicIds:
    """Create the topics that are missing. Topics that exist stay as they are configured."""
    wanted = topic_settings(settings)
    admin = build(KafkaAdminClient, client_options(settings))
    try:
        missing = {topic: config for topic, config in wanted.items() if topic not in set(admin.list_topics())}
        if missing:
            with contextlib.suppress(kafka_errors.TopicAlreadyExistsError):
                admin.create_topics(
                    [
                        NewTopic(topic, settings.partitions, settings.replication, topic_configs=dict(config))
                        for topic, config in missing.items()
                    ]
                )
        described = {
            str(topic.get("name")): str(topic.get("topic_id")) for topic in admin.describe_topics(list(wanted))
        }
        ids = {topic: found for topic, found in described.items() if found not in _NO_ID}
        return TopicIds(frozenset(missing), ids)
    finally:
        admin.close()
