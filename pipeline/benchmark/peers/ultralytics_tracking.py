"""Ultralytics' stream tracking on its OpenVINO form of given weights; prints one line of JSON.

Run by the Python of a private environment with ``ultralytics``, ``openvino`` and ``lap``. The ONNX file is converted to
OpenVINO's format with the metadata that an Ultralytics export has, and with a dynamic shape, so that a wide video is
not padded to a square: its fastest export for a processor.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any


def convert(weights: Path, names: dict[int, str], folder: Path) -> Path:
    """An Ultralytics OpenVINO model of an ONNX file."""
    openvino: Any = import_module("openvino")
    target = folder / f"{weights.stem}_openvino_model"
    target.mkdir()
    openvino.save_model(openvino.convert_model(str(weights)), target / f"{weights.stem}.xml", compress_to_fp16=False)
    metadata = {
        "task": "detect",
        "stride": 32,
        "batch": 1,
        "imgsz": [640, 640],
        "names": names,
        "args": {"dynamic": True, "batch": 1, "half": False, "int8": False, "nms": False},
    }
    (target / "metadata.yaml").write_text(json.dumps(metadata), encoding="utf-8")  # JSON is YAML
    return target


def main() -> None:
    """Track every clip once, after a pass over the first frames that warms up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--names", type=json.loads, required=True, help="JSON object: channel to name")
    parser.add_argument("--folder", type=Path, required=True, help="empty, for the converted weights")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("clips", nargs="+")
    options = parser.parse_args()
    os.environ |= {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    ultralytics: Any = import_module("ultralytics")
    names = {int(channel): str(name) for channel, name in options.names.items()}
    model = ultralytics.YOLO(str(convert(options.weights, names, options.folder)), task="detect")

    def track(clip: str) -> Any:
        return model.track(clip, stream=True, verbose=False, imgsz=640, conf=0.25, device="cpu")

    for _, _ in zip(track(options.clips[0]), range(20), strict=False):
        pass
    frames, tracks, began_s, cpu_s = 0, 0, time.perf_counter(), time.process_time()
    for clip in options.clips:
        seen: set[int] = set()
        for result in track(clip):
            frames += 1
            if result.boxes is not None and result.boxes.id is not None:
                seen |= set(result.boxes.id.int().tolist())
        tracks += len(seen)
    figures = {"frames": frames, "seconds": time.perf_counter() - began_s, "cpu_s": time.process_time() - cpu_s}
    version = f"ultralytics {ultralytics.__version__}"
    sys.stdout.write("\n" + json.dumps(figures | {"found": f"{tracks} tracks", "version": version}) + "\n")


if __name__ == "__main__":
    main()
