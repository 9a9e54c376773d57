"""Settings of the sinks, one model per kind, distinguished by `type`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.domain.network_address import check_host_port
from pipeline.sink.spool.settings import SpoolSettings
from pipeline.store.settings import ChdbSettings, ClickHouseSettings, Credentials, StrictSettings, Tls

_SINK_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"


class Sasl(Credentials):
    """Login of a Kafka client."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", title="Mechanism", description="SASL mechanism; PLAIN only with TLS."
    )


class DeliverySettings(StrictSettings):
    """What every sink has: name, batches, spool, retries and timeouts."""

    name: str = Field(
        default="events",
        pattern=_SINK_NAME,
        title="Name",
        description="Unique; small letters, digits, - and _. Names files.",
    )
    batch_events: int = Field(
        default=10_000, ge=1, le=1_000_000, title="Batch size", description="Most events in one delivery."
    )
    batch_interval_s: float = Field(
        default=1.0, ge=0, le=3600, title="Batch interval", description="Longest wait for a fuller batch, seconds."
    )
    spool: SpoolSettings = Field(
        default=SpoolSettings(), title="Spool", description="How events are stored on disk until they are confirmed."
    )
    retry_initial_s: float = Field(
        default=0.5,
        gt=0,
        le=3600,
        title="First retry",
        description="Wait after the first failure, seconds; doubles, jittered.",
    )
    retry_max_s: float = Field(
        default=30.0, gt=0, le=3600, title="Longest retry", description="Longest such wait, seconds."
    )
    close_timeout_s: float = Field(
        default=10.0,
        ge=0,
        le=3600,
        title="Close timeout",
        description="How long a stop goes on trying while the sink fails, seconds; the rest stays on disk.",
    )


class ChdbSinkSettings(ChdbSettings, DeliverySettings):
    """The embedded event store: ClickHouse's engine inside the process, a folder on disk, no server."""


class ClickHouseSinkSettings(ClickHouseSettings, DeliverySettings):
    """A ClickHouse server, 18.16 or newer, by its native protocol."""


class KafkaClient(StrEnum):
    """Which client speaks to the brokers."""

    AUTO = "auto"
    """confluent-kafka where it is installed, kafka-python otherwise."""
    PYTHON = "kafka-python"
    CONFLUENT = "confluent"


class KafkaSettings(DeliverySettings):
    """A Kafka cluster. Topics: plate-reads, tracks, counts, alerts and health, each behind the prefix."""

    type: Literal["kafka"] = Field(default="kafka", title="Kind", description="Kafka cluster.")
    brokers: tuple[Annotated[str, Field(pattern=r"^.+:[0-9]{1,5}$"), AfterValidator(check_host_port)], ...] = Field(
        default=("127.0.0.1:9092",), min_length=1, title="Brokers", description="host:port of some brokers."
    )
    topic_prefix: str = Field(
        default="viapublica",
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        title="Topic prefix",
        description="Topics are <prefix>.plate-reads and so on.",
    )
    client: KafkaClient = Field(
        default=KafkaClient.AUTO,
        title="Client",
        description="auto: confluent-kafka (extra kafka-fast, several times as many messages per second) where it is "
        "installed, else kafka-python.",
    )
    keep_hours: int = Field(
        default=72,
        ge=1,
        le=168,
        title="Topic retention",
        description="Hours that brokers retain plate reads, tracks and dead letters in topics this program has to "
        "create; counts and alerts are retained a month, of health the last state of each camera.",
    )
    partitions: int = Field(
        default=6, ge=1, le=10_000, title="Partitions", description="Of topics this program has to create."
    )
    replication: int = Field(
        default=-1,
        ge=-1,
        le=1000,
        title="Replication",
        description="Copies of topics it has to create; -1: the broker's default.",
    )
    compression: Literal["auto", "zstd", "lz4", "gzip", "none"] = Field(
        default="auto", title="Compression", description="auto: the best codec installed (zstd, lz4, gzip)."
    )
    timeout_s: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        title="Timeout",
        description="Longest wait for the confirmation of a batch, seconds.",
    )
    sasl: Sasl | None = Field(default=None, title="Login", description="SASL login; none when empty.")
    tls: Tls | None = Field(default=None, title="TLS", description="Encrypt the connection; off when empty.")


class JsonLinesSettings(DeliverySettings):
    """A file with one JSON object per line."""

    type: Literal["jsonl"] = Field(default="jsonl", title="Kind", description="File of JSON lines.")
    path: Path = Field(
        default=Path("events.jsonl"), title="File", description="Relative to the data folder; - for standard output."
    )
    rotate_bytes: int | None = Field(
        default=None,
        ge=4096,
        le=2**50,
        title="Rotate at",
        description="Size in bytes at which the file is renamed with the time; never when empty.",
    )


SinkSettings = Annotated[
    ChdbSinkSettings | ClickHouseSinkSettings | KafkaSettings | JsonLinesSettings, Field(discriminator="type")
]
"""Any sink."""
