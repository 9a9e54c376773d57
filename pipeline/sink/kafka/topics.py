"""The topics: which kind of event goes where, how long the brokers keep it, and how missing ones are made.

Keys are the camera's id: one camera, one partition, so its events stay in order.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Final

from kafka import KafkaAdminClient
from kafka import errors as kafka_errors
from kafka.admin import NewTopic

from pipeline.domain.events import Kind
from pipeline.sink.kafka.connection import build, client_options
from pipeline.sink.settings import KafkaSettings

TAILS: Final = {
    Kind.PLATE_READ: "plate-reads",
    Kind.TRACK: "tracks",
    Kind.COUNT: "counts",
    Kind.ALERT: "alerts",
    Kind.HEALTH: "health",
}
DEAD_LETTERS: Final = "dead-letters"
_HOUR_MS: Final = 3_600_000
_MONTH_HOURS: Final = 30 * 24


def topic_of(settings: KafkaSettings, kind: Kind) -> str:
    """Full name of a kind's topic."""
    return f"{settings.topic_prefix}.{TAILS[kind]}"


def dead_letters_of(settings: KafkaSettings) -> str:
    """Full name of the topic of messages that cannot be stored."""
    return f"{settings.topic_prefix}.{DEAD_LETTERS}"


def topic_settings(settings: KafkaSettings) -> dict[str, Mapping[str, str]]:
    """Every topic with what its brokers are told when it is made.

    What can lead to a person (plate reads, tracks, and dead letters, which may be either) is kept `keep_hours`; counts
    and alerts for a month; of health the last state of each camera for ever.
    """

    def keep(hours: int) -> dict[str, str]:
        return {"cleanup.policy": "delete", "retention.ms": str(hours * _HOUR_MS)}

    return {
        topic_of(settings, Kind.PLATE_READ): keep(settings.keep_hours),
        topic_of(settings, Kind.TRACK): keep(settings.keep_hours),
        topic_of(settings, Kind.COUNT): keep(_MONTH_HOURS),
        topic_of(settings, Kind.ALERT): keep(_MONTH_HOURS),
        topic_of(settings, Kind.HEALTH): {"cleanup.policy": "compact"},
        dead_letters_of(settings): keep(settings.keep_hours),
    }


def make_missing(settings: KafkaSettings) -> set[str]:
    """Make the topics that are missing; returns their names. Topics that exist are left as their owners made them."""
    wanted = topic_settings(settings)
    admin = build(KafkaAdminClient, client_options(settings))
    try:
        missing = {topic: told for topic, told in wanted.items() if topic not in set(admin.list_topics())}
        if missing:
            with contextlib.suppress(kafka_errors.TopicAlreadyExistsError):
                admin.create_topics(
                    [
                        NewTopic(topic, settings.partitions, settings.replication, topic_configs=dict(told))
                        for topic, told in missing.items()
                    ]
                )
        return set(missing)
    finally:
        admin.close()
