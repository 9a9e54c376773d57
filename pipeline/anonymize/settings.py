"""Settings of this room."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.domain.labels import Label

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Look(StrEnum):
    """What stands where a person, face or plate was."""

    FILL = "fill"
    """One opaque color: nothing of what was there is left."""
    SILHOUETTE = "silhouette"
    """The fill, with a drawn figure on it as large as the object and a mark for where it moves to."""
    MOSAIC = "mosaic"
    """A few large blocks of the object's own colors. Weaker: see `WEAKER_LOOKS`."""
    BLUR = "blur"
    """A blur that grows with the object. Weaker: see `WEAKER_LOOKS`."""


WEAKER_LOOKS = frozenset({Look.MOSAIC, Look.BLUR})
"""Made from the pixels that they hide. Revelio (Revelio: Reversing Obfuscation) re-identified 95.9 % of faces
under a Gaussian blur, and McPherson et al. (Defeating Image Obfuscation with Deep Learning, 2016) read mosaics."""


class CoverSettings(BaseModel):
    """What is covered, for how long and how widely."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sure: Fraction = Field(
        default=0.25,
        title="Sure",
        description="An object that once had this score is covered wherever it was seen, before and after.",
    )
    faint: Fraction = Field(
        default=0.08,
        title="Faint",
        description="The least score of a sighting of an object that was once sure.",
    )
    plate_sure: Fraction = Field(
        default=0.1,
        title="Sure of plates",
        description="The same as `sure`, for plates: they are small, and cost little.",
    )
    plate_faint: Fraction = Field(default=0.04, title="Faint plates", description="The same as `faint`, for plates.")
    gap_s: float = Field(
        default=2.0,
        ge=0,
        le=60,
        title="Gap",
        description="Longest time without a sighting that is bridged, in seconds.",
    )
    hold_s: float = Field(
        default=0.4,
        ge=0,
        le=60,
        title="Hold",
        description="Seconds that a cover begins before the first sighting and lasts after the last one.",
    )
    still_hold_s: float = Field(
        default=2.0,
        ge=0,
        le=600,
        title="Hold of what stands still",
        description="The same for an object that hardly moved there: detectors lose who does not move.",
    )
    edge_hold_s: float = Field(
        default=1.0,
        ge=0,
        le=600,
        title="Hold at the edge",
        description="The same for an object that comes or goes at the image's edge: at first only a leg is in it.",
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
    windscreens: bool = Field(default=False, title="Windscreens", description="Cover the windscreens of vehicles too.")

    @property
    def least(self) -> float:
        """The score down to which a detector has to tell."""
        return min(self.faint, self.plate_faint)

    def sure_of(self, label: Label) -> float:
        """`sure` of a label."""
        return self.plate_sure if label is Label.PLATE else self.sure

    def faint_of(self, label: Label) -> float:
        """`faint` of a label."""
        return self.plate_faint if label is Label.PLATE else self.faint

    def margin(self, label: Label) -> float:
        """Share of a box that is added on each side."""
        return {Label.FACE: self.face_margin, Label.PLATE: self.plate_margin}.get(label, self.person_margin)

    @model_validator(mode="after")
    def _thresholds_rise(self) -> Self:
        if self.faint > self.sure or self.plate_faint > self.plate_sure:
            raise ValueError("faint must not exceed sure")
        return self


class AnonymizeSettings(BaseModel):
    """How images and clips are made fit to be given away."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    look: Look = Field(default=Look.FILL, title="Look", description="What stands where somebody was.")
    cover: CoverSettings = Field(default_factory=CoverSettings, title="Covers", description="What is covered.")
    fine: bool = Field(
        default=False,
        title="Fine",
        description="Look at large images twice: in passing, and closely for what is small in them.",
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


@dataclass(frozen=True, slots=True)
class MarkText:
    """What the mark says; empty parts are left out.

    Attributes:
        institution: who gives it away (decree 18.743/2014 art. 9 §5).
        camera: as the institution names it outside; may be coarse.
        moment: the date, as precise as it may be told.
        number: of the disclosure in the register.
    """

    institution: str = ""
    camera: str = ""
    moment: str = ""
    number: str = ""

    def parts(self) -> list[str]:
        """The texts, in the order in which they stand."""
        number = f"nº {self.number}" if self.number else ""
        return [part for part in (self.institution, self.camera, self.moment, number) if part] or ["anonymized"]
