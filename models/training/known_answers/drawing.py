"""Synthetic persons and faces with soft shading, for images with a known answer; no real person is depicted.

Shapes are filled at `_OVERSAMPLING` times the size and scaled down. Colors are BGR, 0 to 255.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

_OVERSAMPLING: Final = 4
Color: TypeAlias = tuple[float, float, float]
Points: TypeAlias = npt.NDArray[np.float64]
Sprite: TypeAlias = npt.NDArray[np.uint8]
"""(height, width, 4) uint8, BGR and opacity."""


@dataclass(frozen=True, slots=True)
class Person:
    """Colors of a person."""

    skin: Color = (120, 160, 215)
    hair: Color = (25, 30, 40)
    shirt: Color = (60, 60, 190)
    trousers: Color = (90, 60, 40)
    shoes: Color = (30, 30, 35)


def draw_person(height: int, colors: Person) -> Sprite:
    """A standing person seen from the front, `height` pixels tall."""
    unit = height / 200
    canvas = _Canvas(round(110 * unit), height)
    center = 55 * unit

    def at(x: float, y: float) -> tuple[float, float]:
        return center + x * unit, y * unit

    _draw_arm(canvas, -1, unit, colors)
    for side, light in ((-1, 0.75), (1, 1.0)):
        hip, knee, ankle = at(7 * side, 100), at(11 * side, 142), at(12 * side, 184)
        canvas.fill(_limb(hip, knee, 11 * unit, 8.5 * unit), _lit(colors.trousers, light), 0.35)
        canvas.fill(_limb(knee, ankle, 8 * unit, 6 * unit), _lit(colors.trousers, light), 0.35)
        canvas.fill(_limb(at(11 * side, 190), at(19 * side, 192), 5 * unit, 4 * unit), colors.shoes)
    torso = [(-22, 42), (-8, 36), (8, 36), (22, 42), (20, 60), (17, 84), (18, 106), (-18, 106), (-17, 84), (-20, 60)]
    canvas.fill([at(*point) for point in torso], colors.shirt, 0.35)
    hem = [(-17, 88), (17, 88), (18, 104), (-18, 104)]
    canvas.fill([at(*point) for point in hem], _lit(colors.shirt, 0.85), 0.35, edge=4)
    belt = [(-18, 102), (18, 102), (18, 108), (-18, 108)]
    canvas.fill([at(*point) for point in belt], _lit(colors.trousers, 0.6), 0.3)
    _draw_arm(canvas, 1, unit, colors)
    canvas.fill(_limb(at(0, 28), at(0, 40), 6 * unit, 7 * unit), _lit(colors.skin, 0.75))
    _draw_head(canvas, center, 20 * unit, 10.5 * unit, colors)
    return canvas.sprite()


def draw_face(width: int, colors: Person) -> Sprite:
    """Head and shoulders from the front; the face is `width` pixels wide."""
    side = round(1.9 * width)
    canvas = _Canvas(side, side)
    center, half = side / 2, 0.45 * width
    outline = [(-1.9, 0), (-1.8, 0.75), (-0.6, 1.25), (0.6, 1.25), (1.8, 0.75), (1.9, 0)]
    canvas.fill([(center + x * half, side - y * half) for x, y in outline], colors.shirt, 0.3)
    neck = _limb((center, side - 1.9 * half), (center, side - half), 0.55 * half, 0.6 * half)
    canvas.fill(neck, _lit(colors.skin, 0.72))
    _draw_head(canvas, center, 0.85 * width, half, colors)
    return canvas.sprite()


def paste(image: npt.NDArray[np.uint8], sprite: Sprite, x: int, y: int) -> None:
    """Draw a sprite into a BGR image, its top left corner at (x, y)."""
    height, width = sprite.shape[:2]
    opacity = sprite[..., 3:].astype(np.float64) / 255
    part = image[y : y + height, x : x + width]
    part[:] = np.rint(part * (1 - opacity) + sprite[..., :3] * opacity).astype(np.uint8)


@dataclass(slots=True)
class _Canvas:
    width: int
    height: int
    _color: npt.NDArray[np.float64] = field(init=False)
    _opacity: npt.NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.height * _OVERSAMPLING, self.width * _OVERSAMPLING)
        self._color, self._opacity = np.zeros((*shape, 3)), np.zeros(shape)

    def fill(
        self, outline: Points | Sequence[tuple[float, float]], color: Color, shading: float = 0.25, *, edge: float = 1.5
    ) -> None:
        """Fill an outline.

        Args:
            outline: (n, 2) pixels of the finished sprite.
            color: in the light.
            shading: how much darker it is at its sides.
            edge: softness of the border, in oversampled pixels.
        """
        mask = np.zeros(self._opacity.shape, np.uint8)
        cv2.fillPoly(mask, [np.rint(np.asarray(outline) * _OVERSAMPLING).astype(np.int32)], 255, cv2.LINE_AA)
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return
        part = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
        across = np.linspace(-1, 1, part[1].stop - part[1].start)[None]
        down = np.linspace(-1, 1, part[0].stop - part[0].start)[:, None]
        light = 1 - shading * (0.9 * across**2 + 0.25 * across) - 0.1 * down
        opacity = (cv2.GaussianBlur(mask, (0, 0), edge)[part] / 255)[..., None]
        self._color[part] = (
            self._color[part] * (1 - opacity) + np.clip(np.array(color) * light[..., None], 0, 255) * opacity
        )
        self._opacity[part] = np.maximum(self._opacity[part], opacity[..., 0] * 255)

    def sprite(self) -> Sprite:
        """Scaled down."""
        whole = np.dstack([self._color, self._opacity])
        return np.clip(cv2.resize(whole, (self.width, self.height), interpolation=cv2.INTER_AREA), 0, 255).astype(
            np.uint8
        )


def _draw_arm(canvas: _Canvas, side: int, unit: float, colors: Person) -> None:
    """The arm on the left (-1), which lies in the shade, or on the right (1)."""
    light = 0.7 if side < 0 else 0.95
    shoulder, elbow, wrist, hand = (
        ((55 + x * side) * unit, y * unit) for x, y in ((17, 46), (25.5, 77), (22, 103), (21.5, 107.5))
    )
    canvas.fill(_limb(shoulder, elbow, 7.2 * unit, 6 * unit), _lit(colors.shirt, light))
    canvas.fill(_limb(elbow, wrist, 5 * unit, 4 * unit), _lit(colors.skin, light))
    canvas.fill(_ellipse(hand, 4.3 * unit, 6.3 * unit), _lit(colors.skin, light))


def _draw_head(canvas: _Canvas, x: float, y: float, half: float, colors: Person) -> None:
    skin, hair = colors.skin, colors.hair
    canvas.fill(_ellipse((x, y - 0.35 * half), 1.12 * half, 1.25 * half), hair, 0.3)
    for side, light in ((-1, 0.8), (1, 0.75)):
        canvas.fill(_ellipse((x + side * half, y + 0.1 * half), 0.18 * half, 0.3 * half), _lit(skin, light))
    canvas.fill(_ellipse((x, y + 0.05 * half), 0.98 * half, 1.32 * half), skin, 0.3, edge=2)
    canvas.fill(_ellipse((x, y - 0.95 * half), 0.95 * half, 0.55 * half, 180, 360), hair, 0.3)
    for side in (-1, 1):
        _draw_eye(canvas, (x + side * 0.4 * half, y - 0.12 * half), half, side, colors)
    nose = [(-0.06, -0.1), (0.06, -0.1), (0.2, 0.36), (-0.2, 0.36)]
    canvas.fill([(x + dx * half, y + dy * half) for dx, dy in nose], _lit(skin, 0.92), edge=5)
    canvas.fill(_ellipse((x, y + 0.36 * half), 0.2 * half, 0.1 * half), _lit(skin, 0.86), edge=3)
    for side in (-1, 1):
        canvas.fill(_ellipse((x + side * 0.1 * half, y + 0.42 * half), 0.06 * half, 0.035 * half), _lit(skin, 0.45))
    canvas.fill(_ellipse((x, y + 0.76 * half), 0.36 * half, 0.14 * half), (90, 85, 170), 0.1, edge=2)
    canvas.fill(_ellipse((x, y + 0.755 * half), 0.34 * half, 0.022 * half), (40, 35, 80), 0, edge=1.2)
    canvas.fill(_ellipse((x, y + 1.02 * half), 0.3 * half, 0.06 * half), _lit(skin, 0.85), edge=4)


def _draw_eye(canvas: _Canvas, center: tuple[float, float], half: float, side: int, colors: Person) -> None:
    x, y = center
    canvas.fill(_ellipse((x, y - 0.02 * half), 0.27 * half, 0.17 * half), _lit(colors.skin, 0.72), edge=3)
    canvas.fill(_ellipse((x, y), 0.2 * half, 0.095 * half), (235, 235, 238), 0.1, edge=1)
    canvas.fill(_ellipse((x, y), 0.095 * half, 0.095 * half), (35, 45, 70), 0, edge=1)
    canvas.fill(_ellipse((x, y), 0.045 * half, 0.045 * half), (10, 10, 10), 0, edge=1)
    canvas.fill(_ellipse((x - 0.03 * half, y - 0.03 * half), 0.02 * half, 0.02 * half), (255, 255, 255), 0, edge=0.8)
    brow = [(-0.27, -0.24), (0.02 * side, -0.33), (0.27, -0.24), (0.25, -0.17), (0.0, -0.25), (-0.25, -0.17)]
    canvas.fill([(x + dx * half, y + dy * half) for dx, dy in brow], _lit(colors.hair, 0.9), 0)


def _lit(color: Color, light: float) -> Color:
    return color[0] * light, color[1] * light, color[2] * light


def _ellipse(center: tuple[float, float], rx: float, ry: float, first_deg: float = 0, last_deg: float = 360) -> Points:
    angles = np.radians(np.linspace(first_deg, last_deg, 60))
    return np.stack([center[0] + rx * np.cos(angles), center[1] + ry * np.sin(angles)], axis=1)


def _limb(first: tuple[float, float], last: tuple[float, float], first_radius: float, last_radius: float) -> Points:
    """A stadium with two radii."""
    begin, end = np.array(first), np.array(last)
    across = np.arctan2(end[0] - begin[0], -(end[1] - begin[1]))

    def cap(center: Points, radius: float, start: float) -> Points:
        angles = start + np.linspace(0, np.pi, 20)
        return center + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    return np.vstack([cap(begin, first_radius, across), cap(end, last_radius, across + np.pi)])
