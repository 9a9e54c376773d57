"""Settings of the room `lpr`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.inference.device import Backend, Device

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class LprSettings(BaseModel):
    """How plates are read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(
        default="viapublica_plates", min_length=1, title="Model", description="Name or path of a plate reader's card."
    )
    backend: Backend = Field(
        default=Backend.AUTO,
        title="Backend",
        description="The library that runs the network; auto takes the fastest installed one that passes the "
        "known-answer test on this machine: OpenVINO, then ONNX Runtime.",
    )
    device: Device = Field(default=Device.CPU, title="Device", description="Where the reader runs.")
    threads: int = Field(default=2, ge=1, le=256, title="Threads", description="Processor threads (device cpu).")
    batch_size: int = Field(default=16, ge=1, le=512, title="Batch size", description="Most crops in one pass.")
    margin_x: Fraction = Field(
        default=0.05, title="Margin beside", description="A crop is wider than the box by this share on each side."
    )
    margin_y: Fraction = Field(
        default=0.1, title="Margin above and below", description="A crop is taller than the box by this share each."
    )
    min_height_px: float = Field(
        default=8.0, ge=1, le=1000, title="Least height", description="Lower plates are not read, pixels."
    )
    min_sharpness: float = Field(
        default=0.02,
        ge=0,
        le=1,
        title="Least sharpness",
        description="0 is a gray wall, 1 a checkerboard; blurrier crops are not read.",
    )
    min_votes: int = Field(
        default=1, ge=1, le=1000, title="Least votes", description="Crops that must agree before a plate is told."
    )
    min_confidence: Fraction = Field(
        default=0.05,
        title="Least confidence",
        description="Readings whose weakest character is below this are not told. Low on purpose: a doubtful "
        "reading with its confidence is of more use than none.",
    )
    certain_confidence: Fraction = Field(
        default=0.9, title="Certain", description="From this confidence on a track is read only now and then."
    )
    certain_votes: int = Field(
        default=5, ge=1, le=1000, title="Certain votes", description="Votes that a certain plate must have."
    )
    recheck_s: float = Field(
        default=1.0,
        gt=0,
        le=3600,
        title="Check again",
        description="Seconds after which a certain plate is read once more: the track may have passed to another car.",
    )
    tell_after_s: float = Field(
        default=20.0,
        gt=0,
        le=86_400,
        title="Tell early",
        description="Seconds after which a certain plate is told although its vehicle is still in view, such as a "
        "parked one; passing vehicles are told once, when they are gone.",
    )

    @model_validator(mode="after")
    def _backend_has_device(self) -> Self:
        if self.backend is Backend.ULTRALYTICS or self.device is Device.TENSORRT:
            raise ValueError("a plate reader runs on backend onnxruntime or openvino, and on device cpu or cuda")
        if self.backend is Backend.OPENVINO and self.device is Device.CUDA:
            raise ValueError("backend openvino runs on processors: take device cpu, or backend onnxruntime for cuda")
        return self
