"""Settings of the ingester."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class IngestSettings(BaseModel):
    """How `viapublica kafka ingest` brings events from Kafka into the event store."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str | None = Field(
        default=None,
        title="Source",
        description="Name of the Kafka sink whose topics are read; may be left out where there is one.",
    )
    group: str = Field(
        default="viapublica-ingest",
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        title="Group",
        description="Consumer group. Ingesters of one group share the partitions; each group reads everything.",
    )
    batch_events: int = Field(
        default=50_000, ge=1, le=1_000_000, title="Batch size", description="Most events in one insert."
    )
    batch_interval_s: float = Field(
        default=1.0,
        ge=0,
        le=3600,
        title="Batch interval",
        description="Longest wait for a fuller batch, seconds.",
    )
    session_timeout_s: float = Field(
        default=30.0,
        ge=1,
        le=300,
        title="Session timeout",
        description="Silence after which the brokers give an ingester's partitions to others, seconds.",
    )
    largest_bytes: int = Field(
        default=65_536,
        ge=1024,
        le=2**26,
        title="Largest message",
        description="Larger messages are no events and go to the dead letters, bytes.",
    )
    oldest_days: float = Field(
        default=400.0,
        gt=0,
        le=36_500,
        title="Oldest event",
        description="Events from longer ago go to the dead letters, days.",
    )
    max_clock_lead_s: float = Field(
        default=3600.0,
        ge=0,
        le=30 * 86_400,
        title="Maximum clock lead",
        description="Events further in the future go to the dead letters: a camera's clock is wrong. Seconds.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=0,
        le=65_535,
        title="Metrics port",
        description="TCP port of the ingester's own /metrics and /health, at the address of observability.metrics "
        "(127.0.0.1 without one); off when empty, 0 takes any free one.",
    )
    retry_initial_s: float = Field(
        default=0.5, gt=0, le=3600, title="First retry", description="Wait after a failure, seconds; doubles."
    )
    retry_max_s: float = Field(
        default=30.0, gt=0, le=3600, title="Longest retry", description="Longest such wait, seconds."
    )
