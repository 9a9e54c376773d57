"""Detections and tracks of one image, as parallel arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.domain.labels import Label

Boxes = npt.NDArray[np.float32]
"""(n, 4) float32, xyxy, pixels of the stored image, origin top left."""


@lru_cache(maxsize=64)
def _table_of(labels: tuple[Label, ...]) -> npt.NDArray[np.bool_]:
    """(8,) whether each label is among these; an index takes a twentieth of the time of `np.isin`."""
    table = np.zeros(len(Label), bool)
    table[[int(label) for label in labels]] = True
    table.flags.writeable = False
    return table


def shared_areas(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Area that each of (n, 4) and (m, 4) xyxy boxes share, as (n, m)."""
    # Side by side: numpy takes several times as long for reductions over an axis of two.
    across, down = (
        np.minimum(a[:, None, side + 2], b[:, side + 2]) - np.maximum(a[:, None, side], b[:, side]) for side in (0, 1)
    )
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0))


def overlaps(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Intersection over union of (n, 4) and (m, 4) xyxy boxes, as (n, m)."""
    shared = shared_areas(a, b)
    areas = [np.maximum(box[:, 2] - box[:, 0], 0) * np.maximum(box[:, 3] - box[:, 1], 0) for box in (a, b)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9))


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Detected objects of one image.

    Attributes:
        boxes: (n, 4) float32, xyxy, pixels of the stored image.
        scores: (n,) float32, 0 to 1.
        labels: (n,) int16, values of `Label`.

    Raises:
        ValueError: the arrays do not fit together.
    """

    boxes: Boxes
    scores: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int16]

    def __post_init__(self) -> None:
        n = len(self.boxes)
        if self.boxes.shape != (n, 4) or self.scores.shape != (n,) or self.labels.shape != (n,):
            raise ValueError(
                f"boxes {self.boxes.shape}, scores {self.scores.shape} and labels {self.labels.shape} "
                "must be (n, 4), (n,) and (n,)"
            )

    @classmethod
    def build(cls, boxes: npt.ArrayLike, scores: npt.ArrayLike, labels: npt.ArrayLike) -> Detections:
        """Build from array-likes; converts dtypes, reshapes empty input to (0, 4)."""
        return cls(
            np.asarray(boxes, dtype=np.float32).reshape(-1, 4),
            np.asarray(scores, dtype=np.float32).reshape(-1),
            np.asarray(labels, dtype=np.int16).reshape(-1),
        )

    @classmethod
    def empty(cls) -> Detections:
        """No objects."""
        return cls.build([], [], [])

    @classmethod
    def concatenate(cls, parts: Sequence[Detections]) -> Detections:
        """All objects of several `Detections` of the same image, in order."""
        if not parts:
            return cls.empty()
        return cls(
            np.concatenate([p.boxes for p in parts]),
            np.concatenate([p.scores for p in parts]),
            np.concatenate([p.labels for p in parts]),
        )

    def __len__(self) -> int:
        return len(self.boxes)

    def __iter__(self) -> Iterator[tuple[Boxes, float, Label]]:
        """Box (4,), score and label of each object."""
        for box, score, label in zip(self.boxes, self.scores, self.labels, strict=True):
            yield box, float(score), Label(int(label))

    def select(self, index: npt.NDArray[Any]) -> Detections:
        """The objects selected by a boolean mask (n,) or by an index array, in its order."""
        return Detections(self.boxes[index], self.scores[index], self.labels[index])

    def labeled(self, *labels: Label) -> Detections:
        """Only the objects with one of these labels."""
        return self.select(_table_of(labels)[self.labels])


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """The detections of one image that belong to tracks, with the track ids.

    Attributes:
        detections: n objects.
        ids: (n,) int64, positive, unique within one stream of one camera and never reused in it.
    """

    detections: Detections
    ids: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.ids.shape != (len(self.detections),):
            raise ValueError(f"{len(self.detections)} detections require as many ids, not {self.ids.shape}")

    @classmethod
    def empty(cls) -> Tracks:
        """No tracks."""
        return cls(Detections.empty(), np.empty(0, np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def labeled(self, *labels: Label) -> Tracks:
        """Only the tracks with one of these labels."""
        mask = _table_of(labels)[self.detections.labels]
        return Tracks(self.detections.select(mask), self.ids[mask])


@dataclass(frozen=True, slots=True, eq=False)
class OpenTracks:
    """The open tracks of one stream as their tracker expects them at one time, also those not seen last.

    Attributes:
        ids: (n,) int64, 0 for objects that are not confirmed yet.
        labels: (n,) int16, a label of those that the object may have: a truck may still be a car.
        boxes: (n, 4) float64, xyxy, pixels; may extend beyond the image.
        velocity: (n, 2) of the center, pixels per second.
        deviation: (n,) standard deviation of the center, pixels.
        unseen_s: (n,) seconds since the last detection.
    """

    ids: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int16]
    boxes: npt.NDArray[np.float64]
    velocity: npt.NDArray[np.float64]
    deviation: npt.NDArray[np.float64]
    unseen_s: npt.NDArray[np.float64]

    @classmethod
    def none(cls) -> OpenTracks:
        """No open track."""
        return cls(
            np.empty(0, np.int64), np.empty(0, np.int16), np.empty((0, 4)), np.empty((0, 2)), np.empty(0), np.empty(0)
        )

    def __len__(self) -> int:
        return len(self.ids)
