"""Settings of adaptive analysis."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AnalyzeSettings(BaseModel):
    """Which of a camera's frames the detector gets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    adaptive: bool = Field(
        default=True,
        title="Adaptive analysis",
        description="Gives the detector only frames in which something new may be seen: motion that no track "
        "explains, tracks that may be lost, plates that are not certain. false: every frame.",
    )
    max_interval_s: float = Field(
        default=2.0,
        gt=0,
        le=60,
        title="Maximum interval",
        description="The detector gets a frame at least this often, whatever moves: nothing that stands still is "
        "forgotten. Less where tracks are open, see `detect.track.lost_s`. Seconds.",
    )
