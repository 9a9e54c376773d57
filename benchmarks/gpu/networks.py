"""Networks on a device against the processor: known answers, the same detections, frames per second by batch.

The frames are real ones of a clip, in memory; nothing is decoded in the timed part. Called by `benchmarks/gpu/run.sh`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.app.logging_setup import configure_logging
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.detect.build import build_detector
from pipeline.detect.settings import DetectSettings
from pipeline.domain.detections import Detections
from pipeline.domain.ports import Detector
from pipeline.inference.device import Backend, Device

CLIP = "highway-motorbike"
FRAMES = 32
BATCHES = (1, 4, 16, 64)
SCORE = 0.5
"""Detections below it may come and go with rounding."""
LEAST_IOU = 0.9
LEAST_SHARE = 0.98
"""Of the processor's detections that the device has to find at the same place, and the other way round."""


def frames(data: Path) -> list[ArrayImage]:
    """Real frames, in memory."""
    source = open_source("gpu", str(data / "clips" / f"{CLIP}.mp4"), settings=DecodeSettings())
    return [ArrayImage(frame.image.bgr().copy()) for frame in islice(source.frames(), FRAMES)]


def open_on(device: Device, batch: int) -> Detector:
    """The default detector in ONNX Runtime; its known-answer test has passed on the device when this returns."""
    return build_detector(DetectSettings(device=device, backend=Backend.ONNXRUNTIME, batch_size=batch))


def agreement(found: Sequence[Detections], expected: Sequence[Detections]) -> float:
    """Share of certain detections that have one of the same class at the same place on the other side, both ways."""
    pairs = [*zip(found, expected, strict=True), *zip(expected, found, strict=True)]
    matched = [_is_there(one, int(i), other) for one, other in pairs for i in np.flatnonzero(one.scores >= SCORE)]
    return statistics.fmean(matched) if matched else 0.0


def _is_there(one: Detections, index: int, other: Detections) -> bool:
    box, boxes = one.boxes[index], other.boxes[other.labels == one.labels[index]]
    if not len(boxes):
        return False
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(box[2:] - box[:2])
    return bool((shared / (areas - shared)).max() >= LEAST_IOU)


def rate(detector: Detector, images: Sequence[ArrayImage], batch: int, seconds: float) -> float:
    """Frames per second, images of any place of the list in batches."""
    detector.detect(images[:batch])
    done, began = 0, time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        start = done % len(images)
        detector.detect([images[(start + n) % len(images)] for n in range(batch)])
        done += batch
    return done / passed


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--device", type=Device, choices=list(Device), default=Device.CUDA)
    parser.add_argument("--seconds", type=float, default=10.0, help="length of one measurement")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    configure_logging("error", "auto")
    images = frames(options.data)
    processor = open_on(Device.CPU, 1)
    expected = [processor.detect([image])[0] for image in images]
    processor.close()
    rates: dict[int, list[float]] = {batch: [] for batch in BATCHES}
    shares: dict[int, float] = {}
    for batch in BATCHES:
        detector = open_on(options.device, batch)
        shares[batch] = agreement(detector.detect(images), expected)
        rates[batch] = [rate(detector, images, batch, options.seconds) for _ in range(options.repeats)]
        detector.close()
    result: dict[str, Any] = {
        "device": options.device.value,
        "known answers": "right",
        "agreement with the processor": {batch: round(share, 4) for batch, share in shares.items()},
        "frames per second": {
            batch: {"low": round(min(r), 1), "median": round(statistics.median(r), 1), "high": round(max(r), 1)}
            for batch, r in rates.items()
        },
        "not measured": "decoding (NVDEC), preprocessing on the device, streams until lag, a peer",
    }
    print(json.dumps(result))
    sys.exit(0 if min(shares.values()) >= LEAST_SHARE else 1)


if __name__ == "__main__":
    main()
