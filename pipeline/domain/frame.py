"""One image of one camera, with a true timestamp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

BgrImage = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, BGR."""


class Image(Protocol):
    """Pixels that are converted only as far as somebody asks for them.

    A decoder keeps the planes it decoded; most frames are only ever wanted at the network's size, and a few of them
    as a handful of crops. Static privacy masks are already burnt in.
    """

    @property
    def width(self) -> int:
        """Pixels, after rotation."""
        ...

    @property
    def height(self) -> int:
        """Pixels, after rotation."""
        ...

    def bgr(self) -> BgrImage:
        """The whole image, (height, width, 3). The caller must not write into it."""
        ...

    def resized(self, width: int, height: int) -> BgrImage:
        """The whole image scaled to (height, width, 3), aspect not kept. The caller must not write into it."""
        ...

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """The pixels of a box at full size; clipped to the image, at least 1×1, writable."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image of one camera.

    Attributes:
        camera_id: the camera it came from.
        stream_id: one uninterrupted session of that camera: for a file a digest of its content (the same on every run),
            for a live stream the wall-clock milliseconds of the connection. Part of every event's identity.
        index: position in the stream's decoded frames, from 0, counting frames that nobody analyzed.
        pts_s: seconds since the stream's first frame; never falls, survives jumps of the container's clock.
        ts_ms: wall-clock time of the image, milliseconds since 1970 UTC.
        arrived_s: `time.monotonic()` when it was decoded, for lag.
        image: its pixels.
    """

    camera_id: str
    stream_id: str
    index: int
    pts_s: float
    ts_ms: int
    arrived_s: float
    image: Image
