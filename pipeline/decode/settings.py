"""Settings of sources and decoding."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Protocol(StrEnum):
    """Protocol of a source address. ``file`` stands for paths."""

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
    """Hardware that decodes."""

    NONE = "none"
    CUDA = "cuda"


class Isolation(StrEnum):
    """Where frames are decoded."""

    PROCESS = "process"
    NONE = "none"


class DecodeSettings(BaseModel):
    """Opening, supervision and decoding of cameras and files."""

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
        description="Seconds a camera may take to answer, and the same again to describe its stream.",
    )
    watchdog_s: float = Field(
        default=3.0,
        gt=0,
        le=300,
        title="Watchdog",
        description="Seconds without a frame after which a camera counts as stalled; its connection stays open.",
    )
    read_timeout_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        title="Read timeout",
        description="Seconds without a frame after which the connection is closed and opened again.",
    )
    backoff_initial_s: float = Field(
        default=0.25, gt=0, le=60, title="Initial pause", description="Seconds before the first retry."
    )
    backoff_max_s: float = Field(
        default=2.0,
        gt=0,
        le=600,
        title="Maximum pause",
        description="Seconds; each failed attempt doubles the pause up to this. It limits how late the return of "
        "a camera is noticed.",
    )
    backoff_jitter: float = Field(
        default=0.5,
        ge=0,
        le=1,
        title="Jitter",
        description="Random share of a pause, 0 to 1, so that a hundred cameras behind one recorder do not "
        "all reconnect at once.",
    )
    refused_pause_s: float = Field(
        default=30.0,
        gt=0,
        le=3600,
        title="Pause after a refusal",
        description="Seconds between attempts when the camera refuses the user name or password; many cameras "
        "lock the account after a few. Also the maximum pause after repeated answers that contain no video.",
    )
    max_gap_s: float = Field(
        default=10.0,
        gt=0,
        le=86400,
        title="Maximum gap",
        description="Seconds; a longer step of a stream's clock counts as a jump of that clock, not as elapsed time.",
    )
    max_image_px: int = Field(
        default=50_000_000,
        ge=64,
        le=1_000_000_000,
        title="Maximum image size",
        description="Pixels of one image, width times height; larger ones are refused.",
    )
    max_frame_memory_mb: int | None = Field(
        default=None,
        ge=16,
        le=10_000_000,
        title="Memory for frames",
        description="Megabytes that the decoded frames of all cameras may take together, at 12 bytes per pixel of each "
        "camera. A camera that does not fit is refused, and retried. Empty: half of the machine's memory.",
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
        description="`cuda` decodes on an NVIDIA GPU if there is one, otherwise in software.",
    )
    decoder_threads: int = Field(
        default=1,
        ge=0,
        le=64,
        title="Decoder threads",
        description="Threads per camera, 0 for one per core. One is best for many cameras.",
    )
    isolation: Isolation = Field(
        default=Isolation.PROCESS,
        title="Isolation",
        description="`process` decodes every camera and file of a run in a process of its own: a decoder that crashes "
        "ends that camera's session only. `none` decodes in the main process, and so does `hwaccel: cuda`.",
    )
    max_decoder_memory_mb: int = Field(
        default=1000,
        ge=64,
        le=1_000_000,
        title="Memory per decoder",
        description="Megabytes that one decoder process may take, and as much again for its frames. A decoder that "
        "needs more ends its session.",
    )

    @model_validator(mode="after")
    def _watchdog_before_timeout(self) -> DecodeSettings:
        if self.watchdog_s > self.read_timeout_s:
            raise ValueError("watchdog_s must not be longer than read_timeout_s")
        if self.backoff_initial_s > self.backoff_max_s:
            raise ValueError("backoff_initial_s must not be longer than backoff_max_s")
        return self
