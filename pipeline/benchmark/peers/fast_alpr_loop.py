"""The loop of fast-alpr, detection and reading of plates frame by frame, on given weights; prints one line of JSON.

Run by the Python of a private environment with ``fast-alpr[onnx]``. The detector is plugged in through fast-alpr's own
interface, so that both programs find plates with the same network: the comparison is of the programs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np

_SIZE = 640
_SCORE = 0.25
_OVERLAP = 0.6


class PlateDetector:
    """Plates of one frame by a YOLO network in ONNX Runtime; implements fast-alpr's ``BaseDetector``."""

    def __init__(self, weights: Path, channel: int, threads: int) -> None:
        ort: Any = import_module("onnxruntime")
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        self._session: Any = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._channel = channel
        base: Any = import_module("open_image_models.detection.core.base")
        self._result, self._box = base.DetectionResult, base.BoundingBox

    def predict(self, frame: Any) -> list[Any]:
        """Plates of a BGR frame, in fast-alpr's form."""
        height, width = frame.shape[:2]
        scale = min(_SIZE / width, _SIZE / height)
        inner = round(width * scale), round(height * scale)
        canvas = np.full((_SIZE, _SIZE, 3), 114, np.uint8)
        canvas[: inner[1], : inner[0]] = cv2.resize(frame, inner)
        batch = np.ascontiguousarray(canvas[:, :, ::-1].transpose(2, 0, 1)[None], np.float32) / 255
        (output,) = self._session.run(None, {self._input: batch})
        columns = output[0].T
        scores = columns[:, 4 + self._channel]
        likely = columns[scores >= _SCORE]
        scores = scores[scores >= _SCORE]
        boxes = np.concatenate([likely[:, :2] - likely[:, 2:4] / 2, likely[:, 2:4]], axis=1) / scale
        chosen = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), _SCORE, _OVERLAP)
        return [self._found(boxes[i], float(scores[i])) for i in np.asarray(chosen).flatten()]

    def _found(self, box: Any, score: float) -> Any:
        x, y, width, height = (int(edge) for edge in box)
        return self._result("plate", score, self._box(x, y, x + width, y + height))


def main() -> None:
    """Read every frame of every clip, after some frames that warm up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--channel", type=int, required=True, help="output channel of plates")
    parser.add_argument("--reader", type=Path, required=True, help="ONNX file of the plate reader")
    parser.add_argument("--reader-config", type=Path, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("clips", nargs="+")
    options = parser.parse_args()
    fast_alpr: Any = import_module("fast_alpr")
    alpr = fast_alpr.ALPR(
        detector=PlateDetector(options.weights, options.channel, options.threads),
        ocr_model=None,
        ocr_model_path=options.reader,
        ocr_config_path=options.reader_config,
    )

    def frames(clip: str) -> Any:
        video = cv2.VideoCapture(clip)
        while (read := video.read())[0]:
            yield read[1]

    for frame, _ in zip(frames(options.clips[0]), range(20), strict=False):
        alpr.predict(frame)
    count, texts, began_s, cpu_s = 0, set(), time.perf_counter(), time.process_time()
    for clip in options.clips:
        for frame in frames(clip):
            count += 1
            texts |= {result.ocr.text for result in alpr.predict(frame) if result.ocr is not None}
    figures = {"frames": count, "seconds": time.perf_counter() - began_s, "cpu_s": time.process_time() - cpu_s}
    found = {"found": f"{len(texts)} texts", "version": f"fast-alpr {version('fast-alpr')}"}
    sys.stdout.write("\n" + json.dumps(figures | found) + "\n")


if __name__ == "__main__":
    main()
