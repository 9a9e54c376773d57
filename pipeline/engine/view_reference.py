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
    match_views,
    view_pattern,
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


@dataclass(slots=True)
class MeanView:
    """Mean directions of a view over some samples: edges stay, what moves disappears.

    Attributes:
        total: sum of the directions; samples: how many.
    """

    total: Directions = field(default_factory=lambda: np.zeros(VIEW_PX[::-1], np.complex64))
    samples: int = 0

    def add(self, pattern: ViewPattern) -> None:
        """One more sample."""
        self.total += pattern.directions
        self.samples += 1

    def directions(self) -> Directions:
        """The mean; edges that were hardly ever there are none."""
        mean = self.total / max(1, self.samples)
        return np.where(np.abs(mean) >= _LEAST_MEAN, mean, np.complex64(0)).astype(np.complex64)


@dataclass(slots=True)
class LearnedView:
    """Samples of a view that becomes a reference. A sample takes megabytes, so drop them once it has.

    Attributes:
        mean: of all samples; newest: the last ones.
    """

    mean: MeanView = field(default_factory=MeanView)
    newest: deque[ViewPattern] = field(default_factory=lambda: deque(maxlen=LEAST_SAMPLES))

    def add(self, pattern: ViewPattern) -> None:
        """One more sample."""
        self.mean.add(pattern)
        self.newest.append(pattern)


@dataclass(frozen=True, slots=True)
class Light:
    """One appearance of a view.

    Attributes:
        pattern: its edges; offset: where it lies within the view that was confirmed.
    """

    pattern: ViewPattern
    offset: Transform = NO_MOVEMENT


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
        self._first = MeanView(lights[0].pattern.directions * samples, samples)
        self._newest = 0
        self._pending = MeanView()
        self._pending_offsets: list[Transform] = []

    @classmethod
    def of_view(cls, learned: LearnedView) -> ViewReference | None:
        """That of the samples of a view; None where they show too little to be recognized, or move."""
        mean, newest = learned.mean, learned.newest
        found = cls([Light(ViewPattern(mean.directions(), newest[-1].stretch))], mean.samples)
        places = [found.match(pattern).transform for pattern in newest]
        matched = sum(place is not None and place.excess(_STEADY) < 1 for place in places)
        return found if matched >= _LEAST_MATCHED else None

    @classmethod
    def of_images(cls, images: Iterable[Image], excluded: Sequence[Polygon]) -> ViewReference | None:
        """That of images of some seconds; None where they show too little, or where the view moves.

        Args:
            images: upright, with privacy masks; excluded: the masks, and areas with captions.
        """
        compared, learned = compared_pixels(excluded), LearnedView()
        for image in images:
            learned.add(view_pattern(image, compared))
        return cls.of_view(learned) if learned.newest else None

    def match(self, pattern: ViewPattern) -> ViewMatch:
        """Where a view lies within the confirmed one, by the light that fits it best."""
        best = ViewMatch(None, 0, 0)
        order = sorted(range(len(self.lights)), key=lambda number: number != self._newest)
        for number in order:
            light = self.lights[number]
            found = match_views(pattern, light.pattern)
            if found.transform is not None and (best.transform is None or found.areas > best.areas):
                self._newest = number
                best = ViewMatch(found.transform.after(light.offset), found.areas, found.compared)
            elif best.transform is None:
                best = ViewMatch(None, 0, max(best.compared, found.compared))
            if best.areas >= _WELL_MATCHED * best.compared and best.areas:
                break
        return best

    def learn(self, pattern: ViewPattern, match: ViewMatch) -> bool:
        """Refine the reference by a sample of the confirmed view; whether there is something new to store.

        Args:
            pattern: the sample; match: where it lies, within the limits.
        """
        if match.transform is None or not match.areas:
            return False
        if self._first.samples < _MOST_SAMPLES:
            return match.transform.excess(_STEADY) <= _STILL and self._refine(pattern)
        if match.areas >= _WELL_MATCHED * match.compared:
            self._pending, self._pending_offsets = MeanView(), []
            return False
        self._pending.add(pattern)
        self._pending_offsets.append(match.transform)
        if self._pending.samples < _LIGHT_SAMPLES:
            return False
        self._add_light(pattern.stretch)
        return True

    def _refine(self, pattern: ViewPattern) -> bool:
        """Add a sample to the confirmed light; whether it was renewed."""
        self._first.add(pattern)
        if self._first.samples not in (2 * LEAST_SAMPLES, _MOST_SAMPLES):
            return False
        self.lights[0] = Light(ViewPattern(self._first.directions(), pattern.stretch))
        return True

    def _add_light(self, stretch: float) -> None:
        values = np.array([(one.x, one.y, one.zoom, one.turn) for one in self._pending_offsets])
        offset = Transform(*map(float, np.median(values, axis=0)))
        new = Light(ViewPattern(self._pending.directions(), stretch), offset)
        self._pending, self._pending_offsets = MeanView(), []
        if len(self.lights) >= MOST_LIGHTS:
            del self.lights[1]  # the oldest but the confirmed one
        self.lights.append(new)
        self._newest = len(self.lights) - 1

    def as_bytes(self) -> bytes:
        """What is stored of it."""
        directions = np.stack([light.pattern.directions for light in self.lights])
        parts = np.stack([directions.real, directions.imag], axis=1)
        offsets = [(one.offset.x, one.offset.y, one.offset.zoom, one.offset.turn) for one in self.lights]
        target = io.BytesIO()
        np.savez_compressed(
            target,
            directions=np.round(parts * _SCALE).astype(np.int8),
            offsets=np.array(offsets, np.float64),
            stretch=np.array(self.lights[0].pattern.stretch),
            samples=np.array(self._first.samples),
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
                parts = stored["directions"].astype(np.float32) / _SCALE
                offsets, stretch = stored["offsets"], float(stored["stretch"])
                samples = int(stored["samples"])
        except (OSError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise ValueError(f"no reference of a view ({type(error).__name__})") from error
        if parts.shape[1:] != (2, *VIEW_PX[::-1]) or not 0 < len(parts) == len(offsets) <= MOST_LIGHTS or samples < 1:
            raise ValueError("no reference of a view (shape)")
        lights = [
            Light(ViewPattern(_complex(part), stretch), Transform(*map(float, offset)))
            for part, offset in zip(parts, offsets, strict=True)
        ]
        return cls(lights, samples)


def _complex(parts: npt.NDArray[np.float32]) -> Directions:
    return np.asarray(parts[0] + 1j * parts[1], np.complex64)
