"""Appearance of exempted objects in each frame: an object that does not appear as usual is another one, and is masked.

Networks give one box for a statue and a person who steps in front of it. Place and size remain, the pixels do not. A
person who sits or waits there all the time moves a hand or the head now and then; a thing does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.exemptions import ExemptedObject
from pipeline.domain.frame import BgrImage, Image

CELLS: Final = (12, 24)
"""Columns and rows of cells in which an object is compared with how it usually appears."""
CHANGED_LEVELS: Final = 14
"""Difference of a cell's color (Lab, of 255), beyond that of the whole object, from which it has changed …"""
CHANGED_SHARE: Final = 0.15
"""… and share of changed cells from which the object does not appear as usual: shadows of leaves change fewer."""
MOVED_FRAMES: Final = 0.05
"""Share of the frames in which an object appears as usual and a cell has changed, from which the cell moves …"""
MOVED_SHARE: Final = 0.1
"""… and share of such cells from which the object is no thing."""

Cells = npt.NDArray[np.uint8]


def cells_of(pixels: BgrImage) -> Cells:
    """(rows, columns, 3) the mean color of each cell of an object, Lab, from its pixels (height, width, 3)."""
    return np.asarray(cv2.cvtColor(cv2.resize(pixels, CELLS, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2LAB))


def changed_cells(cells: Sequence[Cells]) -> npt.NDArray[np.bool_]:
    """(n, rows, columns) which of an object's cells differ from their usual color, the median, in each of n frames.

    What all cells differ by is the light.
    """
    levels = np.stack(cells).astype(np.int16)
    difference = levels - np.median(levels, axis=0).astype(np.int16)
    difference -= np.median(difference, axis=(1, 2), keepdims=True).astype(np.int16)
    return np.asarray(np.abs(difference).max(axis=3) >= CHANGED_LEVELS)


def unusual_frames(changed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(n,) whether an object does not appear as usual, in each of n frames; in all of them if it moves by itself.

    Args:
        changed: see `changed_cells`.
    """
    unusual = changed.mean(axis=(1, 2)) > CHANGED_SHARE
    usual = changed[~unusual]
    moves = len(usual) and (usual.mean(axis=0) >= MOVED_FRAMES).mean() >= MOVED_SHARE
    return np.ones(len(changed), bool) if moves else np.asarray(unusual)


class ExemptedAppearance:
    """Collects, frame by frame, how exempted objects appear; small copies of them are held.

    Args:
        exempted: objects of a plan of masks.
    """

    def __init__(self, exempted: Sequence[ExemptedObject]) -> None:
        self._cells: list[list[Cells]] = [[] for _ in exempted]
        self._boxes = [np.rint(np.median(one.boxes, axis=0)).astype(int).tolist() for one in exempted]
        self._shown = [frozenset(one.frames.tolist()) for one in exempted]

    def add(self, frame: int, image: Image) -> None:
        """The next frame of the video, by its number."""
        for box, shown, cells in zip(self._boxes, self._shown, self._cells, strict=True):
            if frame in shown:
                cells.append(cells_of(image.crop(*box)))

    def unusual(self) -> list[npt.NDArray[np.bool_]]:
        """(n,) of each object, whether it does not appear as usual in each of its frames."""
        return [unusual_frames(changed_cells(cells)) for cells in self._cells]
