"""A multi-view detector: one network on several views of each image, for releases.

One view is not enough. A network trained on objects of some size misses smaller and larger ones; cameras hang sideways
and upside down; rain hides people behind streaks; and an image may declare a pixel aspect that it does not have. Each
image is therefore searched whole at two sizes, in the other three orientations, around its small objects magnified,
without streaks where it is grainy, and as stored where its pixels are not square.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.detect.build import build_detector
from pipeline.detect.image_views import GRAIN, TurnedImage, grain_of, without_streaks
from pipeline.detect.settings import DetectSettings
from pipeline.detect.zoom_tiles import zoom_tiles
from pipeline.domain.detections import Boxes, Detections, overlaps
from pipeline.domain.frame import BgrImage, Image
from pipeline.domain.labels import Label
from pipeline.domain.network_identity import NetworkIdentity
from pipeline.domain.ports import Detector
from pipeline.errors import ModelCardError
from pipeline.weights.catalog import load_card

HIGH_RESOLUTION_PX: Final = 1280
SAME_IOU: Final = 0.55
"""From which two boxes of one label are one object."""
EXTRA_SCORE: Final = 0.3
"""Least score of an object in a view that is not how the image seems to be, such as a turned one …"""
LARGE_EXTRA_SCORE: Final = 0.65
"""… at least this where it takes more than `LARGE_SHARE` of the image: textures turned upside down resemble faces …"""
LARGE_SHARE: Final = 0.03
EXTRA_IOU: Final = 0.3
"""… which counts if no object of its label overlaps it by this."""
CERTAIN_SCORE: Final = 0.25
"""Least score of the objects that decide how an image is turned …"""
TURNED_RATIO: Final = 1.25
"""… and how much more of them there must be in a turned view than in the upright one."""


@dataclass(frozen=True, slots=True, eq=False)
class _AsStored:
    """An image whose pixels are taken for square."""

    parent: Image
    sample_aspect: float = 1.0

    @property
    def width(self) -> int:
        return self.parent.width

    @property
    def height(self) -> int:
        return self.parent.height

    def bgr(self) -> BgrImage:
        return self.parent.bgr()

    def resized(self, width: int, height: int) -> BgrImage:
        return self.parent.resized(width, height)

    def crop(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        return self.parent.crop(x1, y1, x2, y2)


class MultiViewDetector:
    """One network on several views of each image; closes its networks.

    Args:
        base: runs at the network's own size.
        open_high_resolution: opens the one that runs at `HIGH_RESOLUTION_PX`, for the first image; gives None where the
            weights take one size only.
    """

    batch_size = 1

    def __init__(self, base: Detector, open_high_resolution: Callable[[], Detector | None]) -> None:
        self._base = base
        self._open_high_resolution: Callable[[], Detector | None] | None = open_high_resolution
        self._high_resolution: Detector | None = None

    @property
    def name(self) -> str:
        """Name of the model card."""
        return self._base.name

    @property
    def networks(self) -> tuple[NetworkIdentity, ...]:
        """The network."""
        return self._base.networks

    def detect(self, images: Sequence[Image]) -> list[Detections]:
        """The detections of all views of each image, in its own pixels."""
        if self._open_high_resolution is not None:
            self._high_resolution, self._open_high_resolution = self._open_high_resolution(), None
        return [self._in_all_views(image) for image in images]

    def close(self) -> None:
        """Give back memory and threads."""
        self._base.close()
        if self._high_resolution is not None:
            self._high_resolution.close()

    def _in_all_views(self, image: Image) -> Detections:
        upright = self._at_both_scales(image)
        clear = image
        if grain_of(image) >= GRAIN:
            clear = without_streaks(image)
            upright = merged(upright, self._at_both_scales(clear))
        turned = [(view, self._found(self._base, view)) for view in (TurnedImage(clear, turns) for turns in (1, 2, 3))]
        view, found = max(turned, key=lambda each: certainty(each[1]))
        if certainty(found) > TURNED_RATIO * certainty(upright):
            found = merged(found, self._found(self._high_resolution, view))
            found = merged(found, self._magnified(view, found))
            upright = merged(upright, _mapped(found, view))
        else:
            upright = merged(upright, self._magnified(clear, upright))
        for view, found in turned:
            upright = with_extra(upright, _mapped(found, view), image)
        if image.sample_aspect != 1:
            upright = with_extra(upright, self._found(self._base, _AsStored(clear)), image)
        return upright

    def _at_both_scales(self, image: Image) -> Detections:
        return merged(self._found(self._base, image), self._found(self._high_resolution, image))

    def _magnified(self, image: Image, found: Detections) -> Detections:
        """Objects in magnified parts of an image, without those that the part's border cuts."""
        parts = [Detections.empty()]
        for tile in zoom_tiles(image, found):
            near = self._found(self._base, tile.region)
            near = Detections(near.boxes + tile.offset, near.scores, near.labels)
            parts.append(near.select(tile.holds(near.boxes)))
        return _single(parts)

    def _found(self, detector: Detector | None, image: Image) -> Detections:
        return Detections.empty() if detector is None else detector.detect([image])[0]


def merged(first: Detections, second: Detections) -> Detections:
    """Both, each object once: of two boxes of one object, the one with the higher score."""
    if not len(first) or not len(second):
        return Detections.concatenate([first, second])
    same = overlaps(first.boxes, second.boxes) >= SAME_IOU
    same &= first.labels[:, None] == second.labels[None]
    second_is_higher = second.scores[None] > first.scores[:, None]
    from_first = np.logical_not((same & second_is_higher).any(axis=1))
    from_second = np.logical_not((same & ~second_is_higher).any(axis=0))
    return Detections.concatenate([first.select(from_first), second.select(from_second)])


def with_extra(found: Detections, extra: Detections, image: Image) -> Detections:
    """The detections of an image and the certain ones of an unusual view of it that lie elsewhere."""
    shares = (extra.boxes[:, 2:] - extra.boxes[:, :2]).prod(axis=1) / (image.width * image.height)
    extra = extra.select(extra.scores >= np.where(shares > LARGE_SHARE, LARGE_EXTRA_SCORE, EXTRA_SCORE))
    if len(found) and len(extra):
        same = overlaps(extra.boxes, found.boxes) >= EXTRA_IOU
        same &= extra.labels[:, None] == found.labels[None]
        extra = extra.select(np.logical_not(same.any(axis=1)))
    return Detections.concatenate([found, extra])


def _single(parts: Sequence[Detections]) -> Detections:
    found = parts[0]
    for part in parts[1:]:
        found = merged(found, part)
    return found


def _mapped(found: Detections, view: TurnedImage) -> Detections:
    boxes: Boxes = view.to_parent(found.boxes)
    return Detections(boxes, found.scores, found.labels)


def certainty(found: Detections) -> float:
    """Sum of the certain scores of persons and vehicles."""
    return evidence(found.select(found.scores >= CERTAIN_SCORE))


def evidence(found: Detections) -> float:
    """Sum of the scores of persons and vehicles; faces and plates are found in textures of any orientation."""
    return float(found.scores[(found.labels != Label.FACE) & (found.labels != Label.PLATE)].sum())


def open_multi_view_detector(settings: DetectSettings, models_dir: Path | None) -> Detector:
    """A multi-view detector; a plain one where the settings name a size.

    Raises:
        ModelError, MissingComponent: see `build_detector`.
    """
    base = build_detector(settings, models_dir)
    return base if settings.input_size is not None else in_several_views(base, settings, models_dir)


def in_several_views(base: Detector, settings: DetectSettings, models_dir: Path | None) -> MultiViewDetector:
    """A detector on several views of each image; `base`, opened with these settings, belongs to it then.

    Raises:
        ModelError: see `build_detector`.
    """
    large = settings.model_copy(update={"input_size": (HIGH_RESOLUTION_PX, HIGH_RESOLUTION_PX)})
    resizable = load_card(settings.model, models_dir).input.resizable

    def open_high_resolution() -> Detector | None:
        try:
            return build_detector(large, models_dir) if resizable else None
        except ModelCardError:  # the weights take one size only, which their card does not say
            return None

    return MultiViewDetector(base, open_high_resolution)
