"""Settings of a spool."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Sync(StrEnum):
    """When accepted events are forced onto the disk. A killed program loses nothing under any of these."""

    ALWAYS = "always"
    """Before `add` returns: a power cut loses nothing that was accepted."""
    INTERVAL = "interval"
    """Every `sync_interval_s`: a power cut loses at most that much."""
    NEVER = "never"
    """When the operating system decides, usually within 30 s: a power cut loses that much."""


class FullSpoolPolicy(StrEnum):
    """What happens when undelivered events fill the spool."""

    REFUSE = "refuse"
    """Accept no more: files are not read further, events of live cameras wait in memory up to a limit."""
    DROP_OLDEST = "drop-oldest"
    """Drop the oldest undelivered events; they are counted, and reported as lost."""


class SpoolSettings(BaseModel):
    """How events are stored on disk before and after their delivery."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sync: Sync = Field(
        default=Sync.INTERVAL,
        title="Sync",
        description="When accepted events are forced onto the disk: always (a power cut loses nothing), interval (at "
        "most sync_interval_s), never (what the system has not written yet). A killed program loses nothing.",
    )
    sync_interval_s: float = Field(
        default=1.0, gt=0, le=60, title="Sync interval", description="Seconds between two syncs."
    )
    segment_bytes: int = Field(
        default=16 * 2**20,
        ge=4096,
        le=2**30,
        title="Segment size",
        description="A segment file is closed at this size and deleted as a whole, bytes.",
    )
    max_bytes: int = Field(
        default=2 * 2**30,
        ge=2**16,
        le=2**44,
        title="Largest size",
        description="Most bytes that the spool may take; delivered events make room first.",
    )
    max_age_s: float | None = Field(
        default=None,
        gt=0,
        le=10 * 365 * 86400,
        title="Longest age",
        description="With when_full drop-oldest, undelivered events older than this are dropped too, seconds; never if "
        "empty.",
    )
    retain_s: float = Field(
        default=3600.0,
        ge=0,
        le=365 * 86400,
        title="Retained window",
        description="Delivered events are retained this long for `viapublica spool replay`, seconds.",
    )
    when_full: FullSpoolPolicy = Field(
        default=FullSpoolPolicy.REFUSE,
        title="When full",
        description="What happens when undelivered events fill the spool.",
    )
