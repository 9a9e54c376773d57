"""Settings of this room."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Protocol(StrEnum):
    """What an address may start with. ``file`` stands for paths."""

    FILE = "file"
    RTSP = "rtsp"
    RTSPS = "rtsps"
    HTTP = "http"
    HTTPS = "https"
    UDP = "udp"
    RTP = "rtp"
    SRT = "srt"
    RTMP = "rtmp"
    RTMPS = "rtmps"


class HardwareDecoder(StrEnum):
    """Which chip decodes."""

    NONE = "none"
    CUDA = "cuda"


class DecodeSettings(BaseModel):
    """How cameras and files are opened, watched and decoded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocols: frozenset[Protocol] = Field(
        default=frozenset({Protocol.FILE, Protocol.RTSP, Protocol.RTSPS, Protocol.HTTP, Protocol.HTTPS}),
        title="Allowed protocols",
        description="Addresses of any other kind are refused; HLS counts as http or https.",
    )
    open_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=120,
        title="Open timeout",
        description="Seconds a camera may take to answer, and as long again to describe its stream.",
    )
    watchdog_s: float = Field(
        default=3.0,
        gt=0,
        le=300,
        title="Watchdog",
        description="Seconds without a frame after which a camera counts as stalled; its connection is still kept.",
    )
    read_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        title="Read timeout",
        description="Seconds without a frame after which the connection is given up and made anew.",
    )
    backoff_initial_s: float = Field(
        default=0.25, gt=0, le=60, title="First pause", description="Seconds before the first new attempt."
    )
    backoff_max_s: float = Field(
        default=2.0,
        gt=0,
        le=600,
        title="Longest pause",
        description="Seconds; each attempt that fails doubles the pause up to this. It bounds how late a camera "
        "that came back is noticed.",
    )
    backoff_jitter: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Jitter",
        description="Share of a pause that is left to chance, 0 to 1, so that a hundred cameras behind one "
        "recorder do not all probe_brokers at once.",
    )
    refused_pause_s: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        title="Pause after a refusal",
        description="Seconds between attempts when the camera refuses the user name or password; many cameras "
        "lock the account after a few. It is also the longest pause after many answers that are no video.",
    )
    max_gap_s: float = Field(
        default=10.0,
        gt=0,
        le=86400,
        title="Longest gap",
        description="Seconds; a longer step of a stream's clock is taken for a jump of that clock, not for time.",
    )
    max_image_px: int = Field(
        default=50_000_000,
        ge=64,
        le=1_000_000_000,
        title="Largest image",
        description="Pixels of one image, width times height; larger ones are refused.",
    )
    image_step_s: float = Field(
        default=1.0,
        gt=0,
        le=86_400,
        title="Step between images",
        description="Seconds from one image of a folder to the next.",
    )
    hwaccel: HardwareDecoder = Field(
        default=HardwareDecoder.NONE,
        title="Hardware decoder",
        description="`cuda` decodes on an NVIDIA card where there is one, and in software where there is none.",
    )
    decoder_threads: int = Field(
        default=1,
        ge=0,
        le=64,
        title="Decoder threads",
        description="Threads per camera, 0 for as many as there are cores. One is best for many cameras.",
    )

    @model_validator(mode="after")
    def _watchdog_before_timeout(self) -> DecodeSettings:
        if self.watchdog_s > self.read_timeout_s:
            raise ValueError("watchdog_s must not be longer than read_timeout_s")
        if self.backoff_initial_s > self.backoff_max_s:
            raise ValueError("backoff_initial_s must not be longer than backoff_max_s")
        return self
