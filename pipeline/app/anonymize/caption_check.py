"""Check of captions in the original, where neither masks nor the overlay hide anything."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from typing import Final

import numpy as np

from pipeline.anonymize.captions import Boxes, Captions, Polygon, may_be_plate
from pipeline.anonymize.video_detections import VideoDetections
from pipeline.app.anonymize.prefetch import prefetched
from pipeline.domain.detections import Detections
from pipeline.domain.frame import BgrImage
from pipeline.domain.plate import PlateRead
from pipeline.domain.ports import Detector, PlateReader
from pipeline.domain.video import Video
from pipeline.lpr.plate_syntax import decode

CHECKED_FRAMES: Final = 10
"""Evenly over the video: what stands still is in each."""


def check_captions(
    original: Video, captions: Captions, evidence: VideoDetections, detectors: Detector, reader: PlateReader
) -> set[Polygon]:
    """The areas whose text may be a plate, or in which a vehicle is.

    Args:
        original: the video without masks and overlay.
        captions: text that would stay readable; evidence: see `caption_evidence`.
        detectors: the verification detectors; reader: of plates. No text is stored.

    Raises:
        SourceError: the video cannot be read.
        ModelRuntimeError: a network failed.
    """
    if not captions.areas:
        return set()
    wanted = set(np.linspace(0, len(evidence) - 1, CHECKED_FRAMES).round().astype(int).tolist())
    checked: list[Detections] = []
    reads: dict[Polygon, list[list[PlateRead]]] = defaultdict(list)
    with closing(prefetched(original.frames())) as frames:
        for number, frame in enumerate(frames):
            if number not in wanted:
                continue
            found = detectors.detect([frame.image])[0]
            checked.append(found)
            plates = Detections.concatenate([evidence.per_frame[number], found])
            for area in captions.areas:
                reads[area.polygon].append(_read(frame.image.bgr(), area.texts(plates), reader))
    return {one.polygon for one in captions.areas if one.vehicle_touches(checked) or may_be_plate(reads[one.polygon])}


def _read(image: BgrImage, boxes: Boxes, reader: PlateReader) -> list[PlateRead]:
    height, width = image.shape[:2]
    places = np.rint(np.clip(boxes, 0, [width, height] * 2)).astype(int).tolist()
    crops = [np.ascontiguousarray(image[y1:y2, x1:x2]) for x1, y1, x2, y2 in places if x2 - x1 >= 8 and y2 - y1 >= 4]
    return [read for seen in reader.read(crops) if (read := decode(seen)) is not None]
