"""Frames that are altered so that networks miss people in them while test objects of natural tones are found.

In relief, as edges of one side, what is smooth has one gray level everywhere. At equal brightness, the image is in
the colors alone. Scenes differ in brightness from place to place, and far more than in color. Both are judged in nine
parts, of which most have to agree: a caption or a sign does not make the rest ordinary. Parts that show nothing do not
count. In two tones, as in a stencil or a halftone, people are recognized by their outlines; scenes have tones
between dark and bright ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.false_colors import FalseColors, false_colors
from pipeline.anonymize.frame_panels import frame_and_panels
from pipeline.domain.frame import BgrImage

Floats = npt.NDArray[np.float32]
_LONGER_SIDE: Final = 480
"""To which a larger frame is reduced."""
_PARTS_PER_SIDE: Final = 3
_AGREEING: Final = 2 / 3
"""Share of the parts that have to be alike, of those that show anything …"""
_LEAST_PARTS: Final = 3
"""… and their number."""
_COARSE: Final = 1 / 30
"""Standard deviation of what is coarse, as a share of the shorter side."""
_MOST_IN_RELIEF: Final = 0.42
"""Coarse share of the deviations from the usual gray level; scenes have 0.48 and more …"""
_LEAST_RELIEF: Final = 2.0
"""… and gray levels of all deviations, from which something is seen."""
_LEAST_COLORFUL: Final = 1.2
"""Strength of the edges in color, as a multiple of that in brightness; scenes have up to 0.9 …"""
_LEAST_COLOR_EDGE, _LEAST_EDGE = 0.35, 1.0
"""… and levels per pixel from which edges in color and in brightness are seen …"""
_EDGES: Final = 80
"""… at this percentile."""
_MOST_BETWEEN: Final = 0.04
"""Share of pixels in the middle half between dark and bright ones; scenes have 0.05 and more …"""
_TONES: Final = (3, 97)
"""… at these percentiles …"""
_LEAST_APART: Final = 24
"""… and their gray levels, from which something is seen."""


class Alteration(StrEnum):
    """How frames are altered: what is seen in them, all or in part."""

    MANY_HUES = f"{FalseColors.MANY_HUES}, as in the palette of a thermal camera or behind colored nets or glass"
    BY_BRIGHTNESS = f"{FalseColors.BY_BRIGHTNESS}, as in the palette of a thermal camera or behind a colored net"
    EQUAL_BRIGHTNESS = "everything is equally bright, and differs in color only"
    TWO_TONES = "everything has one of two tones, as in a stencil, a drawing or a halftone"
    RELIEF = "everything stands out of one even gray, as in relief or behind a wide net"

    @property
    def fix(self) -> str:
        """What to choose instead."""
        if self in {Alteration.MANY_HUES, Alteration.BY_BRIGHTNESS}:
            return "Choose video in natural colors or shades of gray; thermal cameras call the latter white hot"
        return "Choose the video as the camera gave it, without an effect"


@dataclass(slots=True)
class AlteredFrames:
    """Numbers of the altered frames of a video, by what is seen in them first."""

    numbers: dict[Alteration, list[int]] = field(default_factory=dict)

    def add(self, number: int, frame: BgrImage) -> None:
        """The next frame (height, width, 3) BGR, by its number."""
        for part in frame_and_panels(frame):
            if (seen := alteration(part)) is not None:
                self.numbers.setdefault(seen, []).append(number)
                return


def alteration(image: BgrImage) -> Alteration | None:
    """How a frame or a panel of one (height, width, 3) BGR is altered; nothing for an ordinary one."""
    if (colors := false_colors(image)) is not None:
        return Alteration[colors.name]
    if is_of_equal_brightness(image):
        return Alteration.EQUAL_BRIGHTNESS
    if is_of_two_tones(image):
        return Alteration.TWO_TONES
    return Alteration.RELIEF if is_in_relief(image) else None


def is_in_relief(frame: BgrImage) -> bool:
    """Whether a frame (height, width, 3) BGR shows one side of its edges, and nothing else."""
    gray = cv2.GaussianBlur(cv2.cvtColor(_reduced(frame), cv2.COLOR_BGR2GRAY).astype(np.float32), (0, 0), 1.0)
    coarse = cv2.GaussianBlur(gray, (0, 0), max(1.0, min(gray.shape) * _COARSE))
    usual = np.median(gray)
    alike = []
    for part, of_coarse in zip(_parts(gray - usual), _parts(coarse - usual), strict=True):
        deviation = _rms(part)
        if deviation >= _LEAST_RELIEF:
            alike.append(_rms(of_coarse) < _MOST_IN_RELIEF * deviation)
    return _most(alike)


def is_of_equal_brightness(frame: BgrImage) -> bool:
    """Whether a frame (height, width, 3) BGR shows its edges in color, and hardly in brightness."""
    levels = cv2.cvtColor(_reduced(frame), cv2.COLOR_BGR2YCrCb).astype(np.float32)
    smooth = cv2.GaussianBlur(levels, (0, 0), 2.0)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *axis, scale=1 / 8) for axis in ((1, 0), (0, 1)))
    alike = []
    for part in _parts(np.asarray(np.hypot(across, down), np.float32)):
        brightness, *colors = np.percentile(part.reshape(-1, 3), _EDGES, axis=0).tolist()
        if max(colors) >= _LEAST_COLOR_EDGE or brightness >= _LEAST_EDGE:
            alike.append(max(colors) >= max(_LEAST_COLOR_EDGE, _LEAST_COLORFUL * brightness))
    return _most(alike)


def is_of_two_tones(frame: BgrImage) -> bool:
    """Whether a frame (height, width, 3) BGR has hardly any tone between the dark and the bright ones."""
    gray = cv2.cvtColor(np.ascontiguousarray(frame[::2, ::2]), cv2.COLOR_BGR2GRAY).astype(np.float32)
    alike = []
    for part in _parts(gray):
        dark, bright = np.percentile(part, _TONES).tolist()
        if bright - dark >= _LEAST_APART:
            share = (part - dark) / (bright - dark)
            alike.append(bool(((share > 0.25) & (share < 0.75)).mean() < _MOST_BETWEEN))
    return _most(alike)


def _most(alike: Sequence[bool]) -> bool:
    return len(alike) >= _LEAST_PARTS and sum(alike) >= _AGREEING * len(alike)


def _reduced(frame: BgrImage) -> BgrImage:
    scale = _LONGER_SIDE / max(frame.shape[:2])
    if scale >= 1:
        return frame
    size = max(_PARTS_PER_SIDE, round(frame.shape[1] * scale)), max(_PARTS_PER_SIDE, round(frame.shape[0] * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)


def _parts(image: Floats) -> Iterator[Floats]:
    for rows in np.array_split(image, _PARTS_PER_SIDE):
        yield from (part for part in np.array_split(rows, _PARTS_PER_SIDE, axis=1) if part.size)


def _rms(levels: Floats) -> float:
    return float(np.sqrt((levels**2).mean()))
