"""Settings of track summaries and counts."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.domain.labels import VEHICLES, Label

COUNTABLE = VEHICLES | {Label.PERSON}
"""Labels that can be counted or summarized. Faces and plates are excluded: counting them says nothing about traffic and
would require tracking exactly what has to be protected."""


class GroundPointChoice(StrEnum):
    """Point of a box that represents the object's position."""

    BOTTOM_CENTER = "bottom-center"
    """Where wheels and feet touch the road: for cameras that view the road from the side or at an angle."""
    CENTER = "center"
    """For cameras that point straight down."""


class AnalyticsSettings(BaseModel):
    """Counting and summarizing of tracks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: frozenset[str] = Field(
        default=frozenset(label.word for label in COUNTABLE),
        title="Labels counted",
        description="Words of the classes that are counted and summarized; never face or plate.",
        examples=[["bicycle", "bus", "car", "motorcycle", "person", "truck"]],
    )
    min_visible_s: float = Field(
        default=0.2,
        ge=0,
        le=60,
        title="Visible time until a track counts",
        description="A track that was visible for less is noise, and is neither counted nor summarized. Each detection "
        "stands for the time since the frame analyzed before, weighted with its score (0 up to 0.3, 1 at 1), so that "
        "counts do not depend on the rate of analysis: 0.15 is 0.2 s of a near vehicle, and 2 s of one at the "
        "detector's limit. Seconds.",
    )
    max_idle_s: float = Field(
        default=60.0,
        gt=0,
        le=3600,
        title="Maximum idle time",
        description="A track unseen for this long is closed even when the tracker has not given it up. Seconds.",
    )
    max_open_tracks: int = Field(
        default=2048,
        ge=16,
        le=100_000,
        title="Maximum open tracks",
        description="Beyond this many open tracks of one camera the one unseen for longest is closed. Tracks.",
    )
    count_settle_s: float = Field(
        default=10.0,
        ge=0,
        le=600,
        title="Wait after a minute's end",
        description="A minute's counts are sent when all tracks that began in it are closed, at the latest this long "
        "after its end; tracks still open then count under their most frequent label. Seconds.",
    )
    ground_point: GroundPointChoice = Field(
        default=GroundPointChoice.BOTTOM_CENTER,
        title="Ground point",
        description="Point of a box that represents the object's position: bottom-center, or center for cameras "
        "that point straight down.",
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
        title="Minimum step",
        description="The smoothed point must move this far before the path grows, so that a parked car whose "
        "box jitters travels no distance. Share of the square root of the box's area.",
    )
    trajectory_hz: float = Field(
        default=2.0,
        ge=0,
        le=5,
        title="Trajectory points",
        description="Points of each track's trajectory per second, for `viapublica export`; 0 stores none. Long tracks "
        "get fewer.",
    )
    max_speed_m_s: float = Field(
        default=70.0,
        gt=0,
        le=200,
        title="Maximum plausible speed",
        description="A faster track is two objects taken for one; it gets no speed in meters. Meters per second.",
    )

    @field_validator("labels")
    @classmethod
    def _countable(cls, words: frozenset[str]) -> frozenset[str]:
        allowed = {label.word for label in COUNTABLE}
        wrong = sorted(words - allowed)
        if wrong:
            raise ValueError(f"{', '.join(wrong)} cannot be counted; choose among {', '.join(sorted(allowed))}")
        return words
