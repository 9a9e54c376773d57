"""Runtime protocol: a loaded network behind the library that runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class InputSpec:
    """Input tensor as declared by the weights.

    Attributes:
        batch: images per inference, None for any number.
        height, width: pixels, None for any size.
        dtype: element type.
    """

    batch: int | None
    height: int | None
    width: int | None
    dtype: npt.DTypeLike

    @property
    def any_size(self) -> bool:
        """Whether the input size is dynamic."""
        return self.height is None or self.width is None


class Runtime(Protocol):
    """A loaded network."""

    @property
    def spec(self) -> InputSpec:
        """Input tensor."""
        ...

    @property
    def names(self) -> Mapping[int, str]:
        """Class names in the metadata of the weights, empty if there are none."""
        ...

    @property
    def parallel(self) -> int:
        """Inferences that `run_each` runs at the same time."""
        ...

    def run(self, batch: npt.NDArray[np.generic]) -> npt.NDArray[Any]:
        """(n, 3, height, width) to the first output, (n, …).

        Raises:
            ModelRuntimeError: inference failed.
        """
        ...

    def run_each(self, batches: Iterable[npt.NDArray[np.generic]]) -> Iterator[npt.NDArray[Any]]:
        """The outputs of several inferences, in order; the next batch is taken while earlier ones are running.

        Args:
            batches: each unchanged until its output has been returned.

        Raises:
            ModelRuntimeError: inference failed.
        """
        ...

    def close(self) -> None:
        """Release memory and threads."""
        ...
