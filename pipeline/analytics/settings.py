"""Settings of the analytics room."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.domain.labels import VEHICLES, Label

COUNTABLE = VEHICLES | {Label.PERSON}
"""Labels that can ever be counted or summarized. A count of faces or plates would say nothing about traffic and would
make the pipeline follow exactly what it has to hide."""


class GroundPointChoice(StrEnum):
    """Which point of a box stands for the place of the thing."""

    BOTTOM_CENTER = "bottom-center"
    """Where wheels and feet touch the road: right for cameras that look from the side or at an angle."""
    CENTER = "center"
    """Right for cameras that look straight down."""


class AnalyticsSettings(BaseModel):
    """What is counted and how tracks become summaries."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: frozenset[str] = Field(
        default=frozenset(label.word for label in COUNTABLE),
        title="Labels counted",
        description="Words of the classes that are counted and summarized; never face or plate.",
        examples=[["bicycle", "bus", "car", "motorcycle", "person", "truck"]],
    )
    min_frames: int = Field(
        default=3,
        ge=1,
        le=1000,
        title="Frames until a track counts",
        description="A track seen in fewer analyzed frames is taken for noise: neither counted nor summarized. Frames.",
    )
    max_idle_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        title="Longest silence of a track",
        description="A track not seen for so long is closed even when the tracker never gave it up. Seconds.",
    )
    max_open_tracks: int = Field(
        default=2048,
        ge=16,
        le=100_000,
        title="Most open tracks",
        description="Beyond this many open tracks of one camera the one not seen for longest is closed. Tracks.",
    )
    count_settle_s: float = Field(
        default=10.0,
        ge=0,
        le=600,
        title="Wait after a minute's end",
        description="A minute's counts leave when all tracks that began in it are closed, at the latest so long after "
        "its end; tracks still open then count under the label they have most. Seconds.",
    )
    ground_point: GroundPointChoice = Field(
        default=GroundPointChoice.BOTTOM_CENTER,
        title="Ground point",
        description="Point of a box that stands for the thing's place: bottom-center, or center for cameras "
        "that look straight down.",
    )
    smoothing_s: float = Field(
        default=0.25,
        ge=0,
        le=5,
        title="Smoothing of the ground point",
        description="Time constant of the exponential mean of the ground point; 0 for none. Seconds.",
    )
    step_fraction: float = Field(
        default=0.1,
        gt=0,
        le=1,
        title="Smallest step",
        description="The smoothed point must move this far before the path grows, so that a parked car whose box "
        "trembles drives no distance. Share of the square root of the box's area.",
    )
    max_speed_m_s: float = Field(
        default=70.0,
        gt=0,
        le=200,
        title="Fastest believable speed",
        description="A faster track is two things taken for one; it gets no speed in meters. Meters per second.",
    )

    @field_validator("labels")
    @classmethod
    def _countable(cls, words: frozenset[str]) -> frozenset[str]:
        allowed = {label.word for label in COUNTABLE}
        wrong = sorted(words - allowed)
        if wrong:
            raise ValueError(f"{', '.join(wrong)} cannot be counted; choose among {', '.join(sorted(allowed))}")
        return words
