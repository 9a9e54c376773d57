"""Weighted boxes fusion of the teachers' detections, with an agreement score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import overlaps

Boxes = npt.NDArray[Any]
_SAME: Final = 0.5
"""Boxes overlapping by this IoU are of one object."""


@dataclass(frozen=True)
class Opinion:
    """One object: its label, its box (weighted mean, xyxy), the mean score over all teachers of that label."""

    label: str
    xyxy: tuple[float, float, float, float]
    score: float


def inside(a: Boxes, b: Boxes) -> Boxes:
    """Share of each of the (n, 4) boxes that lies in each of the (m, 4) ones, as (n, m)."""
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area = np.clip(a[:, 2:] - a[:, :2], 0, None).prod(axis=1)
    return np.asarray(shared / np.maximum(area[:, None], 1e-9))


def fuse(found: Sequence[Sequence[tuple[str, float, float, float, float, float]]], label: str) -> list[Opinion]:
    """The opinions on one label.

    Args:
        found: what each teacher of this label found, one list per teacher; rows as in `teachers`.
        label: which label.

    Returns:
        Surest first. A score is the sum of the best score of each teacher over their number: 0.3 is one of three
        teachers quite sure, or all three in doubt.
    """
    rows = [
        (teacher, row)
        for teacher, rows in enumerate(found)
        for row in sorted(rows, key=lambda r: -r[5])
        if row[0] == label
    ]
    rows.sort(key=lambda item: -item[1][5])
    groups: list[dict[int, tuple[float, ...]]] = []
    for teacher, row in rows:
        box = np.array([row[1:5]])
        best = -1
        if groups:
            shared = overlaps(box, np.array([_mean(group) for group in groups]))[0]
            free = [o if teacher not in group else 0.0 for o, group in zip(shared, groups, strict=True)]
            best = int(np.argmax(free)) if max(free) >= _SAME else -1
            if best < 0 and max(shared) >= _SAME:
                continue  # the same teacher saw it twice
        if best < 0:
            groups.append({teacher: row[1:]})
        else:
            groups[best][teacher] = row[1:]
    opinions = []
    for group in groups:
        x1, y1, x2, y2 = _mean(group)
        opinions.append(Opinion(label, (x1, y1, x2, y2), sum(row[4] for row in group.values()) / len(found)))
    return sorted(opinions, key=lambda opinion: -opinion.score)


def _mean(group: dict[int, tuple[float, ...]]) -> tuple[float, float, float, float]:
    values = np.array(list(group.values()))
    box = (values[:, :4] * values[:, 4:]).sum(axis=0) / values[:, 4].sum()
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
