"""Probes of a video's frames in further views, to decide whether one view of each frame suffices.

One frame in a hundred, the one with the most evidence of people and vehicles, is also searched turned to the other
sides, as a negative, and without streaks where it is grainy. Where another view shows clearly more than the upright
one, the camera hangs sideways or rain hides the street, and what one view showed says nothing about what is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.detect.image_views import GRAIN, NegativeImage, TurnedImage, grain_of, without_streaks
from pipeline.detect.multi_view_detector import TURNED_RATIO, certainty, evidence
from pipeline.domain.detections import Detections
from pipeline.domain.frame import Image

BLOCK_FRAMES: Final = 100
"""One of so many frames is probed: four to six searches more per hundred."""
CLEAR_EVIDENCE: Final = 0.5
"""Sum of certain scores from which a view is known to show something, and by which another one must show more. Of 346
frames of clips and photographs that were upright and dry, two showed so much more in another view: cars from above."""


class Doubt(StrEnum):
    """Why one view of a frame does not suffice."""

    TURNED_90 = "upright with --rotate 90"
    TURNED_180 = "upright with --rotate 180"
    TURNED_270 = "upright with --rotate 270"
    NEGATIVE = "clear as a negative"
    STREAKS = "hidden by rain, snow or noise"


_TURNED: Final = {1: Doubt.TURNED_90, 2: Doubt.TURNED_180, 3: Doubt.TURNED_270}


@dataclass(frozen=True, slots=True)
class DoubtfulSpan:
    """Consecutive frames, from `first` to `last`, for which one view does not suffice."""

    first: int
    last: int
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class _Block:
    """Probed frames; `clear`: one view suffices. Without that and without a doubt, no view shows anything."""

    first: int
    last: int
    doubt: Doubt | None
    clear: bool


class ViewProbe:
    """Collects frames with their detections, and probes one per block; a block ends at a scene change.

    Args:
        search: finds the objects of one view, by the detector that the frames were searched with.
    """

    def __init__(self, search: Callable[[Image], Detections]) -> None:
        self._search = search
        self._blocks: list[_Block] = []
        self._frames = 0
        self._first = 0
        self._scene = 0
        self._best: tuple[float, Image, Detections] | None = None

    def add(self, image: Image, found: Detections, scene: int) -> None:
        """The next frame, its detections, and the number of its scene."""
        if self._frames - self._first >= BLOCK_FRAMES or scene != self._scene:
            self._finish_block()
        self._scene = scene
        shown = evidence(found)
        if self._best is None or shown > self._best[0]:
            self._best = shown, image, found
        self._frames += 1

    def doubtful_spans(self) -> list[DoubtfulSpan]:
        """The frames to be searched in several views, in order; call it after the last frame.

        A block in which no view shows anything is as doubtful as the nearest ones that do show something.
        """
        self._finish_block()
        spans: list[DoubtfulSpan] = []
        for position, block in enumerate(self._blocks):
            doubt = block.doubt if block.doubt or block.clear else self._inherited(position)
            if doubt is None:
                continue
            if spans and spans[-1].last == block.first - 1 and spans[-1].doubt is doubt:
                spans[-1] = DoubtfulSpan(spans[-1].first, block.last, doubt)
            else:
                spans.append(DoubtfulSpan(block.first, block.last, doubt))
        return spans

    def _inherited(self, position: int) -> Doubt | None:
        nearest = (_first_decided(self._blocks[position + 1 :]), _first_decided(reversed(self._blocks[:position])))
        return next((block.doubt for block in nearest if block and block.doubt), None)

    def _finish_block(self) -> None:
        if self._best is None:
            return
        _, image, found = self._best
        doubt, clear = self._probe(image, found)
        self._blocks.append(_Block(self._first, self._frames - 1, doubt, clear))
        self._first, self._best = self._frames, None

    def _probe(self, image: Image, found: Detections) -> tuple[Doubt | None, bool]:
        """The doubt about a frame, and whether one view suffices."""
        upright = certainty(found)
        grainy = grain_of(image) >= GRAIN
        other_views: dict[Doubt, Image] = {}
        if grainy:
            image = other_views[Doubt.STREAKS] = without_streaks(image)
        other_views |= {doubt: TurnedImage(image, turns) for turns, doubt in _TURNED.items()}
        other_views[Doubt.NEGATIVE] = NegativeImage(image)
        shown = {doubt: certainty(self._search(view)) for doubt, view in other_views.items()}
        best = max(shown, key=lambda doubt: shown[doubt])
        if shown[best] > TURNED_RATIO * upright and shown[best] - upright >= CLEAR_EVIDENCE:
            return best, False
        clear = upright >= CLEAR_EVIDENCE
        return (Doubt.STREAKS if grainy and not clear else None), clear


def _first_decided(blocks: Sequence[_Block] | Iterator[_Block]) -> _Block | None:
    return next((block for block in blocks if block.doubt or block.clear), None)
