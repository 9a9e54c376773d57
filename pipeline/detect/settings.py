"""Settings of detection and tracking."""

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
    """Search area of a separate plate network."""

    FRAME = "frame"
    """The whole frame."""
    VEHICLES = "vehicles"
    """A crop of each detected vehicle."""
    BOTH = "both"
    """The whole frame, then crops of the vehicles without a plate."""


class TrackSettings(BaseModel):
    """Tracking of objects from frame to frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lost_s: float = Field(
        default=1.5,
        gt=0.0,
        le=60.0,
        title="Lost time",
        description="Seconds without a detection after which a track ends.",
    )
    start_confidence: Fraction = Field(
        default=0.35, title="Start confidence", description="Minimum score of an object that starts a track, 0-1."
    )
    high_confidence: Fraction = Field(
        default=0.35,
        title="High confidence",
        description="Objects with at least this score are matched first, weaker ones to the remaining tracks, 0-1.",
    )
    min_iou: Fraction = Field(
        default=0.1,
        title="Minimum overlap",
        description="Minimum overlap (IoU, 0-1) of an object with the predicted box of its track.",
    )
    min_frames: int = Field(
        default=2,
        ge=1,
        le=30,
        title="Minimum frames",
        description="Consecutive frames after which a track is confirmed.",
    )


class DetectSettings(BaseModel):
    """Networks that detect objects, and their parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(
        default="viapublica_traffic",
        min_length=1,
        title="Model",
        description="Name or path of the detector's model card.",
    )
    plate_model: str | None = Field(
        default=None,
        title="Plate model",
        description="Name or path of the card of a second network for plates; empty if the first one detects them or "
        "none are needed.",
    )
    plate_search: PlateSearch = Field(
        default=PlateSearch.FRAME, title="Plate search", description="Search area of the plate network."
    )
    max_plate_crops: int = Field(
        default=4,
        ge=1,
        le=100,
        title="Maximum vehicle crops",
        description="Maximum number of vehicles per frame that are cropped for the plate network, largest first.",
    )
    backend: Backend = Field(
        default=Backend.AUTO,
        title="Backend",
        description="Library that runs the networks; auto selects the fastest installed one that passes the "
        "known-answer test on this machine: OpenVINO, then ONNX Runtime, unless the first `run` measures otherwise.",
    )
    device: Device = Field(default=Device.CPU, title="Device", description="Hardware that runs the networks.")
    threads: int = Field(
        default=2,
        ge=1,
        le=256,
        title="Threads",
        description="Processor threads per network (device cpu); if not set, the first `run` on a machine may find "
        "another number faster.",
    )
    batch_size: int | None = Field(
        default=None,
        ge=1,
        le=256,
        title="Batch size",
        description="Maximum number of frames that are analyzed together; default: 16 on a GPU, in one inference; on a "
        "processor as many as there are threads with OpenVINO, each frame by a thread of its own, and 1 with ONNX "
        "Runtime.",
    )
    input_size: tuple[Size, Size] | None = Field(
        default=None,
        title="Input size",
        description="Width and height in pixels, for networks with a dynamic input size; default: the card's.",
    )
    confidence: Fraction | None = Field(
        default=None, title="Confidence", description="Objects below this score are dropped, 0-1; default: the card's."
    )
    label_confidence: dict[str, Fraction] = Field(
        default_factory=dict,
        title="Confidence per label",
        description="Score thresholds of individual labels, such as {plate: 0.4}, 0-1.",
    )
    iou: Fraction = Field(
        default=DEFAULT_IOU,
        title="NMS overlap",
        description="Of two objects that overlap more than this (IoU, 0-1), the higher score is retained.",
    )
    track: TrackSettings = Field(default_factory=TrackSettings, title="Tracking", description="Tracking of objects.")

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
        """Score threshold of a label: its own, else the general one, else the card's."""
        general = card_confidence if self.confidence is None else self.confidence
        return self.label_confidence.get(label.word, general)
