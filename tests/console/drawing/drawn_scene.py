"""A camera that stands where that of the demo does, and its drawing session, without any network."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from pipeline.app.cameras.drawing_session import DrawingSession, Still
from pipeline.demo.camera_model import PoleCamera

SIZE = (1280, 720)
CONFIG = """\
# Cameras of the avenue
cameras:
  - id: av-brasil-900
    name: Av. Brasil, 900
    source: scene.mp4
    scope: public-road
    masks: # the houses
      - [[0.00, 0.00], [0.12, 0.00], [0.10, 0.30], [0.00, 0.35]] # masks[0]: on the left
    areas:
      drawn_for: 1280x720
      zones:
        - name: road # both lanes
          kind: roadway
          polygon: [[0.45, 0.40], [0.58, 0.40], [0.95, 0.98], [0.08, 0.98]]
sinks:
  - {type: jsonl, path: events} # no store
"""


def seen(x_m: float, y_m: float) -> tuple[float, float]:
    """The place of a point on the road in the image, as shares of it."""
    x, y = PoleCamera(SIZE).project(np.array([[x_m, y_m, 0.0]]))[0]
    return float(x / SIZE[0]), float(y / SIZE[1])


RECTANGLE = {
    "kind": "rectangle",
    "corners": [seen(-3.4, 10), seen(3.4, 10), seen(3.4, 30), seen(-3.4, 30)],
    "width_m": 6.8,
    "length_m": 20,
}


def drawing_session(folder: Path, config: str = CONFIG) -> DrawingSession:
    """The session of the camera, with its configuration in a folder."""
    path = folder / "city.yaml"
    path.write_text(config)
    content = cv2.imencode(".jpg", np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))[1].tobytes()
    return DrawingSession(path, "av-brasil-900", Still(content, *SIZE))
