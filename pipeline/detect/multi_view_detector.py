"""A multi-view detector: one network on several views of each image, for releases.

One view is not enough. A network trained on objects of some size misses smaller and larger ones; cameras hang sideways
and upside down; rain hides people behind streaks; and an image may declare a pixel aspect that it does not have. Each
image is therefore searched whole at two sizes, large ones in tiles too, in the other three orientations, mirrored, as
a negative, around its small objects magnified, without streaks where it is grainy, in other shapes where its pixels may
be squeezed, and reduced for plates that fill it. For those who are masked by it, it is turned by further angles too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from pipeline.detect.build import build_detector
from pipeline.detect.image_views import (
    GRAIN,
    MirroredImage,
    NegativeImage,
    ObliqueImage,
    ReducedImage,
    ReshapedImage,
    TurnedImage,
    grain_of,
    reshaped_views,
    without_streaks,
)
from pipeline.detect.settings import DetectSettings
from pipeline.detect.zoom_tiles import ZoomTile, detail_tiles, zoom_tiles
from pipeline.domain.detections import Boxes, Detections, overlaps
from pipeline.domain.frame import Image
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
"""… which counts if no object of its label and of `CERTAIN_SCORE` overlaps it by this."""
REDUCED_SHARE: Final = 0.4
"""Share of a reduced view's width that the image takes."""
REDUCED_PX: Final = 320
"""Longer side of the image in it."""
REDUCED_SIZE: Final = 0.25
"""Least width or height, as a share of the image's, of an object that counts in the reduced view …"""
REDUCED_SCORE: Final = 0.3
"""… and its least score."""
OBLIQUE_DEGREES: Final = (30, 60, 120, 150, 210, 240, 300, 330)
"""Angles at which persons are searched for who lie obliquely: networks find those within some 15 degrees of upright."""
OBLIQUE_SCORE: Final = 0.2
"""Least score of a person in an oblique view, where a small one has 0.3 …"""
OBLIQUE_IOU: Final = 0.2
"""… and the overlap in it, whose boxes are the wider the more they are turned."""
CERTAIN_SCORE: Final = 0.25
"""Least score of the objects that decide how an image is turned or squeezed …"""
TURNED_RATIO: Final = 1.25
"""… and how much more of them there must be in another view than in the upright one."""


class MultiViewDetector:
    """One network on several views of each image; closes its networks.

    Args:
        base: runs at the network's own size.
        open_high_resolution: opens the one that runs at `HIGH_RESOLUTION_PX`, for the first image; gives None where the
            weights take one size only.
        base_px: longer side of the network's own size.
        oblique: search for persons at `OBLIQUE_DEGREES` too.
    """

    batch_size = 1

    def __init__(
        self,
        base: Detector,
        open_high_resolution: Callable[[], Detector | None],
        base_px: int,
        *,
        oblique: bool = False,
    ) -> None:
        self._oblique = OBLIQUE_DEGREES if oblique else ()
        self._base = base
        self._base_px = base_px
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
        upright = self._in_detail(image)
        clear = image
        if grain_of(image) >= GRAIN:
            clear = without_streaks(image)
            upright = merged(upright, self._in_detail(clear))
        turned = [TurnedImage(clear, turns) for turns in (1, 2, 3)]
        views: list[TurnedImage | NegativeImage | ReshapedImage] = [
            *turned,
            NegativeImage(clear),
            *reshaped_views(clear),
        ]
        detector, input_px = self._of_whole_views(image)
        others = [(view, self._found(detector, view)) for view in views]
        view, found = max(others, key=lambda each: certainty(each[1]))
        if certainty(found) > TURNED_RATIO * certainty(upright):
            found = merged(found, self._at_high_resolution(view))
            found = _mapped(self._with_variants(view, found), view)
            upright = with_extra(found, upright, image) if view in turned else merged(upright, found)
        else:
            upright = self._with_variants(clear, upright)
        for view, found in others:
            upright = with_extra(upright, _mapped(found, view), image)
        for degrees in self._oblique:
            oblique = ObliqueImage(clear, degrees, input_px)
            found = self._found(detector, oblique.image).labeled(Label.PERSON)
            upright = with_extra(upright, oblique.original(found), image, OBLIQUE_IOU, OBLIQUE_SCORE)
        return merged(upright, found_reduced(image, functools.partial(self._found, self._base)))

    def _of_whole_views(self, image: Image) -> tuple[Detector, int]:
        """The detector that searches a turned image as a whole, and its size: larger for an image searched in tiles."""
        if self._high_resolution is not None and detail_tiles(image, HIGH_RESOLUTION_PX):
            return self._high_resolution, HIGH_RESOLUTION_PX
        return self._base, self._base_px

    def _in_detail(self, image: Image) -> Detections:
        return merged(self._found(self._base, image), self._at_high_resolution(image))

    def _at_high_resolution(self, image: Image) -> Detections:
        """Objects in the whole image, and in tiles of one that is larger than the network's input."""
        largest, input_px = self._base, self._base_px
        whole = Detections.empty()
        if self._high_resolution is not None:
            largest, input_px = self._high_resolution, HIGH_RESOLUTION_PX
            whole = self._found(largest, image)
        return _single([whole, *self._in_tiles(largest, detail_tiles(image, input_px))])

    def _with_variants(self, image: Image, found: Detections) -> Detections:
        """What was found in an image, and what is found in it mirrored and magnified."""
        mirrored = MirroredImage(image)
        found = merged(found, _mapped(self._found(self._base, mirrored), mirrored))
        return _single([found, *self._in_tiles(self._base, zoom_tiles(image, found))])

    def _in_tiles(self, detector: Detector, tiles: Sequence[ZoomTile]) -> list[Detections]:
        """Objects in parts of an image, without those that a part's border cuts."""
        parts = []
        for tile in tiles:
            near = self._found(detector, tile.region)
            near = Detections(near.boxes + tile.offset, near.scores, near.labels)
            parts.append(near.select(tile.holds(near.boxes)))
        return parts

    def _found(self, detector: Detector | None, image: Image) -> Detections:
        return Detections.empty() if detector is None else detector.detect([image])[0]


def found_reduced(image: Image, search: Callable[[Image], Detections]) -> Detections:
    """Persons, faces and plates that take much of an image, found in it where it is reduced.

    Args:
        image: any; search: gives the detections of one view.
    """
    view = ReducedImage(image, REDUCED_SHARE, REDUCED_PX)
    found = view.original(search(view.image))
    sizes = (found.boxes[:, 2:] - found.boxes[:, :2]) / np.array([image.width, image.height])
    large = (sizes.max(axis=1, initial=0) >= REDUCED_SIZE) & (found.scores >= REDUCED_SCORE)
    return found.select(large).labeled(Label.PERSON, Label.FACE, Label.PLATE)


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


def with_extra(
    found: Detections, extra: Detections, image: Image, iou: float = EXTRA_IOU, score: float = EXTRA_SCORE
) -> Detections:
    """The detections of an image and the certain ones of an unusual view of it where it has none."""
    shares = (extra.boxes[:, 2:] - extra.boxes[:, :2]).prod(axis=1) / (image.width * image.height)
    extra = extra.select(extra.scores >= np.where(shares > LARGE_SHARE, LARGE_EXTRA_SCORE, score))
    if len(found) and len(extra):
        same = overlaps(extra.boxes, found.boxes) >= iou
        same &= (extra.labels[:, None] == found.labels[None]) & (found.scores >= CERTAIN_SCORE)[None]
        extra = extra.select(np.logical_not(same.any(axis=1)))
    return Detections.concatenate([found, extra])


def _single(parts: Iterable[Detections]) -> Detections:
    return functools.reduce(merged, parts)


def _mapped(found: Detections, view: TurnedImage | MirroredImage | NegativeImage | ReshapedImage) -> Detections:
    boxes: Boxes = view.to_parent(found.boxes)
    return Detections(boxes, found.scores, found.labels)


def certainty(found: Detections) -> float:
    """Sum of the certain scores of persons and vehicles."""
    return evidence(found.select(found.scores >= CERTAIN_SCORE))


def evidence(found: Detections) -> float:
    """Sum of the scores of persons and vehicles; faces and plates are found in textures of any orientation."""
    return float(found.scores[(found.labels != Label.FACE) & (found.labels != Label.PLATE)].sum())


def open_multi_view_detector(settings: DetectSettings, models_dir: Path | None, *, oblique: bool = False) -> Detector:
    """A multi-view detector; a plain one where the settings name a size.

    Args:
        settings, models_dir: see `build_detector`.
        oblique: see `MultiViewDetector`.

    Raises:
        ModelError, MissingComponent: see `build_detector`.
    """
    base = build_detector(settings, models_dir)
    return base if settings.input_size is not None else in_several_views(base, settings, models_dir, oblique=oblique)


def in_several_views(
    base: Detector, settings: DetectSettings, models_dir: Path | None, *, oblique: bool = False
) -> MultiViewDetector:
    """A detector on several views of each image; `base`, opened with these settings, belongs to it then.

    Raises:
        ModelError: see `build_detector`.
    """
    large = settings.model_copy(update={"input_size": (HIGH_RESOLUTION_PX, HIGH_RESOLUTION_PX)})
    shape = load_card(settings.model, models_dir).input

    def open_high_resolution() -> Detector | None:
        try:
            return build_detector(large, models_dir) if shape.resizable else None
        except ModelCardError:  # the weights take one size only, which their card does not say
            return None

    return MultiViewDetector(base, open_high_resolution, max(shape.width, shape.height), oblique=oblique)
