"""Reference of a confirmed view: its edges in several lights, and how it is learned.

What is stored of a view is the mean direction of each edge over time, of 320 × 180 pixels and one byte per component.
There is no brightness and no color in it; what moves is averaged away.
"""

from __future__ import annotations

import io
import zipfile
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.frame import Image
from pipeline.domain.polygon import Polygon
from pipeline.engine.view_shift import (
    NO_MOVEMENT,
    VIEW_PX,
    Directions,
    Transform,
    ViewMatch,
    ViewPattern,
    compared_pixels,
    edge_directions,
    match_views,
    view_luma,
    view_stretch,
)

LEAST_SAMPLES: Final = 10
"""Samples of which a reference is made: five seconds."""
_MOST_SAMPLES: Final = 120
"""Samples by which it is refined."""
MOST_LIGHTS: Final = 8
"""Appearances of one view that are stored: by day, at night, dusk, wet."""
_LIGHT_SAMPLES: Final = 120
"""Samples, a minute, of which a further appearance is made."""
_WELL_MATCHED: Final = 0.6
"""Share of areas that agree, above which an appearance is the known one."""
_STEADY: Final = Transform(x=0.01, zoom=0.015, turn=0.75)
"""Movement within the samples of a reference up to which they show one view."""
_LEAST_MEAN: Final = 0.15
"""Length of a mean direction below which it is what noise and passing vehicles leave."""
_LEAST_MATCHED: Final = 9
"""Samples, of `LEAST_SAMPLES`, that match their mean, or the view has too few edges to be recognized by them."""
_STILL: Final = 0.3
"""Share of the limits of `_STEADY` up to which a sample refines the confirmed view itself."""
_SCALE: Final = 127.0

Edges = npt.NDArray[np.int8]
"""(2, h, w) int8 of `VIEW_PX`: directions, their real and their imaginary part in 127ths."""


def packed(directions: Directions) -> Edges:
    """Directions in a quarter of the memory, and a quarter of that again on disk."""
    return np.round(np.stack([directions.real, directions.imag]) * _SCALE).astype(np.int8)


def unpacked(edges: Edges) -> Directions:
    """The directions of which `packed` made these edges."""
    directions = np.empty(edges.shape[1:], np.complex64)
    directions.real, directions.imag = edges.astype(np.float32) / _SCALE
    return directions


@dataclass(slots=True)
class MeanView:
    """Mean directions of a view over some samples: edges stay, what moves disappears.

    Attributes:
        total: sum of the directions; None before the first sample. samples: how many.
    """

    total: Directions | None = None
    samples: int = 0

    def add(self, directions: Directions) -> None:
        """One more sample."""
        self.total = directions.copy() if self.total is None else self.total + directions
        self.samples += 1

    def edges(self) -> Edges:
        """The mean; edges that were hardly ever there are none."""
        if self.total is None:
            raise ValueError("no sample was added")
        mean = self.total / self.samples
        return packed(np.where(np.abs(mean) >= _LEAST_MEAN, mean, np.complex64(0)))


@dataclass(slots=True)
class LearnedView:
    """Samples of a view that becomes a reference; about a megabyte and a half.

    Attributes:
        mean: of all samples; newest: the last ones; stretch: see `ViewPattern`.
    """

    mean: MeanView = field(default_factory=MeanView)
    newest: deque[Edges] = field(default_factory=lambda: deque(maxlen=LEAST_SAMPLES))
    stretch: float = 1.0

    def add(self, directions: Directions, stretch: float) -> None:
        """One more sample."""
        self.mean.add(directions)
        self.newest.append(packed(directions))
        self.stretch = stretch


@dataclass(frozen=True, slots=True)
class Light:
    """One appearance of a view.

    Attributes:
        edges: what is stored of it; stretch: see `ViewPattern`.
        offset: where it lies within the view that was confirmed.
    """

    edges: Edges
    stretch: float
    offset: Transform = NO_MOVEMENT

    def pattern(self) -> ViewPattern:
        """It as it is compared; made anew each time."""
        return ViewPattern(unpacked(self.edges), self.stretch)


class ViewReference:
    """The confirmed view of a camera. The first light is the confirmed one; the others carry their offset from it.

    A slow movement is not learned away: a light that was learned while the view had moved a little has that movement
    as its offset, and all that is measured against it counts from the confirmed view.

    Args:
        lights: appearances, the confirmed one first.
        samples: of which the first one was made.
    """

    def __init__(self, lights: Sequence[Light], samples: int = LEAST_SAMPLES) -> None:
        self.lights = list(lights)
        self.samples = samples
        self._first = MeanView(unpacked(lights[0].edges) * samples, samples) if samples < _MOST_SAMPLES else None
        self._best: tuple[Light, ViewPattern] | None = None
        self._pending = MeanView()
        self._pending_offsets: list[Transform] = []

    @classmethod
    def of_view(cls, learned: LearnedView) -> ViewReference | None:
        """That of the samples of a view; None where they show too little to be recognized, or move."""
        mean, newest = learned.mean, learned.newest
        found = cls([Light(mean.edges(), learned.stretch)], mean.samples)
        places = [found.match(Light(edges, learned.stretch).pattern()).transform for edges in newest]
        matched = sum(place is not None and place.excess(_STEADY) < 1 for place in places)
        return found if matched >= _LEAST_MATCHED else None

    @classmethod
    def of_images(
        cls, images: Iterable[Image], masks: Sequence[Polygon], ignored: Sequence[Polygon]
    ) -> ViewReference | None:
        """That of images of some seconds; None where they show too little, or where the view moves.

        Args:
            images: upright, with privacy masks; masks, ignored: see `compared_pixels`.
        """
        compared, learned = compared_pixels(masks, ignored), LearnedView()
        for image in images:
            learned.add(edge_directions(view_luma(image), compared), view_stretch(image))
        return cls.of_view(learned) if learned.newest else None

    def match(self, pattern: ViewPattern) -> ViewMatch:
        """Where a view lies within the confirmed one, by the light that fits it best."""
        best = ViewMatch(None, 0, 0)
        for light in sorted(self.lights, key=lambda light: not self._is_best(light)):
            known = self._pattern(light)
            found = match_views(pattern, known)
            if found.transform is not None and (best.transform is None or found.areas > best.areas):
                self._best = light, known
                best = ViewMatch(found.transform.after(light.offset), found.areas, found.compared)
            elif best.transform is None:
                best = ViewMatch(None, 0, max(best.compared, found.compared))
            if best.areas >= _WELL_MATCHED * best.compared and best.areas:
                break
        return best

    def patterns(self) -> list[ViewPattern]:
        """All lights as they are compared."""
        return [self._pattern(light) for light in self.lights]

    def _is_best(self, light: Light) -> bool:
        return self._best is not None and light is self._best[0]

    def _pattern(self, light: Light) -> ViewPattern:
        """Only that of the light that was last the best is retained: one takes eight times the memory of its edges."""
        return self._best[1] if self._best is not None and light is self._best[0] else light.pattern()

    def learn(self, directions: Directions, match: ViewMatch) -> bool:
        """Refine the reference by a sample of the confirmed view; whether there is something new to store.

        Args:
            directions: of the sample; match: where it lies, within the limits.
        """
        if match.transform is None or not match.areas:
            return False
        if self._first is not None:
            return match.transform.excess(_STEADY) <= _STILL and self._refine(self._first, directions)
        if match.areas >= _WELL_MATCHED * match.compared:
            self._pending, self._pending_offsets = MeanView(), []
            return False
        self._pending.add(directions)
        self._pending_offsets.append(match.transform)
        if self._pending.samples < _LIGHT_SAMPLES:
            return False
        self._add_light()
        return True

    def _refine(self, first: MeanView, directions: Directions) -> bool:
        """Add a sample to the confirmed light; whether it was renewed."""
        first.add(directions)
        self.samples = first.samples
        if self.samples not in (2 * LEAST_SAMPLES, _MOST_SAMPLES):
            return False
        self.lights[0] = Light(first.edges(), self.lights[0].stretch)
        if self.samples >= _MOST_SAMPLES:
            self._first = None
        return True

    def _add_light(self) -> None:
        values = np.array([(one.x, one.y, one.zoom, one.turn) for one in self._pending_offsets])
        offset = Transform(*map(float, np.median(values, axis=0)))
        new = Light(self._pending.edges(), self.lights[0].stretch, offset)
        self._pending, self._pending_offsets = MeanView(), []
        if len(self.lights) >= MOST_LIGHTS:
            del self.lights[1]  # the oldest but the confirmed one
        self.lights.append(new)
        self._best = new, new.pattern()

    def as_bytes(self) -> bytes:
        """What is stored of it."""
        offsets = [(one.offset.x, one.offset.y, one.offset.zoom, one.offset.turn) for one in self.lights]
        target = io.BytesIO()
        np.savez_compressed(
            target,
            directions=np.stack([light.edges for light in self.lights]),
            offsets=np.array(offsets, np.float64),
            stretch=np.array(self.lights[0].stretch),
            samples=np.array(self.samples),
        )
        return target.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> ViewReference:
        """The inverse of `as_bytes`.

        Raises:
            ValueError: it is none.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                edges = stored["directions"]
                offsets, stretch = stored["offsets"], float(stored["stretch"])
                samples = int(stored["samples"])
        except (OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"no reference of a view ({type(error).__name__})") from error
        fits = edges.shape[1:] == (2, *VIEW_PX[::-1]) and edges.dtype == np.int8
        if not fits or not 0 < len(edges) == len(offsets) <= MOST_LIGHTS or samples < 1:
            raise ValueError("no reference of a view (shape)")
        lights = [
            Light(each.copy(), stretch, Transform(*map(float, offset)))
            for each, offset in zip(edges, offsets, strict=True)
        ]
        return cls(lights, samples)
