"""Events to Kafka, in order per camera."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaProducer
from kafka import errors as kafka_errors
from kafka.admin import NewTopic

from pipeline.domain.events import Event, Kind, kind_of
from pipeline.errors import MissingComponent, SinkError
from pipeline.sink.settings import KafkaSettings
from pipeline.sink.wire import to_json
from pipeline.sink.writer import Refused

TOPIC_TAILS: Final = {
    Kind.PLATE_READ: "plate-reads",
    Kind.TRACK: "tracks",
    Kind.COUNT: "counts",
    Kind.ALERT: "alerts",
    Kind.HEALTH: "health",
}

_REFUSALS: Final = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
    kafka_errors.InvalidRecordError,
    kafka_errors.InvalidTimestampError,
)


class KafkaWriter:
    """A `Writer` with an idempotent producer, `acks=all`.

    `SpooledSink` closes and opens it after every failure, so a broker that forgot the producer's id (restored,
    restarted without its memory) meets a new producer.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topics = {kind: f"{settings.topic_prefix}.{tail}" for kind, tail in TOPIC_TAILS.items()}
        self._producer: Any = None

    @property
    def target(self) -> str:
        """The brokers and the prefix of the topics."""
        return f"kafka {','.join(self._settings.brokers)}/{self._settings.topic_prefix}.*"

    def open(self) -> None:
        """Connect, and make the topics that are missing."""
        timeout_ms = int(self._settings.timeout_s * 1000)
        with self._errors():
            self._knock()
            common = {**self._connection(), "bootstrap_timeout_ms": timeout_ms}
            self._make_topics(common)
            self._producer = _build(
                KafkaProducer,
                {
                    **common,
                    "acks": "all",
                    "enable_idempotence": True,
                    "compression_type": _codec(self._settings.compression),
                    "linger_ms": 10,
                    "batch_size": 262_144,
                    "delivery_timeout_ms": timeout_ms,
                    "request_timeout_ms": max(1, timeout_ms - 100),
                    "max_block_ms": timeout_ms,
                    "metrics_enabled": False,
                },
            )

    def write(self, events: Sequence[Event]) -> None:
        """Send the events and wait until every one is confirmed by all replicas in sync."""
        if self._producer is None:
            raise SinkError(self.target, "it is not open")
        messages = [
            (
                self._topics[kind_of(event)],
                to_json(event),
                event.camera_id.encode(),  # one camera, one partition: its events stay in order
                [("schema_version", str(event.schema_version).encode())],
            )
            for event in events
        ]
        with self._errors():
            futures = [
                self._producer.send(topic, value=value, key=key, headers=headers)
                for topic, value, key, headers in messages
            ]
            self._producer.flush(timeout=self._settings.timeout_s)
            for future in futures:
                if not future.succeeded():
                    raise future.exception or kafka_errors.KafkaTimeoutError("not confirmed")

    def close(self) -> None:
        """Drop the producer without waiting for what was not confirmed."""
        if self._producer is not None:
            with contextlib.suppress(Exception):
                self._producer.close(timeout=0)
            self._producer = None

    def _connection(self) -> dict[str, Any]:
        settings, tls, sasl = self._settings, self._settings.tls, self._settings.sasl
        options: dict[str, Any] = {"bootstrap_servers": list(settings.brokers), "client_id": "viapublica"}
        options["security_protocol"] = ("SASL_" if sasl else "") + ("SSL" if tls else "PLAINTEXT")
        if tls is not None:
            options["ssl_check_hostname"] = tls.verify_hostname
            for option, file in (("cafile", tls.ca_file), ("certfile", tls.cert_file), ("keyfile", tls.key_file)):
                if file is not None:
                    options[f"ssl_{option}"] = str(file)
        if sasl is not None:
            options |= {
                "sasl_mechanism": sasl.mechanism,
                "sasl_plain_username": sasl.user,
                "sasl_plain_password": sasl.secret(),
            }
        return options

    def _knock(self) -> None:
        """See whether any broker takes a connection: kafka-python would try for the whole timeout, and leave sockets.

        Raises:
            OSError: none does; the last one's reason.
        """
        trouble = OSError("no brokers")
        for broker in self._settings.brokers:
            host, _, port = broker.rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=self._settings.timeout_s).close()
            except OSError as error:
                trouble = error
            else:
                return
        raise trouble

    def _make_topics(self, common: dict[str, Any]) -> None:
        admin = _build(KafkaAdminClient, common)
        try:
            there = set(admin.list_topics())
            missing = [topic for topic in self._topics.values() if topic not in there]
            if missing:
                with contextlib.suppress(kafka_errors.TopicAlreadyExistsError):
                    admin.create_topics(
                        [NewTopic(topic, self._settings.partitions, self._settings.replication) for topic in missing]
                    )
        finally:
            admin.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except _REFUSALS as error:
            raise Refused(self.target, str(error)) from error
        except (kafka_errors.KafkaError, OSError, ValueError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise SinkError(self.target, reason, "Are the brokers running, and reachable from here?") from error


def _build(factory: Any, options: dict[str, Any]) -> Any:
    """A client of kafka-python, which leaves its sockets open when a constructor fails: they are closed here."""
    connections: list[Any] = []

    def connect(**config: Any) -> Any:
        connections.append(factory.DEFAULT_CONFIG["kafka_client"](**config))
        return connections[-1]

    try:
        return factory(**options, kafka_client=connect)
    except BaseException:
        for connection in connections:
            connection.close()
        raise


_PACKAGES: Final = {"zstd": "zstandard", "lz4": "lz4"}


def _codec(wanted: str) -> str | None:
    """The codec's name for the client; the best that is installed for ``auto``.

    Raises:
        MissingComponent: the package of the wanted codec is not installed.
    """
    if wanted == "auto":
        return next((codec for codec, package in _PACKAGES.items() if find_spec(package) is not None), "gzip")
    if wanted in _PACKAGES and find_spec(_PACKAGES[wanted]) is None:
        raise MissingComponent(
            f"compression {wanted}",
            f"the package {_PACKAGES[wanted]} is not installed",
            "pip install viapublica[kafka-codecs]",
        )
    return None if wanted == "none" else wanted
