"""Decisions of adaptive analysis about frames, with their reasons."""

from __future__ import annotations

from enum import StrEnum


class FrameDecision(StrEnum):
    """Whether the detector gets a frame, and why; the value is the reason in reports and metrics."""

    EVERY_FRAME = "every-frame"
    """Analyzed: adaptive analysis is off."""
    FIRST = "first"
    """Analyzed: the first frame of a session."""
    SCENE = "scene"
    """Analyzed: most of the image changed."""
    INTERVAL = "interval"
    """Analyzed: the maximum interval has passed."""
    NEW_TRACK = "new-track"
    """Analyzed: an object is not confirmed, or was not visible for long enough to count."""
    PLATE = "plate"
    """Analyzed: a plate that is large enough to be read is new, or not certain."""
    TRACK = "track"
    """Analyzed: a track may be lost otherwise."""
    MOTION = "motion"
    """Analyzed: something moves that no track explains."""
    STILL = "still"
    """Skipped: nothing is tracked, and nothing moves that was not analyzed before."""
    PREDICTED = "predicted"
    """Skipped: what moves is tracked, and its track predicts where it is."""

    @property
    def analyzes(self) -> bool:
        """Whether the detector gets the frame."""
        return self not in {FrameDecision.STILL, FrameDecision.PREDICTED}
