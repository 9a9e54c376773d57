"""Color matrix and range for the conversion from luma and chroma to BGR."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

_KR_KB = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
"""Luma weights of red and blue by matrix number (ITU-T H.273 table 4; BT.709, FCC, BT.601, SMPTE 240M, BT.2020)."""
_ALIASES = {6: 5, 10: 9}
"""BT.601 and BT.2020 have two numbers each."""
_HD_LINES = 720


@dataclass(frozen=True, slots=True)
class Color:
    """Color encoding of the planes of an image.

    Attributes:
        matrix: number in ITU-T H.273 table 4, one of 1, 4, 5, 7, 9; swscale uses the same.
        full_range: True when luma uses 0 to 255, False for 16 to 235.
    """

    matrix: int
    full_range: bool

    @classmethod
    def of(cls, matrix: int, full_range: bool, height: int) -> Color:
        """From a stream's own tags; untagged HD is BT.709 and untagged SD BT.601, as in players."""
        matrix = _ALIASES.get(matrix, matrix)
        if matrix not in _KR_KB:
            matrix = 1 if height >= _HD_LINES else 5
        return cls(matrix, full_range)


@lru_cache(maxsize=16)
def to_bgr(color: Color) -> npt.NDArray[np.float32]:
    """(3, 4) matrix for (Y, U, V, 1) in 0 to 255 to (B, G, R) in 0 to 255 (ITU-T H.273 equations 38 to 43)."""
    kr, kb = _KR_KB[color.matrix]
    kg = 1.0 - kr - kb
    luma, chroma, black = (1.0, 1.0, 0.0) if color.full_range else (255 / 219, 255 / 224, 16.0)
    u_to_b, v_to_r = 2 * (1 - kb) * chroma, 2 * (1 - kr) * chroma
    u_to_g, v_to_g = -u_to_b * kb / kg, -v_to_r * kr / kg
    rows = np.array([[luma, u_to_b, 0.0], [luma, u_to_g, v_to_g], [luma, 0.0, v_to_r]])
    offset = -rows @ np.array([black, 128.0, 128.0])
    return np.column_stack([rows, offset]).astype(np.float32)
