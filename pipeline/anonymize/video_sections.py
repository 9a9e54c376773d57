"""Sections of a video by scene and visibility of objects, and the frames that represent each of them.

Frames between evenly spaced samples may show anything: another preset of a camera's tour, rain on the lens, blinds.
So every frame is measured, and each section is represented by the frame in which objects are hardest to see.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np

from pipeline.anonymize.bent_edges import NO_BOXES, Boxes
from pipeline.anonymize.canary import typical_levels
from pipeline.anonymize.frame_disturbance import most_disturbed_part
from pipeline.domain.frame import BgrImage

_FAINT, _DARK = 12.0, 4.0
"""Gray levels between black and white objects in a typical part of a frame; with less, it is faint or dark."""
_BLANK_LEVELS: Final = 5
"""Levels of each color of a whole frame in which no person sees anything either."""
_BLANK_PX: Final = 160
"""Width at which they are counted: noise averages out, and a small person remains."""
_BASE_NOISE: Final = 3.0
"""Gray levels added to measured noise: of two frames without noise, the one of less contrast is harder to see."""
_SHARES: Final = 16
"""Of a frame, that a mesh hides; frames in which it hides twice as many are not alike."""
_ORDINARY: Final = 0.06
"""Noise as a share of the contrast, up to which frames are alike; above, a class ends at each doubling."""


class Visibility(StrEnum):
    """Kinds of frames, by how objects in them are seen."""

    BLANK = "blank"
    """Black or uniform: there is nothing to see."""
    DARK = "dark"
    """Nothing is found, though a brighter copy may show something."""
    FAINT = "faint"
    """Of little contrast, as for an instant in a fade."""
    PATTERN = "pattern"
    """Broken into strips, in whole or in part, behind a mesh, or bent."""
    BENT_PART = "bent-part"
    """Bent in a part only."""
    NOISE = "noise"
    """Clear frames have the least of it."""


@dataclass(frozen=True, slots=True)
class FrameVisibility:
    """Visibility of objects in one frame.

    Attributes:
        kind: of the frame.
        degrees: of the kind, coarse: thickness of strips, grain and amount of noise. Equal ones are alike.
        difficulty: noise as a share of the contrast; the larger, the harder objects are to see.
    """

    kind: Visibility
    degrees: tuple[int, ...]
    difficulty: float

    @property
    def alike(self) -> tuple[Visibility, tuple[int, ...]]:
        """Equal for frames of which the most difficult one represents all."""
        return self.kind, self.degrees


@dataclass(slots=True)
class VideoSection:
    """Frames of one scene that are alike.

    Attributes:
        visibility: of its most difficult frame.
        worst: number of that frame.
        first, last: numbers of its outermost frames.
        frames: how many it has.
    """

    visibility: FrameVisibility
    worst: int
    first: int
    last: int
    frames: int = 1

    def add(self, number: int, visibility: FrameVisibility) -> None:
        """Add a later frame."""
        if visibility.difficulty > self.visibility.difficulty:
            self.visibility, self.worst = visibility, number
        self.last = number
        self.frames += 1


def frame_visibility(frame: BgrImage, recognized: Boxes = NO_BOXES) -> FrameVisibility:
    """Visibility of objects in a frame.

    Args:
        frame: (height, width, 3) BGR.
        recognized: (n, 4) xyxy, objects in it that networks see clearly.
    """
    if _is_blank(frame):
        return FrameVisibility(Visibility.BLANK, (), 0.0)
    black, white = typical_levels(frame)
    contrast = white - black
    if contrast < _DARK:
        return FrameVisibility(Visibility.DARK, (), _DARK - contrast)
    part = most_disturbed_part(frame, recognized)
    found = part.disturbance
    difficulty = (found.noise + _BASE_NOISE) / contrast
    amount = _octave(difficulty / _ORDINARY)
    grain = (found.grain_px, int(found.smooth)) if amount else ()
    strips = (_octave(found.row_px), _octave(found.column_px))
    mesh_share = 0 if found.mesh is None else float(found.mesh.mean())
    hidden = (_octave(found.bend.period_px), _octave(found.bend.amplitude_px), _octave(_SHARES * mesh_share))
    kind = Visibility.PATTERN if found.has_pattern else Visibility.NOISE
    if found.bend.period_px and not part.is_whole(frame):
        kind = Visibility.BENT_PART
    return FrameVisibility(
        Visibility.FAINT if contrast < _FAINT else kind, (amount, *strips, *hidden, *grain), difficulty
    )


class VideoSections:
    """Collects the sections of a video, frame by frame; `sections` are in the order of their first frames."""

    def __init__(self) -> None:
        self.sections: list[VideoSection] = []
        self._numbers: dict[tuple[Hashable, object], int] = {}

    def add(self, number: int, scene: Hashable, visibility: FrameVisibility) -> int:
        """Add the next frame of the video, which belongs to that scene; gives the number of its section."""
        section = self._numbers.setdefault((scene, visibility.alike), len(self.sections))
        if section == len(self.sections):
            self.sections.append(VideoSection(visibility, number, number, number))
        else:
            self.sections[section].add(number, visibility)
        return section


def representative_sections(sections: Sequence[VideoSection], most: int) -> Sequence[VideoSection]:
    """Of many sections, about `most` to be tested.

    The most difficult one of all that are alike is always among them, so that every other one is alike and easier.
    """
    if len(sections) <= most:
        return sections
    by_difficulty = sorted(sections, key=lambda section: -section.visibility.difficulty)
    hardest: dict[object, VideoSection] = {}
    for section in by_difficulty:
        hardest.setdefault(section.visibility.alike, section)
    chosen = list(hardest.values())
    others = [section for section in by_difficulty if section not in chosen]
    return sorted([*chosen, *others[: max(0, most - len(chosen))]], key=lambda section: section.first)


def _octave(value: float) -> int:
    return math.floor(math.log2(value)) + 1 if value >= 1 else 0


def _is_blank(frame: BgrImage) -> bool:
    height, width = frame.shape[:2]
    size = min(width, _BLANK_PX), max(1, height * min(width, _BLANK_PX) // width)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    return bool(np.ptp(small, axis=(0, 1)).max() <= _BLANK_LEVELS)
