"""Decoders of network outputs: one pure function per output layout, from arrays to candidate boxes.

Only the channels of the card's labels are decoded; other classes that a network was trained with are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.domain.detections import Boxes
from pipeline.weights.model_card import Layout

Raw = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

STRIDES = (8, 16, 32)
"""Pixels per cell of the three output grids of every YOLO used here."""


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """Class channels to decode.

    Attributes:
        numbers: (k,) output channels, from 0.
        thresholds: (k,) minimum scores, 0 to 1.
    """

    numbers: npt.NDArray[np.int64]
    thresholds: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Boxes above their threshold, before non-maximum suppression.

    Attributes:
        boxes: (n, 4) float32, xyxy, pixels of the network's input.
        scores: (n,) float32.
        picks: (n,) int64, index into `Channels.numbers`.
    """

    boxes: Boxes
    scores: Floats
    picks: npt.NDArray[np.int64]


Decode = Callable[[Raw, Channels, int, int], Candidates]
"""One image's output, without the batch axis; channels; input width and height in pixels."""


def _xyxy(xywh: Raw) -> Boxes:
    center, half = xywh[:, :2].astype(np.float32), xywh[:, 2:4].astype(np.float32) / 2
    return np.concatenate([center - half, center + half], axis=1)


def _best(scores: Raw, channels: Channels) -> tuple[npt.NDArray[np.int64], Floats, npt.NDArray[np.int64]]:
    """(k, n) scores to the indices, scores and picks of those above the threshold of their best channel."""
    picks = scores.argmax(axis=0)
    best = np.take_along_axis(scores, picks[None], axis=0)[0].astype(np.float32)
    index = np.flatnonzero(best >= channels.thresholds[picks])
    return index, best[index], picks[index]


def decode_yolo(raw: Raw, channels: Channels, _width: int, _height: int) -> Candidates:
    """YOLOv8 and 11: (4 + classes, anchors); xywh in input pixels, then one sigmoid score per class."""
    index, scores, picks = _best(raw[4 + channels.numbers], channels)
    return Candidates(_xyxy(raw[:4, index].T), scores, picks)


def decode_yolov5(raw: Raw, channels: Channels, _width: int, _height: int) -> Candidates:
    """YOLOv5: (anchors, 5 + classes); xywh in input pixels, objectness, class scores (to be multiplied)."""
    likely = np.flatnonzero(raw[:, 4] >= channels.thresholds.min())
    rows = raw[likely].astype(np.float32)
    index, scores, picks = _best((rows[:, 5 + channels.numbers] * rows[:, 4:5]).T, channels)
    return Candidates(_xyxy(rows[index]), scores, picks)


def decode_yolo_end_to_end(raw: Raw, channels: Channels, _width: int, _height: int) -> Candidates:
    """YOLO26: (300, 6); xyxy in input pixels, score, class; one-to-one head, no duplicates."""
    matches = raw[:, 5].round().astype(np.int64)[:, None] == channels.numbers
    picks = matches.argmax(axis=1)
    scores = raw[:, 4].astype(np.float32)
    index = np.flatnonzero(matches.any(axis=1) & (scores >= channels.thresholds[picks]))
    return Candidates(raw[index, :4].astype(np.float32), scores[index], picks[index])


def decode_yolox(raw: Raw, channels: Channels, width: int, height: int) -> Candidates:
    """YOLOX: (anchors, 5 + classes); center as offset in a grid cell, size as logarithm, both in strides."""
    cells, strides = _grid(width, height)
    likely = np.flatnonzero(raw[:, 4] >= channels.thresholds.min())
    rows = raw[likely].astype(np.float32)
    index, scores, picks = _best((rows[:, 5 + channels.numbers] * rows[:, 4:5]).T, channels)
    rows, cells, strides = rows[index], cells[likely[index]], strides[likely[index], None]
    center, half = (rows[:, :2] + cells) * strides, np.exp(rows[:, 2:4]) * strides / 2
    return Candidates(np.concatenate([center - half, center + half], axis=1), scores, picks)


@lru_cache(maxsize=8)
def _grid(width: int, height: int) -> tuple[Floats, Floats]:
    """(anchors, 2) cell corners x, y in strides and (anchors,) strides in pixels."""
    cells, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        cells.append(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32))
        strides.append(np.full(x.size, stride, np.float32))
    return np.concatenate(cells), np.concatenate(strides)


def anchor_count(width: int, height: int) -> int:
    """Number of cells of the three grids."""
    return sum((width // stride) * (height // stride) for stride in STRIDES)


def expected_shape(layout: Layout, classes: int, width: int, height: int) -> tuple[int | None, ...]:
    """Shape of the output of one image; None for any size."""
    anchors = anchor_count(width, height)
    if layout is Layout.YOLO:
        return (4 + classes, anchors)
    if layout is Layout.YOLOV5:
        return (3 * anchors, 5 + classes)
    if layout is Layout.YOLOX:
        return (anchors, 5 + classes)
    return (None, 6)


DECODERS: Mapping[Layout, Decode] = {
    Layout.YOLO: decode_yolo,
    Layout.YOLOV5: decode_yolov5,
    Layout.YOLO_END_TO_END: decode_yolo_end_to_end,
    Layout.YOLOX: decode_yolox,
}
"""Decoders of all detector layouts."""
