"""Tiles of an image: around its small objects, to be magnified, and over all of a large image, to be reduced less."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from pipeline.detect.image_region import ImageRegion
from pipeline.domain.detections import Boxes, Detections
from pipeline.domain.frame import Image
from pipeline.domain.labels import Label

MAX_TILES: Final = 4
"""Of one image, those with the most small objects."""
_WIDTH: Final = 0.4
"""Of a tile, as a share of the image's longer side …"""
_SHAPE: Final = 0.6
"""… and its height as a share of its width, so that it fills the input of a wide video."""
_SMALL: Final = 0.15
"""Longer side of a small object, as a share of the image's."""
_CANDIDATES: Final = frozenset(Label) - {Label.FACE, Label.PLATE}
MAX_REDUCTION: Final = 1.5
"""Pixels of the image per pixel of a network's input, down to which every part of an image is searched."""
_OVERLAP: Final = 0.05
"""Of neighboring tiles of a large image, as a share of its longer side; larger objects are large in the whole image."""
_BORDER: Final = 0.02
"""Objects nearer to a tile's border than this share of its width are cut."""


@dataclass(frozen=True, slots=True, eq=False)
class ZoomTile:
    """A part of an image."""

    region: ImageRegion

    @property
    def offset(self) -> npt.NDArray[np.float32]:
        """(4,) of the part's pixels in the image."""
        return np.array([self.region.x1, self.region.y1] * 2, np.float32)

    def holds(self, boxes: Boxes) -> npt.NDArray[np.bool_]:
        """(n,) whether the tile's border cuts none of the boxes (n, 4), in pixels of the image; its edges cut none."""
        part, whole = self.region, self.region.parent
        near = _BORDER * part.width
        low = np.array([part.x1 + near if part.x1 else 0, part.y1 + near if part.y1 else 0])
        high = np.array([
            part.x2 - near if part.x2 < whole.width else whole.width,
            part.y2 - near if part.y2 < whole.height else whole.height,
        ])  # fmt: skip
        return np.asarray((boxes[:, :2] >= low).all(axis=1) & (boxes[:, 2:] <= high).all(axis=1))


def zoom_tiles(image: Image, found: Detections) -> list[ZoomTile]:
    """At most `MAX_TILES` tiles that hold the centers of as many small persons and vehicles as possible."""
    aspect = image.sample_aspect
    longer = max(image.width * aspect, image.height)
    width = min(image.width, max(1, round(_WIDTH * longer / aspect)))
    height = min(image.height, max(1, round(_WIDTH * _SHAPE * longer)))
    sizes = ((found.boxes[:, 2:] - found.boxes[:, :2]) * np.array([aspect, 1.0])).max(axis=1, initial=0.0)
    small = (sizes < _SMALL * longer) & np.isin(found.labels, [int(label) for label in _CANDIDATES])
    centers = ((found.boxes[small, :2] + found.boxes[small, 2:]) / 2).astype(np.float32)
    corners = _densest(centers, width, height, image)
    return [ZoomTile(ImageRegion(image, x, y, x + width, y + height)) for x, y in corners]


def detail_tiles(image: Image, input_px: int) -> list[ZoomTile]:
    """Overlapping tiles of all of an image, none of which is reduced by more than `MAX_REDUCTION`; none if it is not.

    Args:
        image: of any size.
        input_px: longer side of the network's input.
    """
    limit = MAX_REDUCTION * input_px
    square = image.width * image.sample_aspect, float(image.height)
    if max(square) <= limit:
        return []
    overlap = min(_OVERLAP * max(square), limit / 2)
    columns, rows = (_spans(side, limit, overlap) for side in square)
    across = [(int(low / image.sample_aspect), math.ceil(high / image.sample_aspect)) for low, high in columns]
    return [
        ZoomTile(ImageRegion(image, x1, int(y1), min(x2, image.width), min(math.ceil(y2), image.height)))
        for y1, y2 in rows
        for x1, x2 in across
    ]


def _spans(side: float, limit: float, overlap: float) -> list[tuple[float, float]]:
    """Begin and end of equal parts of a side, none longer than `limit`, that overlap."""
    count = max(1, math.ceil((side - overlap) / (limit - overlap)))
    length = (side + (count - 1) * overlap) / count
    return [(n * (length - overlap), n * (length - overlap) + length) for n in range(count)]


def _densest(centers: npt.NDArray[np.float32], width: int, height: int, image: Image) -> Sequence[tuple[int, int]]:
    """Upper left corners of tiles, each around an object, that hold the most of those in none before."""
    size = np.array([width, height])
    limit = np.array([image.width, image.height]) - size
    corners = np.clip(np.rint(centers - size / 2), 0, limit).astype(int)
    inside = ((centers[None] >= corners[:, None]) & (centers[None] < corners[:, None] + size)).all(axis=2)
    chosen: list[tuple[int, int]] = []
    left = np.ones(len(centers), bool)
    while left.any() and len(chosen) < MAX_TILES:
        best = int((inside & left).sum(axis=1).argmax())
        chosen.append((int(corners[best, 0]), int(corners[best, 1])))
        left &= ~inside[best]
    return chosen
