"""Mesh of a car from small shaded quadrilaterals, detailed enough for a detector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.demo.camera_model import Points, PoleCamera
from pipeline.demo.plate_image import HEIGHT_MM, WIDTH_MM
from pipeline.domain.frame import BgrImage

Color: TypeAlias = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""

LENGTH_M = 3.95
_HALF_WIDTH_M = 0.86
_WHEEL_RADIUS_M = 0.31
_AXLES_M = (0.72, 3.12)
_PLATE_CENTER_M = 0.70
_SUN = np.array([-0.45, -0.55, 0.70])
_GLASS: Color = (46, 40, 36)
_PLASTIC: Color = (38, 38, 38)
_LAMP: Color = (38, 30, 190)
_RUBBER: Color = (28, 28, 28)
_FIXED_POINT_BITS = 4
_RIM: Color = (165, 165, 160)


class _Slice(NamedTuple):
    """The outline of the body at one height: meters above the road, rear end, front end, half of the width."""

    z: float
    rear: float
    front: float
    half: float


_HATCHBACK = (
    _Slice(0.20, 0.10, 3.84, 0.78),
    _Slice(0.30, 0.02, 3.92, 0.84),
    _Slice(0.42, 0.00, 3.95, 0.86),
    _Slice(0.52, 0.00, 3.95, 0.86),
    _Slice(0.57, 0.05, 3.93, 0.86),
    _Slice(0.68, 0.06, 3.90, 0.86),
    _Slice(0.80, 0.06, 3.76, 0.86),
    _Slice(0.90, 0.08, 3.05, 0.85),
    _Slice(0.96, 0.10, 2.86, 0.83),
    _Slice(1.06, 0.15, 2.66, 0.80),
    _Slice(1.16, 0.21, 2.45, 0.77),
    _Slice(1.26, 0.28, 2.24, 0.73),
    _Slice(1.36, 0.36, 2.04, 0.69),
    _Slice(1.42, 0.44, 1.92, 0.65),
    _Slice(1.46, 0.56, 1.76, 0.56),
    _Slice(1.48, 0.80, 1.50, 0.32),
    _Slice(1.485, 1.1, 1.2, 0.02),
)


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """Quadrilaterals of a car that stands with its rear at the origin.

    Attributes:
        corners: (n, 4, 3) float64, meters.
        normals: (n, 3) float64, outwards, length 1.
        materials: (n,) int, index into `Car.palette`.
    """

    corners: npt.NDArray[np.float64]
    normals: npt.NDArray[np.float64]
    materials: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Car:
    """A car to draw.

    Attributes:
        paint: color of its body.
        plate: image of its plate, see `pipeline.demo.plate_image`.
    """

    paint: Color
    plate: BgrImage

    def palette(self) -> npt.NDArray[np.float64]:
        """Colors by material: paint, glass, plastic, lamp, rubber, rim."""
        return np.array([self.paint, _GLASS, _PLASTIC, _LAMP, _RUBBER, _RIM], dtype=np.float64)


def draw_car(canvas: BgrImage, camera: PoleCamera, car: Car, x_m: float, y_m: float) -> None:
    """Draw a car, its shadow and its plate into an image.

    Args:
        canvas: (height, width, 3) BGR, written into.
        camera: the camera.
        car: the car.
        x_m, y_m: the middle of its rear end on the road; the whole car is before the camera.
    """
    place = np.array([x_m, y_m, 0.0])
    _draw_shadow(canvas, camera, place)
    mesh = _mesh()
    corners = mesh.corners + place
    centers = corners.mean(axis=1)
    towards = camera.position() - centers
    distance_m = np.linalg.norm(towards, axis=1)
    visible = np.flatnonzero((mesh.normals * towards).sum(axis=1) > 0)
    pixels = camera.project(corners.reshape(-1, 3)).reshape(-1, 4, 2)
    colors = _shade(mesh, car.palette(), towards / distance_m[:, None])
    # Fractions of a pixel, so that a slowly moving edge does not jump.
    fixed = np.round(pixels * 2**_FIXED_POINT_BITS).astype(np.int32)
    shades = colors.tolist()
    for index in visible[np.argsort(-distance_m[visible])]:
        _fill(canvas, fixed[index], shades[index])
    _draw_plate(canvas, camera, car.plate, place)


def plate_corners(x_m: float, y_m: float) -> Points:
    """Corners of the plate of a car at this place, (4, 3) meters: top left, top right, bottom right, bottom left."""
    half_m, high_m = WIDTH_MM / 2000, HEIGHT_MM / 2000
    signs = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]])
    x = x_m + signs[:, 0] * half_m
    z = _PLATE_CENTER_M + signs[:, 1] * high_m
    return np.stack((x, np.full(4, y_m + 0.03), z), axis=1)


def _shade(mesh: Mesh, palette: npt.NDArray[np.float64], view: Points) -> npt.NDArray[np.float64]:
    """Color of each quadrilateral: sunlight and sky on matt paint, and the sky mirrored where the angle fits."""
    sun = _SUN / np.linalg.norm(_SUN)
    sunlight = np.clip(mesh.normals @ sun, 0, None)
    sky = 0.5 + 0.5 * mesh.normals[:, 2]
    matt = palette[mesh.materials] * (0.34 + 0.42 * sunlight + 0.34 * sky)[:, None]
    mirrored = 2 * (mesh.normals * view).sum(axis=1)[:, None] * mesh.normals - view
    gloss = np.array([0.30, 0.55, 0.06, 0.25, 0.0, 0.15])[mesh.materials]
    shine = gloss * np.clip(mirrored[:, 2], 0, 1) ** 2
    glint = gloss * np.clip(mirrored @ sun, 0, 1) ** 24
    white = np.array([235.0, 225.0, 215.0])
    shaded: npt.NDArray[np.float64] = np.clip(
        matt * (1 - shine[:, None]) + white * (shine * 0.8 + glint)[:, None], 0, 255
    )
    return shaded


def _fill(canvas: BgrImage, fixed: npt.NDArray[np.int32], shade: Sequence[float]) -> None:
    cv2.fillConvexPoly(canvas, fixed, shade, cv2.LINE_AA, _FIXED_POINT_BITS)
    # Neighbors share an edge; without a hairline of its own color each, the road shines through.
    cv2.polylines(canvas, [fixed], True, shade, 1, cv2.LINE_AA, _FIXED_POINT_BITS)


def _draw_shadow(canvas: BgrImage, camera: PoleCamera, place: Points) -> None:
    ground = np.array([[-0.95, -0.12, 0], [1.15, -0.02, 0], [1.15, LENGTH_M, 0], [-0.95, LENGTH_M, 0]])
    pixels = camera.project(ground + place)
    blur = max(8, int(np.ptp(pixels[:, 0]) / 14))
    part, origin = _window(canvas, pixels, margin=blur)
    if part.size == 0:
        return
    # A soft edge needs no fine mask: blurred at a quarter of the size.
    mask = np.zeros((part.shape[0] // 4 + 1, part.shape[1] // 4 + 1), np.float32)
    cv2.fillConvexPoly(mask, np.round((pixels - origin) / 4).astype(np.int32), 0.68)
    mask = cv2.GaussianBlur(mask, (0, 0), blur / 16)
    light = cv2.merge([1 - cv2.resize(mask, (part.shape[1], part.shape[0]))] * 3)
    part[:] = cv2.multiply(part, light, dtype=cv2.CV_8U)


def _draw_plate(canvas: BgrImage, camera: PoleCamera, plate: BgrImage, place: Points) -> None:
    pixels = camera.project(plate_corners(place[0], place[1]))
    part, origin = _window(canvas, pixels, margin=2)
    if part.size == 0:
        return
    target = (pixels - origin).astype(np.float32)
    # Shrink first by area: a warp alone would skip most pixels of the plate and make the characters flicker.
    width = max(8, round(float(np.linalg.norm(target[1] - target[0]))))
    height = max(3, round(float(np.linalg.norm(target[3] - target[0]))))
    small = cv2.resize(plate, (width, height), interpolation=cv2.INTER_AREA)
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (part.shape[1], part.shape[0])
    coverage = cv2.warpPerspective(np.ones((height, width), np.float32), matrix, size)[:, :, None]
    warped = cv2.warpPerspective(small, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    part[:] = (part * (1 - coverage) + warped * 0.94 * coverage).astype(np.uint8)


def _window(canvas: BgrImage, pixels: Points, margin: int) -> tuple[BgrImage, Points]:
    """The part of the image around some points, as a view, and the pixel at its top left; empty when outside."""
    limits = np.array([canvas.shape[1], canvas.shape[0]])
    first = np.clip(np.floor(pixels.min(axis=0)).astype(int) - margin, 0, limits)
    last = np.clip(np.ceil(pixels.max(axis=0)).astype(int) + margin, 0, limits)
    return canvas[first[1] : last[1], first[0] : last[0]], first.astype(np.float64)


@cache
def _mesh() -> Mesh:
    """The body with its wheels."""
    parts = [_body(), *(_wheel(side, axle) for side in (-1, 1) for axle in _AXLES_M)]
    corners = np.concatenate([part[0] for part in parts])
    materials = np.concatenate([part[1] for part in parts])
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return Mesh(corners, normals / np.where(length > 0, length, 1), materials)


def _body() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Cross-sections, one above the other, each a superellipse: a rectangle with round corners."""
    slices = np.array(_HATCHBACK)
    heights = np.unique(
        np.concatenate([np.linspace(a, b, 3) for a, b in zip(slices[:-1, 0], slices[1:, 0], strict=True)])
    )
    rear, front, half = (np.interp(heights, slices[:, 0], slices[:, column]) for column in (1, 2, 3))
    angle = np.linspace(0, 2 * np.pi, 81)
    power = 2 / 7
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** power
    along = np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** power
    x = half[:, None] * across
    y = ((rear + front) / 2)[:, None] + ((front - rear) / 2)[:, None] * along
    sections = np.stack((x, y, np.broadcast_to(heights[:, None], x.shape)), axis=2)
    corners = np.stack((sections[:-1, :-1], sections[:-1, 1:], sections[1:, 1:], sections[1:, :-1]), axis=2).reshape(
        -1, 4, 3
    )
    return corners, _body_materials(corners.mean(axis=1), rear=np.interp(corners.mean(axis=1)[:, 2], heights, rear))


def _body_materials(center: Points, rear: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    x, y, z = np.abs(center[:, 0]), center[:, 1], center[:, 2]
    at_rear = y < rear + 0.09
    window_height = (z > 0.96) & (z < 1.37)
    half = np.interp(z, [s.z for s in _HATCHBACK], [s.half for s in _HATCHBACK])
    rear_window = at_rear & window_height & (x < half - 0.10) & (z > 1.00)
    # Doors end at the pillars: behind the rear seats, between the doors, at the windscreen.
    side = (x > half - 0.05) & window_height & (np.abs(y - 1.45) > 0.05) & (y > 0.75)
    windscreen = (y > 1.9) & window_height & (x < half - 0.06)
    lamps = (y < rear + 0.25) & (z > 0.66) & (z < 0.94) & (x > 0.60)
    sill = z < 0.36
    wheel = np.hypot(y[:, None] - np.array(_AXLES_M), z[:, None] - _WHEEL_RADIUS_M).min(axis=1)
    arch = (x > half - 0.08) & (wheel < _WHEEL_RADIUS_M + 0.05)
    return np.select([arch, rear_window | side | windscreen, lamps, sill], [4, 1, 3, 2], default=0)


def _wheel(side: int, axle_m: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """A tire's tread and the disc on its outside."""
    turn = np.linspace(0, 2 * np.pi, 25)
    y, z = np.cos(turn), np.sin(turn)
    outer, inner = side * (_HALF_WIDTH_M + 0.01), side * (_HALF_WIDTH_M - 0.19)

    def circle(x: float, radius: float) -> Points:
        return np.stack((np.full(25, x), axle_m + radius * y, _WHEEL_RADIUS_M + radius * z), axis=1)

    def band(first: Points, second: Points) -> npt.NDArray[np.float64]:
        quads = np.stack((first[:-1], first[1:], second[1:], second[:-1]), axis=1)
        return quads[:, ::-1] if side < 0 else quads

    tire, rim = circle(outer, _WHEEL_RADIUS_M), circle(outer, 0.20)
    bands = [band(circle(inner, _WHEEL_RADIUS_M), tire)[:, ::-1], band(tire, rim), band(rim, circle(outer, 0.01))]
    materials = np.repeat([4, 4, 5], [len(quads) for quads in bands])
    return np.concatenate(bands), materials
