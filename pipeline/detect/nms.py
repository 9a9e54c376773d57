"""Of several boxes around one thing, keep the surest (non-maximum suppression, per group of labels)."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.detect.label_groups import group_numbers
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

MOST_CANDIDATES = 1000
"""The surest so many are looked at: a noisy image must not stop the pipeline with a million comparisons."""
PART_SHARE = 0.75
"""A face of which so much lies within a larger one is a part of that."""


def non_maximum_suppression(found: Detections, iou: float) -> Detections:
    """The objects that no surer object of the same group overlaps by more than `iou`, surest first."""
    if len(found) < 2:
        return found
    order = np.argsort(-found.scores, kind="stable")[:MOST_CANDIDATES]
    found = found.select(order)
    xywh = np.column_stack([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]])
    # Lists: half the time of arrays in OpenCV's binding. Score threshold 0: thresholds were applied before.
    keep = cv2.dnn.NMSBoxesBatched(xywh.tolist(), found.scores.tolist(), group_numbers(found.labels).tolist(), 0.0, iou)
    return _without_parts_of_faces(found.select(np.sort(np.asarray(keep, dtype=np.int64).reshape(-1))))


def _without_parts_of_faces(found: Detections) -> Detections:
    """Without faces that lie within a larger, surer face: a mouth, an eye. Whoever covers faces covers the larger."""
    faces = np.flatnonzero(found.labels == Label.FACE)
    if len(faces) < 2:
        return found
    boxes = found.boxes[faces]
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-6)
    within = (common / areas[:, None] > PART_SHARE) & (areas[:, None] < areas[None, :])
    # Row: this face; column: the one it lies in, which is surer because it comes first.
    part = np.tril(within, -1).any(axis=1)
    keep = np.ones(len(found), bool)
    keep[faces[part]] = False
    return found.select(keep)
