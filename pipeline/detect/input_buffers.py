"""Memory for the inputs of a network, used again for later inferences."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from itertools import cycle
from typing import Final

import numpy as np
import numpy.typing as npt

_MOST_SHAPES: Final = 8
"""Input shapes whose memory is held: cameras of one format have one."""


class InputBuffers:
    """Arrays in turn, by shape; used by one thread.

    Args:
        count: arrays of each shape: those in use at the same time, and the one that is being filled.
        dtype: of their elements.
    """

    def __init__(self, count: int, dtype: npt.DTypeLike) -> None:
        self._count = count
        self._dtype = dtype
        self._arrays: OrderedDict[tuple[int, ...], cycle[npt.NDArray[np.generic]]] = OrderedDict()

    def next(self, shape: Sequence[int]) -> npt.NDArray[np.generic]:
        """An array of this shape with any content; the one that was returned longest ago."""
        key = tuple(shape)
        if key not in self._arrays:
            self._arrays[key] = cycle([np.empty(key, self._dtype) for _ in range(self._count)])
        self._arrays.move_to_end(key)
        if len(self._arrays) > _MOST_SHAPES:
            self._arrays.popitem(last=False)
        return next(self._arrays[key])
