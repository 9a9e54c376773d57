"""Flat images of Brazilian plates, for the cars of the demo's scene.

Geometry and colors after CONTRAN resolution 969/2022, annex I (400 × 130 mm, blue band with BRASIL, white field,
black characters 65 mm high) and, for the gray plates issued before, resolution 231/2007 (63 mm characters, the town on
a strip above). The typeface is the free DejaVu Sans Bold drawn into cells of the right size, as the official
ones have no free license: close enough for a plate reader, not a copy of a plate.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TypeAlias

import numpy as np
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from pipeline.domain.frame import BgrImage
from pipeline.domain.plate import Layout, layout_of, normalize

WIDTH_MM, HEIGHT_MM = 400, 130
_PX_PER_MM = 2
_FONT = files("pipeline") / "resources" / "fonts" / "DejaVuSans-Bold.ttf"

_Color: TypeAlias = tuple[int, int, int]
_BLUE: _Color = (0, 48, 160)
_WHITE: _Color = (240, 241, 238)
_BLACK: _Color = (18, 18, 20)
_GRAY: _Color = (176, 180, 182)
_GREEN: _Color = (0, 140, 60)
_YELLOW: _Color = (250, 210, 0)


def render_plate(plate: str, town: str = "RS PORTO ALEGRE") -> BgrImage:
    """The image of a plate, (260, 800, 3) BGR: Mercosul for LLLNLNN, gray for everything else.

    Args:
        plate: the text, any spelling.
        town: state and town on the strip of a gray plate.
    """
    text = normalize(plate)
    mercosul = layout_of(text) is Layout.BR_MERCOSUL
    image = _mercosul(text) if mercosul else _gray(text, town)
    return np.ascontiguousarray(np.asarray(image)[:, :, ::-1])


def _mercosul(text: str) -> Pil.Image:
    image, draw = _blank(_WHITE)
    draw.rectangle(_px(0, 0, WIDTH_MM, 31), fill=_BLUE)
    _glyphs(image, "BRASIL", (150, 7, 250, 25), _WHITE, gap_mm=3)
    _flag(draw)
    draw.ellipse(_px(14, 11, 24, 21), outline=_WHITE, width=_PX_PER_MM * 2)
    draw.ellipse(_px(22, 11, 32, 21), outline=_GREEN, width=_PX_PER_MM * 2)
    _glyphs(image, "BR", (13, 104, 33, 117), _BLACK, gap_mm=2)
    _code(draw)
    _glyphs(image, text, (42, 46, 386, 111), _BLACK, gap_mm=9)
    return _framed(image, draw, _BLACK)


def _gray(text: str, town: str) -> Pil.Image:
    image, draw = _blank(_GRAY)
    width_mm = min(220, 9 * len(town))
    draw.rectangle(_px(200 - width_mm / 2 - 8, 9, 200 + width_mm / 2 + 8, 35), fill=(150, 154, 157))
    _glyphs(image, town, (200 - width_mm / 2, 14, 200 + width_mm / 2, 30), _BLACK, gap_mm=2)
    letters, digits = text[:3], text[3:]
    _glyphs(image, letters, (20, 47, 164, 110), _BLACK, gap_mm=9)
    draw.ellipse(_px(175, 73, 187, 85), fill=_BLACK)
    _glyphs(image, digits, (198, 47, 382, 110), _BLACK, gap_mm=9)
    return _framed(image, draw, (90, 92, 95))


def _blank(color: _Color) -> tuple[Pil.Image, ImageDraw.ImageDraw]:
    image = Pil.new("RGB", (WIDTH_MM * _PX_PER_MM, HEIGHT_MM * _PX_PER_MM), color)
    return image, ImageDraw.Draw(image)


def _framed(image: Pil.Image, draw: ImageDraw.ImageDraw, color: _Color) -> Pil.Image:
    draw.rounded_rectangle(_px(1, 1, WIDTH_MM - 1, HEIGHT_MM - 1), 8 * _PX_PER_MM, outline=color, width=_PX_PER_MM)
    return image


def _px(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float, float, float]:
    return x1 * _PX_PER_MM, y1 * _PX_PER_MM, x2 * _PX_PER_MM, y2 * _PX_PER_MM


def _flag(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle(_px(356, 6, 386, 26), fill=_GREEN)
    draw.polygon([(x * _PX_PER_MM, y * _PX_PER_MM) for x, y in ((371, 8), (384, 16), (371, 24), (358, 16))], _YELLOW)
    draw.ellipse(_px(366, 11, 376, 21), fill=_BLUE)


def _code(draw: ImageDraw.ImageDraw) -> None:
    """A random pattern in place of the two-dimensional code on the left."""
    noise = np.random.default_rng(969).random((9, 9)) < 0.5
    for row, column in np.argwhere(noise):
        draw.rectangle(_px(13 + column * 2, 42 + row * 2, 15 + column * 2, 44 + row * 2), fill=_BLACK)


def _glyphs(
    image: Pil.Image, text: str, box_mm: tuple[float, float, float, float], color: _Color, gap_mm: float
) -> None:
    """Each character stretched into its own cell of the box, as plates are stamped."""
    x1, y1, x2, y2 = box_mm
    cell_mm = (x2 - x1 + gap_mm) / max(len(text), 1) - gap_mm
    for position, character in enumerate(text):
        if character == " ":
            continue
        left_mm = x1 + position * (cell_mm + gap_mm)
        # I and 1 are narrow, in the middle of the cell.
        width_mm = cell_mm * (0.34 if character == "I" else 0.72 if character == "1" else 1.0)
        left_mm += (cell_mm - width_mm) / 2
        size = (max(1, round(width_mm * _PX_PER_MM)), max(1, round((y2 - y1) * _PX_PER_MM)))
        stencil = _stencil(character).resize(size, Pil.Resampling.LANCZOS)
        image.paste(color, (round(left_mm * _PX_PER_MM), round(y1 * _PX_PER_MM)), stencil)


@cache
def _stencil(character: str) -> Pil.Image:
    """The ink of one character, cropped to itself."""
    font = ImageFont.truetype(BytesIO(_FONT.read_bytes()), 200)
    left, top, right, bottom = font.getbbox(character)
    stencil = Pil.new("L", (int(right - left), int(bottom - top)), 0)
    ImageDraw.Draw(stencil).text((-left, -top), character, fill=255, font=font)
    return stencil
