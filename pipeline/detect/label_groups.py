"""Groups of labels that detectors confuse, for non-maximum suppression and tracking.

A pickup is labeled car in one frame and truck in the next, sometimes both in the same: within a group only the more
confident of two overlapping objects is retained, and a track may change its label. A rider and a bicycle overlap and
are both retained.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from pipeline.domain.labels import Label

GROUPS: tuple[frozenset[Label], ...] = (
    frozenset({Label.CAR, Label.BUS, Label.TRUCK}),
    frozenset({Label.BICYCLE, Label.MOTORCYCLE}),
    frozenset({Label.PERSON}),
    frozenset({Label.FACE}),
    frozenset({Label.PLATE}),
)
"""Every label is in exactly one group."""

GROUP_OF = MappingProxyType({label: number for number, group in enumerate(GROUPS) for label in group})
"""Label to index in `GROUPS`."""

LABEL_OF = np.array([min(group) for group in GROUPS], dtype=np.int16)
"""A label of each of `GROUPS`."""

_LOOKUP = np.array([GROUP_OF[label] for label in sorted(Label)], dtype=np.int64)


def group_numbers(labels: npt.NDArray[np.int16]) -> npt.NDArray[np.int64]:
    """(n,) labels to (n,) indices in `GROUPS`."""
    return _LOOKUP[labels]
