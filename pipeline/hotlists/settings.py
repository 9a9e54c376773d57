"""Settings of hot-lists."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class HotListSettings(BaseModel):
    """Threshold of matches, and passages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    false_alarms_per_day: float = Field(
        default=1.0,
        gt=0,
        le=1000,
        title="False alarms per day",
        description="Alerts about vehicles that are not on a list, expected on a day over all cameras; the threshold "
        "of a match follows from it, from the number of listed plates, and from the reads per day. "
        "`viapublica hotlist check` shows it.",
    )
    reads_per_day: int = Field(
        default=100_000,
        ge=1,
        le=1_000_000_000,
        title="Reads per day",
        description="Vehicles whose plates all cameras of the installation read on a day. With more than this, there "
        "are more false alarms in proportion.",
    )
    passage_s: float = Field(
        default=300.0,
        gt=0,
        le=86_400,
        title="Passage",
        description="Seconds without a read after which a vehicle at the same camera is a new passage, which is "
        "alerted again; one that stands is read on, and is not.",
    )
    journey_s: float = Field(
        default=3600.0,
        gt=0,
        le=86_400,
        title="Journey",
        description="Seconds without a read at any live camera after which the incident of a listed vehicle ends; a "
        "later read begins another one.",
    )
