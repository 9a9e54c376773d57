"""Settings of redaction: masks, style, and the encoder."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.domain.labels import Label
from pipeline.domain.redaction import RedactionStyle

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]

RELEASE_CONFIRM_SCORE: Final = 0.12
"""`MaskSettings.confirm_score` of a release: persons that one network sees so faintly are masked there."""
RELEASE_CROWD_SCORE: Final = 0.04
"""`MaskSettings.crowd_score` of a release: the lowest score that is reported."""


class MaskSettings(BaseModel):
    """Which objects are masked, for how long and with which margin."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confirm_score: Fraction = Field(
        default=0.25,
        title="Confirm score",
        description="A tracklet that reaches this score once is masked wherever it was detected, before and after.",
    )
    link_score: Fraction = Field(
        default=0.08,
        title="Link score",
        description="The lowest score of a detection that is linked into a tracklet.",
    )
    plate_confirm_score: Fraction = Field(
        default=0.1,
        title="Confirm score of plates",
        description="The same as `confirm_score`, for plates: they are small, and masking them costs little.",
    )
    plate_link_score: Fraction = Field(
        default=0.04, title="Link score of plates", description="The same as `link_score`, for plates."
    )
    rider_confirm_score: Fraction = Field(
        default=0.15,
        title="Confirm score of riders",
        description="A motorcycle or bicycle that reaches this score once and is not parked has a masked rider, also "
        "where no person is detected.",
    )
    crowd_score: Fraction = Field(
        default=0.08,
        title="Score in crowds",
        description="Beside at least four certain small persons, persons are masked from this score on.",
    )
    gap_s: float = Field(
        default=2.0,
        ge=0,
        le=60,
        title="Gap",
        description="Longest time without a detection that is bridged, in seconds.",
    )
    extend_s: float = Field(
        default=0.4,
        ge=0,
        le=60,
        title="Extension",
        description="Seconds by which a mask begins before the first detection and ends after the last one.",
    )
    still_extend_s: float = Field(
        default=2.0,
        ge=0,
        le=600,
        title="Extension of still objects",
        description="The same for an object that hardly moved there: detectors lose objects that stand still.",
    )
    edge_extend_s: float = Field(
        default=1.0,
        ge=0,
        le=600,
        title="Extension at the edge",
        description="The same for an object that enters or leaves at the image's edge, partly visible at first.",
    )
    person_margin: float = Field(
        default=0.1, ge=0, le=1, title="Margin of persons", description="Share of the box that is added on each side."
    )
    face_margin: float = Field(
        default=0.3, ge=0, le=1, title="Margin of faces", description="Share of the box that is added on each side."
    )
    plate_margin: float = Field(
        default=0.3, ge=0, le=1, title="Margin of plates", description="Share of the box that is added on each side."
    )
    windscreens: bool = Field(default=False, title="Windscreens", description="Mask the windscreens of vehicles too.")

    @property
    def min_score(self) -> float:
        """The lowest score that a detector has to report."""
        return min(self.link_score, self.plate_link_score)

    def confirm_score_of(self, label: Label) -> float:
        """`confirm_score` of a label."""
        return self.plate_confirm_score if label is Label.PLATE else self.confirm_score

    def link_score_of(self, label: Label) -> float:
        """`link_score` of a label."""
        return self.plate_link_score if label is Label.PLATE else self.link_score

    def margin(self, label: Label) -> float:
        """Share of a box that is added on each side."""
        return {Label.FACE: self.face_margin, Label.PLATE: self.plate_margin}.get(label, self.person_margin)

    @model_validator(mode="after")
    def _link_below_confirm(self) -> Self:
        if self.link_score > self.confirm_score or self.plate_link_score > self.plate_confirm_score:
            raise ValueError("a link score must not exceed its confirm score")
        return self


class AnonymizeSettings(BaseModel):
    """How images and videos are anonymized."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    style: RedactionStyle = Field(
        default=RedactionStyle.FILL, title="Style", description="What is drawn in the place of an object."
    )
    masks: MaskSettings = Field(
        default_factory=MaskSettings, title="Masks", description="Which objects are masked, and for how long."
    )
    multi_view: bool = Field(
        default=False,
        title="Several views",
        description="Search every image in several views: at 1280 px, magnified around small objects, turned to all "
        "sides, and without rain.",
    )
    crf: int = Field(
        default=20, ge=0, le=40, title="Quality", description="x264's constant rate factor; less is better and larger."
    )
    preset: str = Field(
        default="veryfast",
        pattern="^(ultrafast|superfast|veryfast|faster|fast|medium|slow|slower|veryslow)$",
        title="Effort",
        description="x264's preset.",
    )
