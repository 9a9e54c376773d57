"""Of several boxes around one thing, keep the surest (non-maximum suppression, per group of labels)."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.detect.groups import group_numbers
from pipeline.domain.detections import Detections

MOST_CANDIDATES = 1000
"""The surest so many are looked at: a noisy picture must not stop the pipeline with a million comparisons."""


def without_duplicates(found: Detections, iou: float) -> Detections:
    """The objects that no surer object of the same group overlaps by more than `iou`, surest first."""
    if len(found) < 2:
        return found
    order = np.argsort(-found.scores, kind="stable")[:MOST_CANDIDATES]
    found = found.select(order)
    xywh = np.column_stack([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]])
    # Lists: half the time of arrays in OpenCV's binding. Score threshold 0: thresholds were applied before.
    keep = cv2.dnn.NMSBoxesBatched(xywh.tolist(), found.scores.tolist(), group_numbers(found.labels).tolist(), 0.0, iou)
    return found.select(np.sort(np.asarray(keep, dtype=np.int64).reshape(-1)))
