"""Cost of a frame after decoding: conversions to the network's input, and one plate crop.

The usual conversion (the whole image to BGR, then a resize) against ours (the planes are copied out of the decoder,
scaled, and only then converted). Both are timed on the same frames in the same run.

    python -m benchmarks.conversion --clip ../shared/data/clips/people-walking.mp4
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import av
import cv2

from pipeline.benchmark.results_page import machine, write_table
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.privacy_masks import MaskBurner

MEASURES = (
    "pipeline/decode/frame_conversion.py",
    "pipeline/decode/lazy_images.py",
    "pipeline/detect/letterbox.py",
)
"""The code that the figures are of."""

RESULTS = Path(__file__).parent / "results" / "conversion.md"
NETWORK = (640, 360)
PLATE = (400, 300, 520, 340)


def milliseconds(work: Callable[[], object], times: int = 60) -> float:
    """Median of several runs, after a warm-up."""
    work()
    spans = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spans.append(time.perf_counter() - began)
    return median(spans) * 1000


def measure(frame: av.VideoFrame) -> dict[str, float]:
    """Milliseconds per way, one thread."""
    converter = FrameConverter(MaskBurner())
    masked = FrameConverter(MaskBurner([((0.0, 0.0), (0.5, 0.0), (0.5, 0.2), (0.0, 0.3))]))
    image = converter.make(frame)
    return {
        "whole to BGR (`to_ndarray`)": milliseconds(lambda: frame.to_ndarray(format="bgr24", threads=1)),
        "whole to BGR, then resize": milliseconds(
            lambda: cv2.resize(frame.to_ndarray(format="bgr24", threads=1), NETWORK)
        ),
        "ours: copy the planes": milliseconds(lambda: converter.make(frame)),
        "ours: copy and mask a tenth of the image": milliseconds(lambda: masked.make(frame)),
        "ours: copy, then the network's size": milliseconds(lambda: converter.make(frame).resized(*NETWORK)),
        "ours: one plate crop": milliseconds(lambda: image.crop(*PLATE)),
        "ours: whole to BGR": milliseconds(image.bgr),
    }


def main() -> None:
    """Measure 720p and 1080p, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, required=True)
    clip = parser.parse_args().clip
    cv2.setNumThreads(1)
    with av.open(str(clip)) as container:
        frame = next(itertools.islice(container.decode(video=0), 10, None))
    sizes = {"720p": (1280, 720), "1080p": (1920, 1080)}
    columns = {name: measure(frame.reformat(*size, format="yuv420p")) for name, size in sizes.items()}
    base = "whole to BGR, then resize"
    rows = [
        [way, *itertools.chain(*((f"{c[way]:.2f}", f"{c[way] / c[base]:.2f}") for c in columns.values()))]
        for way in columns["720p"]
    ]
    header = ["way", *itertools.chain(*((f"{name}, ms", f"{name}, share") for name in sizes))]
    how = (
        f"Network's size {NETWORK[0]}×{NETWORK[1]}, one thread, median of 60. {machine()} "
        f"`python -m benchmarks.conversion --clip {clip.name}`. Shares are of “{base}” in the same run."
    )
    write_table(
        RESULTS, "From a decoded frame to the network's input", how, measures=MEASURES, columns=header, rows=rows
    )


if __name__ == "__main__":
    main()
