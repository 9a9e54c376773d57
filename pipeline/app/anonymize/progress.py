"""Progress and warnings of a redaction, for a terminal, a console or a test."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """A pass over all frames of the video; verification may repeat `RENDER` and `VERIFY`."""

    DETECT = "detect"
    """Detection in the original."""
    RENDER = "render"
    """Masks, overlay and encoding."""
    VERIFY = "verify"
    """Verification detectors on the redacted video."""
    ATTACK = "attack"
    """Attacks on the redacted video, beside the original."""


class Progress(Protocol):
    """Receives the progress of a redaction."""

    def start(self, stages: Sequence[Stage], frames: int | None) -> None:
        """The stages to come, and the expected number of frames where the container knows it."""
        ...

    def begin_round(self, number: int, most: int) -> None:
        """Rendering and verification begin, for the `number`-th time, from 1, of at most `most`."""
        ...

    def advance(self, stage: Stage, frames: int) -> None:
        """So many frames of a stage are done."""
        ...

    def warn(self, subject: str, message: str) -> None:
        """A condition that does not stop the redaction: a keyword, and a sentence about it."""
        ...


class Silent:
    """A `Progress` that discards everything."""

    def start(self, stages: Sequence[Stage], frames: int | None) -> None:
        """Do nothing."""

    def begin_round(self, number: int, most: int) -> None:
        """Do nothing."""

    def advance(self, stage: Stage, frames: int) -> None:
        """Do nothing."""

    def warn(self, subject: str, message: str) -> None:
        """Do nothing."""
