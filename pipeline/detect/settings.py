"""Settings of the room `detect`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline.domain.labels import Label
from pipeline.inference.device import Backend, Device

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
DEFAULT_IOU: Final = 0.6
Size = Annotated[int, Field(ge=32, le=4096, multiple_of=32)]


class PlateSearch(StrEnum):
    """Where a separate plate network looks."""

    FRAME = "frame"
    """Once over the whole image."""
    VEHICLES = "vehicles"
    """On a crop of each found vehicle."""
    BOTH = "both"
    """Over the whole image, then on crops of those vehicles on which it found none."""


class TrackSettings(BaseModel):
    """How objects are followed from image to image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lost_s: float = Field(
        default=1.5,
        gt=0.0,
        le=60.0,
        title="Lost time",
        description="A track that was not seen for this long is given up, in seconds.",
    )
    start_confidence: Fraction = Field(
        default=0.35, title="Start confidence", description="Only objects with at least this score start a track, 0-1."
    )
    high_confidence: Fraction = Field(
        default=0.35,
        title="High confidence",
        description="Objects from this score on are matched first, weaker ones to what is left, 0-1.",
    )
    minimum_iou: Fraction = Field(
        default=0.1,
        title="Least overlap",
        description="Least overlap (IoU, 0-1) of an object with the place where its track is expected.",
    )
    minimum_images: int = Field(
        default=2, ge=1, le=30, title="Proof", description="A track counts after this many consecutive images."
    )


class DetectSettings(BaseModel):
    """Which networks find objects, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(
        default="viapublica_traffic", min_length=1, title="Model", description="Name or path of a model card."
    )
    plate_model: str | None = Field(
        default=None,
        title="Plate model",
        description="Card of a second network for plates; none when the first one finds them or nobody needs them.",
    )
    plate_search: PlateSearch = Field(
        default=PlateSearch.FRAME, title="Plate search", description="Where the plate network looks."
    )
    plate_looks: int = Field(
        default=4,
        ge=1,
        le=100,
        title="Closer looks",
        description="Most vehicles per image that the plate network looks at one by one, the largest first.",
    )
    backend: Backend = Field(
        default=Backend.AUTO,
        title="Backend",
        description="The library that runs the networks; auto takes the fastest installed one that passes the "
        "known-answer test on this machine: OpenVINO, then ONNX Runtime.",
    )
    device: Device = Field(default=Device.CPU, title="Device", description="Where the networks run.")
    threads: int = Field(
        default=2, ge=1, le=256, title="Threads", description="Processor threads per network (device cpu)."
    )
    batch_size: int | None = Field(
        default=None,
        ge=1,
        le=256,
        title="Batch size",
        description="Most images per pass; by default 1 on a processor, where batches do not pay, and 16 on a GPU.",
    )
    input_size: tuple[Size, Size] | None = Field(
        default=None,
        title="Input size",
        description="Width and height in pixels, where the network takes any; by default the card's.",
    )
    confidence: Fraction | None = Field(
        default=None, title="Confidence", description="Objects below this score are dropped, 0-1; default: the card's."
    )
    label_confidence: dict[str, Fraction] = Field(
        default_factory=dict,
        title="Confidence per label",
        description="Other thresholds for single labels, such as {plate: 0.4}, 0-1.",
    )
    iou: Fraction = Field(
        default=DEFAULT_IOU,
        title="Overlap",
        description="Of two objects overlapping more than this (IoU, 0-1) the surer stays.",
    )
    track: TrackSettings = Field(default_factory=TrackSettings, title="Tracking", description="Following objects.")

    @field_validator("label_confidence")
    @classmethod
    def _known_labels(cls, thresholds: dict[str, float]) -> dict[str, float]:
        known = [label.word for label in Label]
        for word in thresholds:
            if word not in known:
                raise ValueError(f"{word!r} is not a label; labels are {', '.join(known)}")
        return thresholds

    @model_validator(mode="after")
    def _backend_has_device(self) -> Self:
        if self.backend is Backend.OPENVINO and self.device is not Device.CPU:
            raise ValueError(f"backend openvino runs on device cpu, not on {self.device.value}")
        return self

    def threshold(self, label: Label, card_confidence: float) -> float:
        """The least score of a label: its own, else the general one, else the card's."""
        general = card_confidence if self.confidence is None else self.confidence
        return self.label_confidence.get(label.word, general)
