"""Meshes in front of a part of a frame: people behind them show where the mesh is filled from what is beside it.

Of ordinary frames a fifth has a part that repeats, such as a facade or a crossing, so such a part alone says nothing.
Filled, a facade shows no one, and a fence shows who is behind it.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from pipeline.anonymize.frame_disturbance import parts_of
from pipeline.anonymize.mesh import find_mesh
from pipeline.domain.frame import BgrImage

_FILL_PX: Final = 3.0
"""Standard deviation of the distance from which a pixel of the mesh is filled."""
_GROWN: Final = np.ones((3, 3), np.uint8)
"""Edges of wires are mixed with what is beside them."""


def without_part_meshes(frame: BgrImage) -> BgrImage | None:
    """A copy of a frame (height, width, 3) BGR whose parts show no mesh; nothing where none has one."""
    gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.float32)
    hidden = np.zeros(gray.shape, np.uint8)
    for rows, columns in parts_of(*gray.shape).values():
        found = find_mesh(np.ascontiguousarray(gray[rows, columns]))
        if found is not None:
            hidden[rows, columns] |= found
    if not hidden.any():
        return None
    hidden = cv2.dilate(hidden, _GROWN).astype(np.uint8)
    visible = (1 - hidden).astype(np.float32)
    around = cv2.GaussianBlur(frame * visible[..., None], (0, 0), _FILL_PX)
    filling = around / np.maximum(cv2.GaussianBlur(visible, (0, 0), _FILL_PX), 1e-3)[..., None]
    return np.where(hidden[..., None] > 0, np.clip(np.rint(filling), 0, 255), frame).astype(np.uint8)
