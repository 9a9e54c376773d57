"""Redaction masks drawn into an image's planes; only these planes reach the encoder, never the original."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.redaction_masks import FrameMasks
from pipeline.domain.labels import Label
from pipeline.domain.redaction import RedactionStyle
from pipeline.domain.video import Planes

Plane = npt.NDArray[np.uint8]
Rect = tuple[int, int, int, int]
"""x1, y1, x2, y2 in whole pixels, all even but at the right and lower edge; x2 and y2 are the first outside."""

FILL: Final = (58, 128, 128)
"""Y, U, V: a dark gray in any matrix and range."""
FIGURE_COLORS: Final = {Label.PERSON: (150, 128, 128), Label.FACE: (150, 128, 128), Label.PLATE: (110, 160, 110)}
"""Y, U, V of the figure that a silhouette shows on the fill."""
MOSAIC_BLOCKS: Final = 5
"""Along the longer side of an object of any size: at most 5 by 5 of its colors remain …"""
MIN_BLOCK_PX: Final = 8
"""… and no block is smaller than this."""
BLUR_SHARE: Final = 0.2
"""Standard deviation of the blur as a share of the longer side …"""
MIN_BLUR_PX: Final = 4.0
WEDGE_SPEED: Final = 0.15
"""Speed from which a silhouette shows its direction of motion, in its own heights per second."""


def draw_masks(planes: Planes, masks: FrameMasks, style: RedactionStyle) -> None:
    """Draw masks into the planes, in place.

    Args:
        planes: of a whole upright image.
        masks: in its pixels.
        style: what to draw.
    """
    draw = _STYLES[style]
    height, width = planes.y.shape
    rects = snap_to_chroma(masks.boxes, width, height)
    # Distant objects first, so that no figure of a near one is drawn over.
    order = np.argsort(rects[:, 3], kind="stable")
    if style is RedactionStyle.FILL:
        order = order[_not_within_another(rects[order])]
    for number in order.tolist():
        x1, y1, x2, y2 = rects[number].tolist()
        label = Label(int(masks.labels[number]))
        # Windscreens and manual regions have no figure, and are always filled.
        (draw if label in FIGURE_COLORS else _fill)(planes, (x1, y1, x2, y2), label, masks.velocities[number])


def snap_to_chroma(boxes: npt.NDArray[np.float32], width: int, height: int) -> npt.NDArray[np.int64]:
    """Boxes (n, 4) enlarged to whole samples of the chroma planes, in pixels, so that no sample is half masked."""
    rects = np.concatenate([np.floor(boxes[:, :2] / 2) * 2, np.ceil(boxes[:, 2:] / 2) * 2], axis=1)
    inside: npt.NDArray[np.int64] = np.clip(rects, 0, [width, height, width, height]).astype(np.int64)
    return inside


def masked_share(masks: FrameMasks, width: int, height: int) -> float:
    """Share of the image that is masked, to about a hundredth of a percent."""
    step = max(1, round(min(width, height) / 180))
    grid = np.zeros((-(-height // step), -(-width // step)), bool)
    rects = np.rint(snap_to_chroma(masks.boxes, width, height) / step).astype(np.int64)
    for x1, y1, x2, y2 in rects[_not_within_another(rects)].tolist():
        grid[y1:y2, x1:x2] = True
    return float(grid.mean())


def _not_within_another(rects: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Positions of the rectangles that lie within no other one; of equal ones the first."""
    x1, y1, x2, y2 = rects.T
    within = (x1[:, None] >= x1) & (y1[:, None] >= y1) & (x2[:, None] <= x2) & (y2[:, None] <= y2)
    # Two equal ones lie within one another; the later of them goes.
    within &= ~within.T | np.tri(len(rects), k=-1, dtype=bool)
    return np.flatnonzero(~within.any(axis=1))


def _parts(planes: Planes, rect: Rect) -> tuple[Plane, Plane, Plane]:
    x1, y1, x2, y2 = rect
    chroma = (slice(y1 // 2, (y2 + 1) // 2), slice(x1 // 2, (x2 + 1) // 2))
    return planes.y[y1:y2, x1:x2], planes.u[chroma], planes.v[chroma]


def _fill(planes: Planes, rect: Rect, label: Label, velocity: npt.NDArray[np.float32]) -> None:  # noqa: ARG001
    for part, value in zip(_parts(planes, rect), FILL, strict=True):
        part[...] = value


def _mosaic(planes: Planes, rect: Rect, label: Label, velocity: npt.NDArray[np.float32]) -> None:  # noqa: ARG001
    block = max(MIN_BLOCK_PX, -(-max(rect[2] - rect[0], rect[3] - rect[1]) // MOSAIC_BLOCKS))
    for part, size in zip(_parts(planes, rect), (block, (block + 1) // 2, (block + 1) // 2), strict=True):
        if not part.size:
            continue
        across, down = -(-part.shape[1] // size), -(-part.shape[0] // size)
        small = cv2.resize(part, (across, down), interpolation=cv2.INTER_AREA)
        part[...] = cv2.resize(small, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_NEAREST)


def _blur(planes: Planes, rect: Rect, label: Label, velocity: npt.NDArray[np.float32]) -> None:  # noqa: ARG001
    sigma = max(MIN_BLUR_PX, BLUR_SHARE * max(rect[2] - rect[0], rect[3] - rect[1]))
    for part, size in zip(_parts(planes, rect), (sigma, sigma / 2, sigma / 2), strict=True):
        if not part.size:
            continue
        # Shrunk first: a Gaussian of dozens of pixels is as strong on a quarter of them, and cheaper.
        shrink = max(1, int(size // 3))
        small_size = (max(1, part.shape[1] // shrink), max(1, part.shape[0] // shrink))
        small = cv2.resize(part, small_size, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small, (0, 0), size / shrink, borderType=cv2.BORDER_REPLICATE)
        part[...] = cv2.resize(soft, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)


def _silhouette(planes: Planes, rect: Rect, label: Label, velocity: npt.NDArray[np.float32]) -> None:
    _fill(planes, rect, label, velocity)
    canvas = np.zeros((rect[3] - rect[1], rect[2] - rect[0]), np.uint8)
    if not canvas.size:
        return
    _FIGURES[label](canvas)
    if label is Label.PERSON:
        _draw_direction(canvas, velocity)
    height, width = ((size + 1) // 2 for size in canvas.shape)
    chroma = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_NEAREST) > 0
    for part, mask, value in zip(_parts(planes, rect), (canvas > 0, chroma, chroma), FIGURE_COLORS[label], strict=True):
        part[mask[: part.shape[0], : part.shape[1]]] = value


def _draw_person(canvas: Plane) -> None:
    """Head, trunk and legs in the proportions of the box: upright, sitting or on a bicycle as the box is."""
    height, width = canvas.shape
    middle, head = width // 2, max(1, min(height // 9, width // 4))
    cv2.circle(canvas, (middle, head + height // 20), head, 255, -1)
    top, hips = 2 * head + height // 14, round(height * 0.58)
    shoulders = max(1, round(width * 0.3))
    trunk = np.array([(middle - shoulders, top), (middle + shoulders, top), (middle + shoulders * 2 // 3, hips),
                      (middle - shoulders * 2 // 3, hips)])  # fmt: skip
    cv2.fillConvexPoly(canvas, trunk.astype(np.int32), 255)
    leg = max(1, round(width * 0.16))
    for side in (-1, 1):
        foot = (middle + side * shoulders * 2 // 3, round(height * 0.97))
        cv2.line(canvas, (middle + side * leg // 2, hips), foot, 255, leg)


def _draw_face(canvas: Plane) -> None:
    height, width = canvas.shape
    cv2.ellipse(canvas, (width // 2, height // 2), (max(1, width // 3), max(1, height // 3)), 0, 0, 360, 255, -1)


def _draw_plate(canvas: Plane) -> None:
    height, width = canvas.shape
    cv2.rectangle(canvas, (width // 6, height // 5), (width * 5 // 6, height * 4 // 5), 255, -1)


def _draw_direction(canvas: Plane, velocity: npt.NDArray[np.float32]) -> None:
    """A wedge at the feet, in the direction of motion."""
    height, width = canvas.shape
    if abs(float(velocity[0])) < WEDGE_SPEED * height:
        return
    tip, side = (width - 1, -1) if velocity[0] > 0 else (0, 1)
    size = max(2, height // 10)
    wedge = [(tip, height - size), (tip + side * size, height - 1), (tip + side * size, height - 2 * size)]
    cv2.fillConvexPoly(canvas, np.array(wedge, np.int32), 255)


_FIGURES: Mapping[Label, Callable[[Plane], None]] = {
    Label.PERSON: _draw_person,
    Label.FACE: _draw_face,
    Label.PLATE: _draw_plate,
}
_STYLES: Mapping[RedactionStyle, Callable[[Planes, Rect, Label, npt.NDArray[np.float32]], None]] = {
    RedactionStyle.FILL: _fill,
    RedactionStyle.SILHOUETTE: _silhouette,
    RedactionStyle.MOSAIC: _mosaic,
    RedactionStyle.BLUR: _blur,
}
