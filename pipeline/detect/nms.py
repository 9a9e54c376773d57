"""Non-maximum suppression per group of labels."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.detect.label_groups import group_numbers
from pipeline.domain.detections import Detections
from pipeline.domain.labels import Label

MAX_CANDIDATES = 1000
"""Only the highest scores are considered: a noisy image must not stall the pipeline with a million comparisons."""
PART_SHARE = 0.75
"""A face is part of a larger one if this fraction of its area lies inside."""


def non_maximum_suppression(found: Detections, iou: float) -> Detections:
    """The objects that no higher-scoring object of the same group overlaps by more than `iou`, by descending score."""
    if len(found) < 2:
        return found
    order = np.argsort(-found.scores, kind="stable")[:MAX_CANDIDATES]
    found = found.select(order)
    xywh = np.column_stack([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]])
    # Lists take half the time of arrays in OpenCV's binding. Score threshold 0: thresholds were applied before.
    keep = cv2.dnn.NMSBoxesBatched(xywh.tolist(), found.scores.tolist(), group_numbers(found.labels).tolist(), 0.0, iou)
    return _without_parts_of_faces(found.select(np.sort(np.asarray(keep, dtype=np.int64).reshape(-1))))


def _without_parts_of_faces(found: Detections) -> Detections:
    """Remove faces inside a larger face of higher score (say its mouth); a mask of the larger one hides both."""
    faces = np.flatnonzero(found.labels == Label.FACE)
    if len(faces) < 2:
        return found
    boxes = found.boxes[faces]
    low, high = np.maximum(boxes[:, None, :2], boxes[None, :, :2]), np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    areas = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-6)
    within = (common / areas[:, None] > PART_SHARE) & (areas[:, None] < areas[None, :])
    # Row: this face; column: the face around it, which precedes it and so has the higher score.
    part = np.tril(within, -1).any(axis=1)
    keep = np.ones(len(found), bool)
    keep[faces[part]] = False
    return found.select(keep)
