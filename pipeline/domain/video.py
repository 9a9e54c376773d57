"""Videos for redaction: every frame with its exact time, as planes that can be drawn on and encoded again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import Image

Rotation: TypeAlias = Literal[0, 90, 180, 270]
"""Degrees clockwise by which an image is turned to be upright."""


class Planes(NamedTuple):
    """An image as 4:2:0 planes of 8 bits, upright: `y` (h, w), `u` and `v` (ceil(h/2), ceil(w/2)) uint8."""

    y: npt.NDArray[np.uint8]
    u: npt.NDArray[np.uint8]
    v: npt.NDArray[np.uint8]


class EditableImage(Image, Protocol):
    """An image that can be drawn on and encoded again."""

    def planes(self) -> Planes:
        """A copy of the upright image, owned by the caller."""
        ...


@dataclass(frozen=True, slots=True)
class Tags:
    """Color description of a video: code points of ITU-T H.273, and True for luma from 0 to 255."""

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool = False


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Size, time base and colors of a video.

    Attributes:
        width, height: pixels of the upright image.
        time_base: seconds of one step of `VideoFrame.pts`.
        rate: frames per second, as the container has it; a video may still be of variable rate.
        sample_aspect: width of one upright pixel over its height; 1 by default.
        duration_s: length; None where it is unknown.
        tags: colors.
    """

    width: int
    height: int
    time_base: Fraction
    rate: Fraction
    sample_aspect: Fraction = Fraction(1)
    duration_s: float | None = None
    tags: Tags = Tags()


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """One frame of a video.

    Attributes:
        index: from 0, over all decoded frames.
        pts: its time in steps of `VideoInfo.time_base`; rises from frame to frame.
        image: its pixels, upright, privacy masks burnt in.
    """

    index: int
    pts: int
    image: EditableImage


class Video(Protocol):
    """A video that can be decoded from its beginning any number of times."""

    @property
    def facts(self) -> VideoInfo:
        """Size, time base and colors."""
        ...

    @property
    def damaged(self) -> int:
        """Packets and frames that the last pass could not decode."""
        ...

    def frames(self) -> Generator[VideoFrame, None, None]:
        """Every frame from the first; the same ones in each pass.

        Raises:
            SourceError: it cannot be read (any further).
        """
        ...
