"""The mark that is burnt into every image: who gave it away, from where, when and under which number."""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from pipeline.anonymize.settings import MarkText
from pipeline.domain.video import Planes

_FONT = files("pipeline") / "resources" / "fonts" / "Roboto-Medium.ttf"
"""Pillow's own font lacks the accents of Portuguese."""
_LEAST_PX = 10
"""Of letters; smaller ones do not survive the encoder."""
_SHARE = 1 / 32
"""Of the image's height, for letters."""
_MOST = 0.5
"""Of the image's height, for all lines."""
_GROUND, _INK = 24, 235
_SEPARATOR = "  ·  "


class Mark:
    """A strip along the lower edge, as opaque as the covers; as many lines as its text needs at this width.

    Args:
        text: what it says.
        width, height: pixels of the image.
    """

    def __init__(self, text: MarkText, width: int, height: int) -> None:
        letters = max(_LEAST_PX, round(height * _SHARE))
        font = ImageFont.truetype(BytesIO(_FONT.read_bytes()), letters)
        pad = max(2, letters // 3)
        lines = _lines(text.parts(), font, max(1, width - 2 * pad))
        line_px = round(letters * 1.35)
        if len(lines) * line_px + pad > height * _MOST:  # a tiny image: the number leads to all the rest
            lines = _lines(text.parts()[-1:], font, max(1, width - 2 * pad))
        widest = max((font.getlength(line) for line in lines), default=0)
        strip_width = min(width, (round(widest) + 2 * pad + 1) // 2 * 2)
        strip_height = min(height, (len(lines) * line_px + pad + 1) // 2 * 2)
        strip = Pil.new("L", (strip_width, strip_height), _GROUND)
        pen = ImageDraw.Draw(strip)
        for number, line in enumerate(lines):
            pen.text((pad, pad // 2 + number * line_px), line, fill=_INK, font=font)
        self._strip: npt.NDArray[np.uint8] = np.asarray(strip, np.uint8)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self._strip.shape
        return width, height

    def burn(self, planes: Planes) -> None:
        """Draw it into the planes of an image, in place."""
        width, height = self.size
        top = (planes.y.shape[0] - height) // 2 * 2
        planes.y[top : top + height, :width] = self._strip
        for chroma in (planes.u, planes.v):
            chroma[top // 2 : (top + height + 1) // 2, : (width + 1) // 2] = 128


def _lines(parts: list[str], font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The parts, as many to a line as fit; one that is too long by itself is broken between words, then letters."""
    pieces = [piece for part in parts for piece in _broken(part, font, width)]
    lines: list[str] = []
    for piece in pieces:
        joined = f"{lines[-1]}{_SEPARATOR}{piece}" if lines else piece
        if lines and font.getlength(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(piece)
    return lines


def _broken(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    found: list[str] = []
    rest = " ".join(text.split())
    while rest:
        end = len(rest)
        while end > 1 and font.getlength(rest[:end]) > width:
            blank = rest.rfind(" ", 1, end)
            end = blank if blank > 0 else end - 1
        found.append(rest[:end].strip())
        rest = rest[end:].strip()
    return found
