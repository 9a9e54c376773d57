"""Frames: images of a camera with stream position and timestamp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

BgrImage = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, BGR."""


class Image(Protocol):
    """An image whose pixels are converted on demand.

    A decoder retains the decoded planes; most frames are needed only at the network's input size, and a few as crops.
    Static privacy masks are already applied.
    """

    @property
    def width(self) -> int:
        """Pixels, after rotation."""
        ...

    @property
    def height(self) -> int:
        """Pixels, after rotation."""
        ...

    @property
    def sample_aspect(self) -> float:
        """Width of one pixel over its height, after rotation; 1 for square pixels."""
        ...

    def bgr(self) -> BgrImage:
        """The whole image, (height, width, 3). The caller must not modify it."""
        ...

    def resized(self, width: int, height: int) -> BgrImage:
        """The whole image scaled to (height, width, 3), ignoring the aspect ratio. The caller must not modify it."""
        ...

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """The pixels of a box at full resolution; clipped to the image, at least 1×1, writable."""
        ...


@runtime_checkable
class LumaImage(Protocol):
    """An image whose brightness is had without a conversion of its colors."""

    def luma(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """The luma of the whole image as means of areas, (height, width), ignoring the aspect ratio."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of one camera.

    Attributes:
        camera_id: the camera.
        stream_id: identifies an uninterrupted session of that camera: for a file a digest of its content (the same
            on every run), for a live stream the wall-clock milliseconds of the connection. Part of every event id.
        index: position among the decoded frames of the stream, from 0, including frames that are not analyzed.
        pts_s: seconds since the first frame of the stream; never decreases, even if the container's clock jumps.
        ts_ms: wall-clock time of the frame, milliseconds since 1970 UTC.
        arrived_s: `time.monotonic()` after decoding, for lag.
        image: the pixels.
        damaged: whether parts of the image are concealed, because data of this frame or of one that it was predicted
            from did not arrive.
    """

    camera_id: str
    stream_id: str
    index: int
    pts_s: float
    ts_ms: int
    arrived_s: float
    image: Image
    damaged: bool = False
