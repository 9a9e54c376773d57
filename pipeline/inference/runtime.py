"""What a network needs of the library that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What the weights themselves say about their input.

    Attributes:
        batch: images per pass, None for any number.
        height, width: pixels, None for any size.
        dtype: of the numbers.
    """

    batch: int | None
    height: int | None
    width: int | None
    dtype: npt.DTypeLike

    @property
    def any_size(self) -> bool:
        """True when images need not be squeezed into one size."""
        return self.height is None or self.width is None


class Runtime(Protocol):
    """Opened weights."""

    @property
    def spec(self) -> InputSpec:
        """The input."""
        ...

    @property
    def names(self) -> Mapping[int, str]:
        """Class names in the weights' metadata, empty when they carry none."""
        ...

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """(n, 3, height, width) to the first output, (n, …).

        Raises:
            ModelRuntimeError: the library failed.
        """
        ...

    def close(self) -> None:
        """Give back memory and threads."""
        ...
