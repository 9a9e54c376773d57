"""Crossings by Ultralytics' ObjectCounter, end to end; run by the Python of an environment with ``ultralytics``.

Prints a JSON list of direction (1 is down the image) and time of each crossing in its last line. It imports nothing of
this program.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    """Count the vehicles of one clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--line", type=float, nargs=4, required=True, help="x1 y1 x2 y2, shares of the image")
    parser.add_argument("--classes", type=int, nargs="+", required=True, help="of COCO")
    parser.add_argument("clip")
    options = parser.parse_args()
    os.environ |= {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}
    cv2: Any = import_module("cv2")
    solutions: Any = import_module("ultralytics.solutions")
    video = cv2.VideoCapture(options.clip)
    width, height = (int(video.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    x1, y1, x2, y2 = options.line
    region = [(round(x1 * width), round(y1 * height)), (round(x2 * width), round(y2 * height))]
    rate = video.get(cv2.CAP_PROP_FPS)
    counter = solutions.ObjectCounter(
        model=str(options.weights), region=region, show=False, classes=options.classes, verbose=False
    )
    found: list[tuple[int, float]] = []
    frame = 0
    while True:
        there, image = video.read()
        if not there:
            break
        before = counter.in_count, counter.out_count
        counter(image)
        found += [(1, frame / rate)] * (counter.in_count - before[0])
        found += [(-1, frame / rate)] * (counter.out_count - before[1])
        frame += 1
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
