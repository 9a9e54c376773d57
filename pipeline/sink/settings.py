"""Settings of the sinks, one model per kind, told apart by `type`."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from pipeline.errors import ConfigError
from pipeline.sink.spool.settings import SpoolSettings

_SINK_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
_IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Credentials(_Settings):
    """A login. The password stands here, in a file (such as a Docker secret) or in an environment variable."""

    user: str = Field(default="default", title="User", description="Login name.")
    password: SecretStr | None = Field(default=None, title="Password", description="Better: password_file.")
    password_file: Path | None = Field(
        default=None, title="Password file", description="File whose content, less a trailing newline, is the password."
    )
    password_env: str | None = Field(
        default=None, title="Password variable", description="Name of the environment variable with the password."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Credentials:
        given = [f for f in ("password", "password_file", "password_env") if getattr(self, f) is not None]
        if len(given) > 1:
            raise ValueError(f"give one of {' and '.join(given)}, not both")
        return self

    def secret(self) -> str:
        """The password, "" when none is set.

        Raises:
            ConfigError: the file cannot be read or the variable is not set.
        """
        if self.password_file is not None:
            try:
                return self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(str(self.password_file), f"the password cannot be read: {error}") from error
        if self.password_env is not None:
            if self.password_env not in os.environ:
                raise ConfigError(self.password_env, "this environment variable with a password is not set")
            return os.environ[self.password_env]
        return self.password.get_secret_value() if self.password is not None else ""


class Tls(_Settings):
    """Encryption of a connection."""

    ca_file: Path | None = Field(
        default=None, title="CA file", description="PEM of the authorities to trust; the system's when empty."
    )
    cert_file: Path | None = Field(default=None, title="Client certificate", description="PEM, if the server asks.")
    key_file: Path | None = Field(default=None, title="Client key", description="PEM of the client's private key.")
    verify_hostname: bool = Field(
        default=True, title="Verify the host name", description="The certificate must name the host we connect to."
    )


class Sasl(Credentials):
    """Login of a Kafka client."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", title="Mechanism", description="SASL mechanism; PLAIN only with TLS."
    )


class DeliverySettings(_Settings):
    """What every sink has: its name, its batches, its buffer and its patience."""

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
        default=SpoolSettings(), title="Spool", description="How events are kept on disk until they are confirmed."
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
        title="Patience at the end",
        description="How long a stop goes on trying while the sink is in trouble, seconds; the rest is kept on disk.",
    )


class ChdbSettings(DeliverySettings):
    """The embedded event store: ClickHouse's engine inside the process, a folder on disk, no server."""

    type: Literal["chdb"] = Field(default="chdb", title="Kind", description="Embedded event store.")
    path: Path = Field(
        default=Path("events"), title="Folder", description="Where the store lies; relative to the data folder."
    )

    @model_validator(mode="after")
    def _plain_path(self) -> ChdbSettings:
        # chDB reads its path as a connection string: what follows a "?" would silently be cut off.
        if "?" in str(self.path):
            raise ValueError(f"the folder {str(self.path)!r} must not contain '?'")
        return self


class ClickHouseSettings(DeliverySettings):
    """A ClickHouse server, 18.16 or newer, by its native protocol."""

    type: Literal["clickhouse"] = Field(default="clickhouse", title="Kind", description="ClickHouse server.")
    host: str = Field(default="127.0.0.1", min_length=1, title="Host", description="Name or address.")
    port: int = Field(
        default=9000, ge=1, le=65535, title="Port", description="Native protocol: 9000, with TLS mostly 9440."
    )
    database: str = Field(
        default="viapublica", pattern=_IDENTIFIER, title="Database", description="Created when missing."
    )
    login: Credentials = Field(default=Credentials(), title="Login", description="User and password.")
    tls: Tls | None = Field(default=None, title="TLS", description="Encrypt the connection; off when empty.")
    connect_timeout_s: float = Field(
        default=5.0, gt=0, le=3600, title="Connect timeout", description="Longest wait for a connection, seconds."
    )
    timeout_s: float = Field(
        default=30.0, gt=0, le=3600, title="Timeout", description="Longest wait for an answer, seconds."
    )


class KafkaClient(StrEnum):
    """Which client speaks to the brokers."""

    AUTO = "auto"
    """confluent-kafka where it is installed, kafka-python otherwise."""
    PYTHON = "kafka-python"
    CONFLUENT = "confluent"


class KafkaSettings(DeliverySettings):
    """A Kafka cluster. Topics: plate-reads, tracks, counts, alerts and health, each behind the prefix."""

    type: Literal["kafka"] = Field(default="kafka", title="Kind", description="Kafka cluster.")
    brokers: tuple[Annotated[str, Field(pattern=r"^.+:[0-9]{1,5}$")], ...] = Field(
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
        title="Keep",
        description="Hours that brokers keep plate reads, tracks and dead letters in topics this program has to "
        "create; counts and alerts are kept a month, of health the last state of each camera.",
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
        description="Size in bytes at which the file is put aside under a name with the time; never when empty.",
    )


SinkSettings = Annotated[
    ChdbSettings | ClickHouseSettings | KafkaSettings | JsonLinesSettings, Field(discriminator="type")
]
"""Any sink."""

StoreSettings = ChdbSettings | ClickHouseSettings
"""A sink that can also be asked."""
