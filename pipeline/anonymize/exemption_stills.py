"""Still image of an exempted region for the person who confirms it: its begin, middle, end, and most unusual frame.

Everything outside the region is redacted; the region itself is unredacted, with an outline.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipeline.anonymize.exempted_appearance import cells_of, changed_cells
from pipeline.anonymize.manual_regions import Region
from pipeline.domain.frame import BgrImage
from pipeline.domain.video import EditableImage, Video, VideoFrame
from pipeline.errors import ReleaseError

_RED: Final = (40, 40, 220)
_LINE_SHARE: Final = 0.004
"""Thickness of the outline, as a share of the image's width."""
_TEXT_PX: Final = 30


@dataclass(frozen=True, slots=True)
class StillFrame:
    """A frame of a region's span, and its time in seconds from the first frame of the video."""

    at_s: float
    image: EditableImage


def frames_of_region(video: Video, region: Region) -> list[StillFrame]:
    """The first frame of a region's span, one in its middle, its last, and the one that differs most from the usual.

    Fewer of a short video, or where the most unusual one is one of the others.

    Raises:
        SourceError: the video cannot be read.
        ReleaseError: it has no frame in the span.
    """
    cells = [cells_of(frame.image.crop(*_box(video, region))) for _, frame in _within(video, region)]
    if not cells:
        raise ReleaseError(
            f"region {region.why!r}",
            f"lies from {region.begin_s:g} to {region.end_s:g} s, in which the video has no frame",
            "Request another exemption; seconds count from the first frame",
        )
    most_unusual = int(np.argmax(changed_cells(cells).mean(axis=(1, 2))))
    wanted = sorted({0, len(cells) // 2, len(cells) - 1, most_unusual})
    found = [
        StillFrame(at_s, frame.image) for number, (at_s, frame) in enumerate(_within(video, region)) if number in wanted
    ]
    if len(found) != len(wanted):
        raise ReleaseError("the source", "has changed while it was read", "Start again when no process writes to it")
    return found


def _within(video: Video, region: Region) -> Iterable[tuple[float, VideoFrame]]:
    """Frames of the span with their times."""
    begin = None
    for frame in video.frames():
        at_s = float(frame.pts * video.facts.time_base)
        begin = at_s if begin is None else begin
        if at_s - begin >= region.end_s:
            return
        if at_s - begin >= region.begin_s:
            yield at_s - begin, frame


def _box(video: Video, region: Region) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(value) for value in region.pixels(video.facts.width, video.facts.height))
    return left, top, max(left + 1, right), max(top + 1, bottom)


def exemption_still(frames: Sequence[StillFrame], redacted: Sequence[BgrImage], region: Region) -> BgrImage:
    """The frames below one another, the region unredacted in each.

    Args:
        frames: originals; redacted: the same, (height, width, 3) each.
        region: to show.
    """
    rows = []
    for frame, shown in zip(frames, redacted, strict=True):
        image = shown.copy()
        height, width = image.shape[:2]
        left, top, right, bottom = (int(value) for value in region.pixels(width, height))
        right, bottom = max(left + 1, right), max(top + 1, bottom)
        line = max(2, round(_LINE_SHARE * width))
        image[max(0, top - line) : bottom + line, max(0, left - line) : right + line] = _RED
        image[top:bottom, left:right] = frame.image.bgr()[top:bottom, left:right]
        text = np.zeros((_TEXT_PX, width, 3), np.uint8)
        cv2.putText(text, f"{frame.at_s:.1f} s", (8, _TEXT_PX - 9), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
        rows += [text, image]
    return np.concatenate(rows)
