"""Coordinate grid over a still image: lines with their fractions, and outlined polygons with their numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from pipeline.domain.frame import BgrImage

Color = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

_STEPS: Final = 10
_LEAST_SHORT_SIDE_PX: Final = 720
"""Smaller images are enlarged, so that the labels of neighboring lines do not touch."""
_DARK: Final[Color] = (18, 20, 24)
_LIGHT: Final[Color] = (250, 250, 250)
# Okabe & Ito (2008), as in annotated images.
_COLORS: Final[dict[str, Color]] = {"masks": (230, 159, 0), "ignore": (86, 180, 233)}
_OTHER: Final[Color] = (20, 190, 140)


@dataclass(frozen=True, slots=True)
class OutlinedPolygon:
    """A polygon of a camera's declaration.

    Attributes:
        key: of the configuration, such as ``masks``.
        number: position in the list of that key, from 0, as in messages about a configuration.
        corners: (x, y), 0 to 1 of the upright image, origin top left.
    """

    key: str
    number: int
    corners: Sequence[tuple[float, float]]

    @property
    def label(self) -> str:
        """Its name in messages: ``masks[0]``."""
        return f"{self.key}[{self.number}]"


def draw_coordinate_grid(image: BgrImage, polygons: Sequence[OutlinedPolygon]) -> BgrImage:
    """The image with a line at each tenth of its width and height, labeled with its fraction, and the polygons.

    Args:
        image: (height, width, 3) uint8, BGR, upright; not modified.
        polygons: drawn as outlines, each with its label.

    Returns:
        A new image of the same shape, or enlarged by a whole factor where its shorter side has under 720 pixels.
    """
    factor = -(-_LEAST_SHORT_SIDE_PX // min(image.shape[:2]))
    size = (image.shape[1] * factor, image.shape[0] * factor)
    enlarged = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) if factor > 1 else image
    canvas = _GridCanvas(Pil.fromarray(cv2.cvtColor(enlarged, cv2.COLOR_BGR2RGB)))
    canvas.lines()
    for polygon in polygons:
        canvas.outline(polygon)
    canvas.fractions()
    return np.asarray(cv2.cvtColor(np.asarray(canvas.image), cv2.COLOR_RGB2BGR), np.uint8)


class _GridCanvas:
    """An image to draw on; widths of lines and sizes of letters follow its shorter side."""

    def __init__(self, image: Pil.Image) -> None:
        self.image = image
        self._pen = ImageDraw.Draw(image, "RGBA")
        short = min(image.size)
        self._line = max(1, round(short / 720))
        self._font = ImageFont.load_default(max(14, round(short / 45)))

    def lines(self) -> None:
        """The lines, light with a dark rim, so that they are visible on any ground; the middle ones are thicker."""
        width, height = self.image.size
        for step in range(1, _STEPS):
            x, y = round(width * step / _STEPS), round(height * step / _STEPS)
            line = self._line * (2 if step == _STEPS // 2 else 1)
            for color, extra in ((*_DARK, 150), 2), ((*_LIGHT, 200), 0):
                self._pen.line([(x, 0), (x, height)], fill=color, width=line + extra)
                self._pen.line([(0, y), (width, y)], fill=color, width=line + extra)

    def fractions(self) -> None:
        """The fraction of each line: x at the top, y at the left."""
        width, height = self.image.size
        for step in range(1, _STEPS):
            text = f"{step / _STEPS:.1f}"
            self._chip((width * step / _STEPS, 0), text, _LIGHT, "ma")
            self._chip((0, height * step / _STEPS), text, _LIGHT, "lm")

    def outline(self, polygon: OutlinedPolygon) -> None:
        """The outline and label of a polygon; the label stands at its center."""
        width, height = self.image.size
        corners = [(min(x * width, width - 1), min(y * height, height - 1)) for x, y in polygon.corners]
        color = _COLORS.get(polygon.key, _OTHER)
        for shade, extra in (_DARK, 2), (color, 0):
            self._pen.line([*corners, corners[0]], fill=shade, width=3 * self._line + extra, joint="curve")
        center = (sum(x for x, _ in corners) / len(corners), sum(y for _, y in corners) / len(corners))
        self._chip(center, polygon.label, color, "mm")

    def _chip(self, at: tuple[float, float], text: str, color: Color, anchor: str) -> None:
        """A text on a ground of its own, inside the image."""
        pad = 3 * self._line
        left, top, right, bottom = self._pen.textbbox(at, text, font=self._font, anchor=anchor)
        dx = _shift(left - pad, right + pad, self.image.width)
        dy = _shift(top - pad, bottom + pad, self.image.height)
        box = (left + dx - pad, top + dy - pad, right + dx + pad, bottom + dy + pad)
        self._pen.rectangle(box, fill=color)
        self._pen.text((at[0] + dx, at[1] + dy), text, fill=_DARK, font=self._font, anchor=anchor)


def _shift(begin: float, end: float, size: int) -> float:
    """By how much a span moves so that it lies inside 0 to size, its begin first."""
    return -begin if begin < 0 else min(0.0, size - end)
