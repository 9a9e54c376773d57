"""Comparison of detectors on the same images: objects found, agreement, time."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Sequence

import msgspec

from pipeline.decode.media_files import MediaFile, read_image
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.labels import Label
from pipeline.domain.ports import Detector

_SAME = 0.5
"""Minimum IoU of two boxes of one object."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Result of one detector.

    Attributes:
        model: its name.
        images: number of images.
        milliseconds: median per image, including pre- and postprocessing.
        found: objects by label.
        agreement: share of the first model's objects that it found too (same label, IoU 0.5); 1 for the first itself.
    """

    model: str
    images: int
    milliseconds: float
    found: dict[str, int]
    agreement: float


def compare(media: Sequence[MediaFile], detectors: Sequence[tuple[str, Detector]]) -> list[Comparison]:
    """Run each detector on all images; videos are skipped.

    Raises:
        SourceError: an image cannot be read.
    """
    images = [read_image(file.path) for file in media if not file.is_clip]
    results: list[Comparison] = []
    reference: list[Detections] = []
    for name, detector in detectors:
        taken, seen = [], []
        for image in images:
            start = time.perf_counter()
            seen.append(detector.detect([image])[0])
            taken.append(1000 * (time.perf_counter() - start))
        reference = reference or seen
        counts = Counter(Label(int(label)).word for found in seen for label in found.labels)
        results.append(
            Comparison(
                model=name,
                images=len(images),
                milliseconds=round(statistics.median(taken), 1) if taken else 0.0,
                found=dict(counts.most_common()),
                agreement=round(_agreement(reference, seen), 3),
            )
        )
    return results


def _agreement(reference: Sequence[Detections], seen: Sequence[Detections]) -> float:
    total = sum(len(found) for found in reference)
    shared = sum(_shared(first, other) for first, other in zip(reference, seen, strict=True))
    return shared / total if total else 1.0


def _shared(first: Detections, other: Detections) -> int:
    if not len(first) or not len(other):
        return 0
    overlap = overlaps(first.boxes, other.boxes)
    overlap[first.labels[:, None] != other.labels[None]] = 0
    return int((overlap.max(axis=1) >= _SAME).sum())
