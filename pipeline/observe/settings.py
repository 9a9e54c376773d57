"""Settings of logs, metrics and previews."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pipeline.domain.network_address import check_host


class LogFormat(StrEnum):
    """Format of log lines."""

    AUTO = "auto"
    """`human` on a terminal, `json` otherwise."""
    HUMAN = "human"
    JSON = "json"


class LogLevel(StrEnum):
    """Minimum severity of the lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class MetricsSettings(BaseModel):
    """The Prometheus endpoint."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[str, AfterValidator(check_host)] = Field(
        default="127.0.0.1",
        min_length=1,
        title="Address",
        description="Address to listen on; metrics contain camera names, so do not expose it to untrusted networks.",
    )
    port: int = Field(
        default=9108, ge=0, le=65535, title="Port", description="TCP port to listen on; 0 selects a free one."
    )


class ObserveSettings(BaseModel):
    """Logs and metrics."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    log_level: LogLevel = Field(
        default=LogLevel.INFO, title="Log level", description="Minimum severity of the lines that are written."
    )
    log_format: LogFormat = Field(
        default=LogFormat.AUTO,
        title="Log format",
        description="auto: human on a terminal, json otherwise; written to standard error.",
    )
    metrics: MetricsSettings | None = Field(
        default=None,
        title="Prometheus metrics",
        description="HTTP endpoint with /metrics and /health; disabled if empty.",
    )


class PreviewSettings(BaseModel):
    """Annotated images for engineers, never for release: persons masked, and plates where none are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dir: Path = Field(title="Folder", description="Folder of annotated JPEGs, with one folder per camera.")
    every_s: float = Field(
        default=2,
        gt=0,
        le=86_400,
        title="Interval",
        description="Seconds of stream time between two images of a camera.",
    )
    keep: int = Field(
        default=200, ge=1, le=1_000_000, title="Keep", description="Images retained per camera; older ones are deleted."
    )
    days: int = Field(
        default=7,
        ge=1,
        le=3650,
        title="Days",
        description="Days that images are retained (decree 18.743/2014 art. 8), also those of removed cameras.",
    )
