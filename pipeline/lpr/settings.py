"""Settings of plate reading."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.inference.device import Backend, Device

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class CornerSettings(BaseModel):
    """Network that finds the corners of plates, run as the plate reader is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str
    backend: Backend = Backend.AUTO
    device: Device = Device.CPU
    threads: int = 2
    batch_size: int = 16


class LprSettings(BaseModel):
    """Networks, crop filters and voting of plate reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(
        default="viapublica_plates",
        min_length=1,
        title="Model",
        description="Name or path of the plate reader's model card.",
    )
    corners: str | None = Field(
        default="viapublica_plate_corners",
        min_length=1,
        title="Corners",
        description="Name or path of the model card of the network that finds the corners of plates, so that slanted, "
        "sideways and upside-down plates are read rectified; null reads crops as they are.",
    )
    backend: Backend = Field(
        default=Backend.AUTO,
        title="Backend",
        description="Library that runs the network; auto selects the fastest installed one that passes the "
        "known-answer test on this machine: OpenVINO, then ONNX Runtime.",
    )
    device: Device = Field(default=Device.CPU, title="Device", description="Hardware that runs the network.")
    threads: int = Field(default=2, ge=1, le=256, title="Threads", description="Processor threads (device cpu).")
    batch_size: int = Field(
        default=16, ge=1, le=512, title="Batch size", description="Maximum number of crops per inference."
    )
    margin_x: Fraction = Field(
        default=0.05,
        title="Horizontal margin",
        description="Crops extend the box by this fraction of its width on each side.",
    )
    margin_y: Fraction = Field(
        default=0.1,
        title="Vertical margin",
        description="Crops extend the box by this fraction of its height on each side.",
    )
    min_height_px: float = Field(
        default=8.0, ge=1, le=1000, title="Minimum height", description="Plates of less height are not read, pixels."
    )
    min_sharpness: float = Field(
        default=0.02,
        ge=0,
        le=1,
        title="Minimum sharpness",
        description="Crops of less sharpness are not read; 0 is uniform gray, 1 a checkerboard.",
    )
    min_votes: int = Field(
        default=1, ge=1, le=1000, title="Minimum votes", description="Crops that must agree before a plate is reported."
    )
    min_confidence: Fraction = Field(
        default=0.05,
        title="Minimum confidence",
        description="Reads whose weakest character is below this are not reported. Low by default: an uncertain read "
        "with its confidence is more useful than none.",
    )
    min_characters: int = Field(
        default=4,
        ge=1,
        le=12,
        title="Minimum characters",
        description="Shorter reads are not reported: they are pieces of plates, captions and signs.",
    )
    certain_confidence: Fraction = Field(
        default=0.9,
        title="Certain confidence",
        description="Confidence from which a plate is certain and read at intervals only.",
    )
    certain_votes: int = Field(
        default=5, ge=1, le=1000, title="Certain votes", description="Minimum votes of a certain plate."
    )
    recheck_s: float = Field(
        default=1.0,
        gt=0,
        le=3600,
        title="Recheck interval",
        description="Seconds after which a certain plate is read again: the track may have passed to another vehicle.",
    )
    report_after_s: float = Field(
        default=20.0,
        gt=0,
        le=86_400,
        title="Early report",
        description="Seconds after which a certain plate is reported while its vehicle is still in view, such as a "
        "parked one; passing vehicles are reported once, when they have left.",
    )

    @property
    def corner_settings(self) -> CornerSettings | None:
        """Settings of the corner network; None if it is switched off."""
        if self.corners is None:
            return None
        return CornerSettings(
            model=self.corners,
            backend=self.backend,
            device=self.device,
            threads=self.threads,
            batch_size=self.batch_size,
        )

    @model_validator(mode="after")
    def _backend_has_device(self) -> Self:
        if self.backend is Backend.ULTRALYTICS or self.device is Device.TENSORRT:
            raise ValueError("plate readers support backends onnxruntime and openvino, and devices cpu and cuda")
        if self.backend is Backend.OPENVINO and self.device is Device.CUDA:
            raise ValueError("backend openvino supports device cpu only; use backend onnxruntime for cuda")
        return self
