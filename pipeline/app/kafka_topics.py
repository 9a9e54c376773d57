"""Kafka topics of a configuration: messages as they pass, dead letters counted and sent again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.app.audit.audited_operation import OperationAudit, audit_of_stores
from pipeline.app.configured_stores import ConfiguredStores
from pipeline.config.settings import Config
from pipeline.domain.operation import Operation
from pipeline.errors import ConfigError
from pipeline.policy.gate import Gate
from pipeline.sink.ingest.dead_letters import COPY_HEADER
from pipeline.sink.ingest.shown_messages import holds_only_admitted, shown_message
from pipeline.sink.kafka.connection import broker_errors, target_of
from pipeline.sink.kafka.messages import Message, Received
from pipeline.sink.kafka.producer import open_producer
from pipeline.sink.kafka.tail import tail
from pipeline.sink.kafka.topics import create_missing_topics, dead_letters_of, delete_topic
from pipeline.sink.settings import KafkaSettings
from pipeline.store.withheld_cameras import strictest_cameras

__all__ = [
    "DeadLetters",
    "PrunedLetters",
    "TopicMessage",
    "dead_letters",
    "kafka_sink_of",
    "prune_dead_letters",
    "replay_dead_letters",
    "topic_messages",
]

_DEAD_LETTERS: Final = "dead-letters"
_SENT_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """A message of a topic, as text.

    Attributes:
        place: ``topic/partition@offset``.
        sent_ms: when it was sent, milliseconds since 1970 UTC.
        key: declared camera of an event, else ""; headers, value: as sent, without what is withheld.
        withheld: a part is not shown, because the camera may read no plates now or is not known.
    """

    place: str
    sent_ms: int
    key: str
    headers: dict[str, str]
    value: str
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """Messages of one topic that were refused for one reason.

    Attributes:
        topic, reason: where they were read, and why no table takes them.
        count: how many; newest_ms: when the newest was put aside, milliseconds since 1970 UTC.
    """

    topic: str
    reason: str
    count: int
    newest_ms: int


@dataclass(frozen=True, slots=True)
class PrunedLetters:
    """Numbers of dead letters: deleted, and retained."""

    deleted: int
    retained: int


def kafka_sink_of(config: Config, path: Path, name: str | None) -> KafkaSettings:
    """The Kafka sink of a configuration: the named one, else the only one.

    Args:
        config: the configuration; path: its file, for errors.
        name: of the sink.

    Raises:
        ConfigError: no Kafka sink, none of this name, or several and no name.
    """
    found = [sink for sink in config.sinks if isinstance(sink, KafkaSettings) and name in {None, sink.name}]
    if len(found) == 1:
        return found[0]
    if found:
        names = " or ".join(sink.name for sink in found)
        raise ConfigError(str(path), "has several Kafka sinks", f"Choose one: {names}")
    wanted = f"no Kafka sink {name!r}" if name else "no Kafka sink"
    raise ConfigError(str(path), f"has {wanted}", "Add a sink of type kafka")


def topic_messages(
    config: Config, kafka: KafkaSettings, topic: str, *, cameras: Sequence[str], from_start: bool, follow: bool
) -> Iterator[TopicMessage]:
    """Messages of a topic, without taking anything from it, and without plates that cameras may not read now.

    Args:
        config: has the cameras and the data folder; kafka: the brokers.
        topic: full name, or the part after the prefix.
        cameras: only events of these; none for all.
        from_start: begin with the oldest message that is retained; else with those that come from now on.
        follow: go on for ever; else end when there are no more.

    Raises:
        SinkError: no such topic, or no broker answers.
        ConfigError: the declarations of the data folder cannot be read.
        AuditUnavailable: the audit takes no record.
    """
    gate = _gate_of(config)
    details = {"action": "topic-messages", "topic": topic, "from_start": from_start, "follow": follow}
    _audit(config).add(Operation.BULK_QUERY, cameras=tuple(cameras), details=details)
    for message in tail(kafka, topic, from_start=from_start, follow=follow):
        shown = shown_message(message, gate)
        if not cameras or shown.camera_id in cameras:
            yield TopicMessage(
                message.place, message.ts_ms, shown.camera_id, shown.headers, shown.value, shown.withheld
            )


def dead_letters(config: Config, kafka: KafkaSettings) -> list[DeadLetters]:
    """Dead letters counted by topic and reason, in that order.

    Args:
        config: names the audit; kafka: the brokers.

    Raises:
        SinkError: no broker answers, or there is no such topic yet.
        AuditUnavailable: the audit takes no record.
    """
    _audit(config).add(Operation.COUNT_QUERY, details={"action": "dead-letters"})
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for letter in _letters(kafka):
        headers = letter.header_texts()
        key = (headers.get("source_topic", "?"), headers.get("reason", "?"))
        number, newest = counts.get(key, (0, 0))
        counts[key] = (number + 1, max(newest, letter.ts_ms))
    return [DeadLetters(topic, reason, number, newest) for (topic, reason), (number, newest) in sorted(counts.items())]


def replay_dead_letters(config: Config, kafka: KafkaSettings, reason: str = "") -> int:
    """Send dead letters to their topics again; identical ones are sent once, those without their value never.

    Args:
        config: names the audit; kafka: the brokers.
        reason: only those whose reason contains this text.

    Returns:
        How many were sent.

    Raises:
        SinkError: no broker answers, or there is no such topic yet.
        AuditUnavailable: the audit takes no record; none is sent.
    """
    again: dict[tuple[str, bytes | None, bytes | None], Message] = {}
    for letter in _letters(kafka):
        headers = letter.header_texts()
        source, why = (headers.get(name, "") for name in ("source_topic", "reason"))
        if COPY_HEADER not in headers and reason in why and source.startswith(f"{kafka.topic_prefix}."):
            own = [(n, v) for n, v in letter.headers if n != "reason" and not n.startswith("source_")]
            again[source, letter.key, letter.value] = Message(source, letter.value, letter.key, own)
    messages = list(again.values())
    _audit(config).add(Operation.TRANSMISSION, rows=len(messages), details={"action": "replay-dead-letters"})
    with broker_errors(target_of(kafka)):
        _send(kafka, messages)
    return len(messages)


def prune_dead_letters(config: Config, kafka: KafkaSettings) -> PrunedLetters:
    """Delete dead letters with content that the policy gate does not admit, such as those of versions before it.

    Brokers delete no single messages: the topic is deleted and created again, and the others are sent to it.

    Raises:
        SinkError: no broker answers, or there is no such topic yet.
        ConfigError: the declarations of the data folder cannot be read.
        AuditUnavailable: the audit takes no record; none is deleted.
    """
    gate = _gate_of(config)
    letters = list(_letters(kafka))
    retained = [letter for letter in letters if holds_only_admitted(letter, gate)]
    removed = len(letters) - len(retained)
    _audit(config).add(Operation.DISPOSAL, rows=removed, details={"action": "prune-dead-letters"})
    if removed:
        topic = dead_letters_of(kafka)
        with broker_errors(target_of(kafka)):
            delete_topic(kafka, topic)
            create_missing_topics(kafka)
            _send(kafka, [Message(topic, letter.value, letter.key, list(letter.headers)) for letter in retained])
    return PrunedLetters(removed, len(retained))


def _audit(config: Config) -> OperationAudit:
    return audit_of_stores(ConfiguredStores.of_config(config))


def _gate_of(config: Config) -> Gate:
    cameras_now = strictest_cameras(config.data_dir, {camera.id: camera.camera() for camera in config.cameras})
    return Gate(cameras_now, subjects=config.sink_names)


def _send(kafka: KafkaSettings, messages: Sequence[Message]) -> None:
    producer = open_producer(kafka, target_of(kafka))
    try:
        for start in range(0, len(messages), _SENT_AT_ONCE):
            producer.send(messages[start : start + _SENT_AT_ONCE])
    finally:
        producer.close()


def _letters(kafka: KafkaSettings) -> Iterator[Received]:
    return tail(kafka, _DEAD_LETTERS, from_start=True, follow=False)
