"""Settings of queues and batches of frames."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class EngineSettings(BaseModel):
    """Queues and batches of frames."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    queue_frames: int = Field(
        default=4,
        ge=1,
        le=256,
        title="Frames per queue",
        description="Decoded frames of one camera that may wait for the detector.",
    )
    live_drop: Literal["oldest", "newest"] = Field(
        default="oldest",
        title="Frame that a full queue of a live camera drops",
        description="oldest: least lag. newest: fewest gaps. Files never lose any.",
    )
    max_frame_age_s: float = Field(
        default=2.0,
        gt=0,
        le=60,
        title="Maximum age of a frame",
        description="Seconds after which a waiting frame of a live camera is dropped (`late`) if there is a newer "
        "one: what is analyzed is fresh. Files lose none.",
    )
    batch_wait_ms: float = Field(
        default=10,
        ge=0,
        le=1000,
        title="Wait for a full batch",
        description="Milliseconds to wait for more frames when a batch is not full.",
    )
    backlog_events: int = Field(
        default=100_000,
        ge=1000,
        le=100_000_000,
        title="Events held back per sink",
        description="When sinks push back, files wait; live cameras continue until this many events wait in memory.",
    )
    max_clock_lead_s: float = Field(
        default=3600,
        ge=0,
        le=30 * 86_400,
        title="Maximum clock lead",
        description="Events further in the future are refused, as they would never be due for deletion: a clock, or "
        "the start_time of a video, is wrong. Seconds.",
    )
    shutdown_timeout_s: float = Field(
        default=30,
        gt=0,
        le=3600,
        title="Shutdown timeout",
        description="Seconds that sinks may take at the end; events that are not delivered by then stay on disk.",
    )
