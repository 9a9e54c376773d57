"""Choices about one input that its file or stream does not state: which video track, and how the camera is mounted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.domain.video import Rotation


@dataclass(frozen=True, slots=True)
class InputOptions:
    """Options of one input.

    Attributes:
        rotate: degrees clockwise by which images are turned, after the rotation that the input itself declares.
        track: number of the video track, from 1; None for the first one, the others are named as not analyzed.
    """

    rotate: Rotation = 0
    track: int | None = None

    @property
    def turns(self) -> int:
        """`rotate` in quarter turns."""
        return self.rotate // 90


DEFAULT_INPUT: Final = InputOptions()
"""As the input declares it."""
