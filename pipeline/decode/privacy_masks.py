"""Static privacy masks, filled with black before any other code gets a frame (decree 18.743/2014 art. 13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.domain.polygon import Polygon, check_polygons

_Plane = npt.NDArray[np.uint8]


def _turned_back(x: float, y: float, turns: int) -> tuple[float, float]:
    """A corner of the upright image in the stored one, which `turns` clockwise quarter turns make upright."""
    for _ in range(turns % 4):
        x, y = y, 1.0 - x
    return x, y


@dataclass(frozen=True, slots=True, eq=False)
class _Stencil:
    """One mask on one plane: its bounding rectangle, and which of its samples are masked."""

    rows: slice
    columns: slice
    masked: npt.NDArray[np.bool_]

    def fill(self, plane: _Plane, value: int) -> None:
        np.copyto(
            plane[self.rows, self.columns], value, where=self.masked[..., None] if plane.ndim == 3 else self.masked
        )


class MaskBurner:
    """Draws masks into planes; the stencils are made once per size.

    Every sample that a polygon touches is masked, and one more around it, so that no interpolation of a decoder or
    scaler reveals what lies at the edge.

    Args:
        polygons: see `pipeline.domain.polygon`.

    Raises:
        ValueError: see `check_polygons`.
    """

    def __init__(self, polygons: Sequence[Polygon] = ()) -> None:
        self._polygons = check_polygons(polygons)
        self._stencils: dict[tuple[int, int, int, int], tuple[_Stencil, ...]] = {}

    @property
    def polygons(self) -> tuple[Polygon, ...]:
        """The masks that are drawn."""
        return self._polygons

    def __bool__(self) -> bool:
        return bool(self._polygons)

    def burn_planes(self, planes: Sequence[_Plane], turns: int) -> None:
        """Black out Y, U and V planes, (h, w) and twice (ceil(h/2), ceil(w/2)), of a stored image, in place."""
        height, width = planes[0].shape
        for plane, value, factor in zip(planes, (0, 128, 128), (1, 2, 2), strict=True):
            for stencil in self._for(width, height, turns, factor):
                stencil.fill(plane, value)

    def burn_image(self, image: _Plane) -> None:
        """Black out an upright (h, w, 3) image, in place."""
        for stencil in self._for(image.shape[1], image.shape[0], 0, 1):
            stencil.fill(image, 0)

    def _for(self, width: int, height: int, turns: int, factor: int) -> tuple[_Stencil, ...]:
        key = (width, height, turns, factor)
        if key not in self._stencils:
            if len(self._stencils) > 8:  # bounded, in case a stream keeps changing its size
                self._stencils.clear()
            self._stencils[key] = tuple(self._stencil(p, *key) for p in self._polygons)
        return self._stencils[key]

    @staticmethod
    def _stencil(polygon: Polygon, width: int, height: int, turns: int, factor: int) -> _Stencil:
        import cv2  # here: a configuration is read by commands that need no OpenCV

        corners = [_turned_back(x, y, turns) for x, y in polygon]
        points = np.array([(min(x * width, width - 1), min(y * height, height - 1)) for x, y in corners])
        canvas = np.zeros((height, width), np.uint8)
        cv2.fillPoly(canvas, [np.floor(points).astype(np.int32)], 1)
        cv2.fillPoly(canvas, [np.ceil(points).astype(np.int32)], 1)
        canvas = np.asarray(cv2.dilate(canvas, np.ones((3, 3), np.uint8)), np.uint8)
        if factor > 1:
            padded = np.pad(canvas, ((0, -height % factor), (0, -width % factor)), mode="edge")
            canvas = padded.reshape(padded.shape[0] // factor, factor, -1, factor).max(axis=(1, 3))
        rows, columns = np.flatnonzero(canvas.any(axis=1)), np.flatnonzero(canvas.any(axis=0))
        box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        return _Stencil(*box, canvas[box].astype(bool))
