"""Kafka producers: idempotent, `acks=all`, every message confirmed or an error; kafka-python or librdkafka.

kafka-python is pure Python; confluent-kafka (extra ``kafka-fast``) sends several times as many messages a second
(benchmarks/results/backbone.md).
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

from kafka import KafkaProducer
from kafka import errors as kafka_errors

from pipeline.domain.event_writer import EventRefused
from pipeline.errors import MissingComponent
from pipeline.sink.kafka.connection import build, client_options, codec, protocol
from pipeline.sink.kafka.messages import Message
from pipeline.sink.settings import KafkaClient, KafkaSettings

Partition = tuple[str, int]
"""Topic and partition."""

_REFUSALS = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.InvalidRecordError,
    kafka_errors.InvalidTimestampError,
)


class Producer(Protocol):
    """Sends messages."""

    def send(self, messages: Sequence[Message]) -> dict[Partition, tuple[int, int]]:
        """Send all and wait until every one is confirmed: first and last offset per topic and partition.

        Raises:
            EventRefused: the brokers will never take one of them.
            KafkaError, OSError: not now.
        """
        ...

    def close(self) -> None:
        """Drop what was not confirmed; never raises."""
        ...


def open_producer(settings: KafkaSettings, target: str) -> Producer:
    """A connected producer of the client that the settings ask for.

    Raises:
        MissingComponent: the client or codec is not installed.
        KafkaError, OSError: no broker answers.
    """
    installed = find_spec("confluent_kafka") is not None
    if settings.client is KafkaClient.CONFLUENT and not installed:
        raise MissingComponent(
            "Kafka client confluent",
            "the package confluent-kafka is not installed",
            "pip install 'viapublica[kafka-fast]'",
        )
    if settings.client is KafkaClient.CONFLUENT or (settings.client is KafkaClient.AUTO and installed):
        return _Confluent(settings, target)
    return _Python(settings, target)


def _spans(found: Sequence[tuple[str, int, int]]) -> dict[Partition, tuple[int, int]]:
    offsets: dict[Partition, list[int]] = defaultdict(list)
    for topic, partition, offset in found:
        offsets[topic, partition].append(offset)
    return {place: (min(several), max(several)) for place, several in offsets.items()}


class _Python:
    """kafka-python."""

    def __init__(self, settings: KafkaSettings, target: str) -> None:
        timeout_ms = int(settings.timeout_s * 1000)
        self._target = target
        self._timeout_s = settings.timeout_s
        self._producer: Any = build(
            KafkaProducer,
            {
                **client_options(settings),
                "acks": "all",
                "enable_idempotence": True,
                "compression_type": codec(settings.compression),
                "linger_ms": 10,
                "batch_size": 262_144,
                "delivery_timeout_ms": timeout_ms,
                "request_timeout_ms": max(1, timeout_ms - 100),
                "max_block_ms": timeout_ms,
                "metrics_enabled": False,
            },
        )

    def send(self, messages: Sequence[Message]) -> dict[Partition, tuple[int, int]]:
        """See `Producer.send`."""
        try:
            futures = [
                self._producer.send(m.topic, value=m.value, key=m.key, headers=list(m.headers)) for m in messages
            ]
            self._producer.flush(timeout=self._timeout_s)
            found = []
            for future in futures:
                if not future.succeeded():
                    raise future.exception or kafka_errors.KafkaTimeoutError("not confirmed")
                found.append((future.value.topic, future.value.partition, future.value.offset))
            return _spans(found)
        except _REFUSALS as error:
            raise EventRefused(self._target, str(error)) from error

    def close(self) -> None:
        """See `Producer.close`."""
        with contextlib.suppress(Exception):
            self._producer.close(timeout=0)


class _Confluent:
    """confluent-kafka, which is librdkafka."""

    def __init__(self, settings: KafkaSettings, target: str) -> None:
        from confluent_kafka import KafkaError, KafkaException, Producer

        self._exception = KafkaException
        self._target = target
        # librdkafka asks for its producer id first, which alone takes half a second.
        self._timeout_s = max(2.0, settings.timeout_s)
        self._refusals = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD, KafkaError.INVALID_TIMESTAMP}
        self._producer: Any = Producer(
            rdkafka_options(settings)
            | {
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": codec(settings.compression) or "none",
                "linger.ms": 10,
                "batch.size": 262_144,
                "queue.buffering.max.messages": 1_000_000,
                "delivery.timeout.ms": int(self._timeout_s * 1000),
                "partitioner": "murmur2_random",  # the same camera, the same partition, whichever client sends
            }
        )

    def send(self, messages: Sequence[Message]) -> dict[Partition, tuple[int, int]]:
        """See `Producer.send`."""
        found: list[tuple[str, int, int]] = []
        failures: list[Any] = []

        def confirmed(error: Any, message: Any) -> None:
            if error is not None:
                failures.append(error)
            else:
                found.append((message.topic(), message.partition(), message.offset()))

        until = time.monotonic() + self._timeout_s
        for m in messages:
            while True:
                try:
                    self._producer.produce(m.topic, m.value, m.key, headers=list(m.headers), on_delivery=confirmed)
                    break
                except self._exception as error:
                    raise self._translated(error.args[0]) from error
                except BufferError:
                    self._producer.poll(0.1)
                    if time.monotonic() > until:
                        raise kafka_errors.KafkaTimeoutError("not confirmed") from None
        left = self._producer.flush(max(0.1, until - time.monotonic()))
        if failures:
            refused = [error for error in failures if error.code() in self._refusals]
            raise self._translated((refused or failures)[0])
        if left or len(found) < len(messages):
            raise kafka_errors.KafkaTimeoutError(f"{len(messages) - len(found)} messages not confirmed")
        return _spans(found)

    def _translated(self, error: Any) -> Exception:
        if error.code() in self._refusals:
            return EventRefused(self._target, str(error.str()))
        failure: Exception = kafka_errors.KafkaError(error.str())
        return failure

    def close(self) -> None:
        """See `Producer.close`."""
        with contextlib.suppress(Exception):
            self._producer.purge()
            self._producer.flush(0)


def rdkafka_options(settings: KafkaSettings) -> dict[str, Any]:
    """Options that all clients of librdkafka share."""
    tls, sasl = settings.tls, settings.sasl
    options: dict[str, Any] = {
        "bootstrap.servers": ",".join(settings.brokers),
        "client.id": "viapublica",
        "security.protocol": protocol(settings).lower(),
        "log_level": 0,  # failures are raised
        "socket.timeout.ms": max(1000, int(settings.timeout_s * 1000)),
    }
    if tls is not None:
        options["ssl.endpoint.identification.algorithm"] = "https" if tls.verify_hostname else "none"
        for option, file in (("ca", tls.ca_file), ("certificate", tls.cert_file), ("key", tls.key_file)):
            if file is not None:
                options[f"ssl.{option}.location"] = str(file)
    if sasl is not None:
        options |= {"sasl.mechanism": sasl.mechanism, "sasl.username": sasl.user, "sasl.password": sasl.secret()}
    return options
