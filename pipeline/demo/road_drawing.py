"""Drawing of the street of the plate scene, without cars."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.demo.camera_model import PoleCamera
from pipeline.domain.frame import BgrImage

_HALF_WIDTH_M = 13.0
_NEAR_M, _FAR_M = 3.6, 110.0
_PX_PER_M = 40
_LANES_M = (-3.6, 0.0, 3.6)


def draw_street(camera: PoleCamera, random: np.random.Generator) -> BgrImage:
    """Two lanes with curbs, pavements and trees, as the camera sees them, (height, width, 3) BGR."""
    width, height = camera.size
    canvas = _backdrop(camera, random)
    ground = _ground(random)
    corners_m = np.array(
        [
            [-_HALF_WIDTH_M, _FAR_M, 0],
            [_HALF_WIDTH_M, _FAR_M, 0],
            [_HALF_WIDTH_M, _NEAR_M, 0],
            [-_HALF_WIDTH_M, _NEAR_M, 0],
        ]
    )
    flat = np.array(
        [[0, 0], [ground.shape[1], 0], [ground.shape[1], ground.shape[0]], [0, ground.shape[0]]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(flat, camera.project(corners_m).astype(np.float32))
    seen = cv2.warpPerspective(ground, matrix, (width, height), flags=cv2.INTER_AREA)
    coverage = cv2.warpPerspective(np.full(ground.shape[:2], 255, np.uint8), matrix, (width, height))
    return np.where(coverage[:, :, None] > 0, seen, canvas).astype(np.uint8)


def _ground(random: np.random.Generator) -> BgrImage:
    """The street from above, far end first."""
    length, width = round((_FAR_M - _NEAR_M) * _PX_PER_M), round(2 * _HALF_WIDTH_M * _PX_PER_M)

    def column(x_m: float) -> int:
        return round((x_m + _HALF_WIDTH_M) * _PX_PER_M)

    ground = np.empty((length, width, 3), np.uint8)
    ground[:] = (104, 104, 100)
    cv2.rectangle(ground, (0, 0), (column(-7.0), length), (92, 120, 104), -1)
    cv2.rectangle(ground, (column(7.0), 0), (width, length), (92, 120, 104), -1)
    for left_m, right_m in ((-7.0, -4.3), (4.3, 7.0)):
        cv2.rectangle(ground, (column(left_m), 0), (column(right_m), length), (150, 156, 158), -1)
    for edge_m in (-4.3, 4.3):
        cv2.rectangle(ground, (column(edge_m - 0.08), 0), (column(edge_m + 0.08), length), (180, 184, 184), -1)
    for lane_m in (_LANES_M[0] - 0.1, _LANES_M[2] + 0.1):
        cv2.rectangle(ground, (column(lane_m - 0.06), 0), (column(lane_m + 0.06), length), (205, 208, 206), -1)
    for start in range(0, length, 6 * _PX_PER_M):
        cv2.rectangle(ground, (column(-0.06), start), (column(0.06), start + 3 * _PX_PER_M), (205, 208, 206), -1)
    for lane_m in (-1.8, 1.8):
        # Oil and wear in the middle of each lane.
        worn = np.zeros(ground.shape[:2], np.float32)
        cv2.rectangle(worn, (column(lane_m - 0.35), 0), (column(lane_m + 0.35), length), 14.0, -1)
        ground = (ground - cv2.GaussianBlur(worn, (41, 41), 0)[:, :, None]).clip(0, 255).astype(np.uint8)
    return _grainy(ground, random)


def _grainy(image: BgrImage, random: np.random.Generator) -> BgrImage:
    """Fine grain and large stains."""
    height, width = image.shape[:2]
    fine: npt.NDArray[np.float64] = random.normal(0, 7, (height, width))
    coarse = cv2.resize(
        random.normal(0, 6, (height // 60, width // 60)), (width, height), interpolation=cv2.INTER_CUBIC
    )
    return (image + (fine + coarse)[:, :, None]).clip(0, 255).astype(np.uint8)


def _backdrop(camera: PoleCamera, random: np.random.Generator) -> BgrImage:
    """Sky and a row of trees above the horizon, out of focus."""
    width, height = camera.size
    horizon = round(float(camera.project(np.array([[0.0, 1e6, 0.0]]))[0, 1]))
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = (226, 214, 198)
    cv2.rectangle(canvas, (0, max(horizon - 2, 0)), (width, height), (92, 120, 104), -1)
    for _ in range(260):
        x = int(random.uniform(0, width))
        # The road runs through a gap in the trees.
        tall = 0.05 + 0.13 * abs(x / width - 0.5) * 2
        y = horizon - int(random.uniform(-0.2, tall) * width * 0.5)
        shade = random.uniform(0.6, 1.1)
        color = (52 * shade, 92 * shade, 66 * shade)
        cv2.circle(canvas, (x, y), int(width * random.uniform(0.008, 0.025)), color, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(canvas, (0, 0), width / 320), np.uint8)
