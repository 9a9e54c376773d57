"""Settings of the recorder."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator


class RecordSettings(BaseModel):
    """Recording of live cameras: packets as they come, or encoded with masks; never with sound. Off when empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dir: Path = Field(
        default=Path("recorded"),
        title="Folder",
        description="Folder of recorded video, one folder per camera, for this user only: not anonymized. "
        "Relative to the configuration file.",
    )
    segment_s: float = Field(
        default=60,
        ge=1,
        le=3600,
        title="Segment",
        description="Seconds of video in one file; a file ends at the first key frame after this.",
    )
    fragment_s: float = Field(
        default=2,
        ge=0.2,
        le=60,
        title="Fragment",
        description="Seconds of video that are written at once; a crash loses little more.",
    )
    days: int = Field(
        default=7,
        ge=1,
        le=3650,
        title="Days",
        description="Days that video is stored (decree 18.743/2014 art. 8); held video is stored longer.",
    )
    max_bytes: int = Field(
        default=200_000_000_000,
        ge=1_000_000,
        le=10**16,
        title="Size limit",
        description="Bytes of video of all cameras together; beyond it the oldest is deleted, except held video.",
    )
    retry_s: float = Field(
        default=5,
        ge=0.1,
        le=600,
        title="Pause after a failure",
        description="Seconds until writing is tried again after the disk failed.",
    )
    max_waiting_bytes: int = Field(
        default=64_000_000,
        ge=1_000_000,
        le=10**10,
        title="Queue limit",
        description="Bytes of one camera's packets that may wait in memory for a slow disk; more are not recorded.",
    )

    @model_validator(mode="after")
    def _fragments_fit(self) -> RecordSettings:
        if self.fragment_s > self.segment_s:
            raise ValueError("fragment_s must not be longer than segment_s")
        return self
