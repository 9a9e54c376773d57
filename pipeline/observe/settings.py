"""Settings of the observe room."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class LogFormat(StrEnum):
    """How log lines look."""

    AUTO = "auto"
    """`human` on a terminal, `json` otherwise."""
    HUMAN = "human"
    JSON = "json"


class LogLevel(StrEnum):
    """The least severe lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class MetricsSettings(BaseModel):
    """The Prometheus endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        title="Address",
        description="Address to listen on; anyone who reaches it can read camera names, so keep it inside.",
    )
    port: int = Field(
        default=9108, ge=0, le=65535, title="Port", description="TCP port to listen on; 0 takes any free one."
    )


class ObserveSettings(BaseModel):
    """Logs and metrics."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    log_level: LogLevel = Field(
        default=LogLevel.INFO, title="Log level", description="The least severe lines that are written."
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO,
        title="Log format",
        description="auto: human on a terminal, JSON otherwise. To standard error.",
    )
    metrics: MetricsSettings | None = Field(
        default=None, title="Prometheus metrics", description="Serve /metrics and /health; off when empty."
    )
