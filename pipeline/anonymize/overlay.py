"""The overlay that is burnt into every image: institution, place, date and number of the disclosure."""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image as Pil
from PIL import ImageDraw, ImageFont

from pipeline.domain.redaction import OverlayText
from pipeline.domain.video import Planes

_FONT = files("pipeline") / "resources" / "fonts" / "Roboto-Medium.ttf"
"""Pillow's own font lacks the accents of Portuguese."""
_MIN_LETTER_PX = 10
"""Smaller letters do not survive the encoder."""
_LETTER_SHARE = 1 / 32
"""Height of letters as a share of the image's."""
_MAX_SHARE = 0.5
"""Height of all lines as a share of the image's."""
_BACKGROUND, _TEXT = 24, 235
_SEPARATOR = "  ·  "


class Overlay:
    """An opaque strip along the lower edge, with as many lines as its text needs at this width.

    Args:
        text: the text.
        width, height: pixels of the image.
    """

    def __init__(self, text: OverlayText, width: int, height: int) -> None:
        self._image_height = height
        letters = max(_MIN_LETTER_PX, round(height * _LETTER_SHARE))
        font = ImageFont.truetype(BytesIO(_FONT.read_bytes()), letters)
        pad = max(2, letters // 3)
        lines = _lines(text.parts(), font, max(1, width - 2 * pad))
        line_px = round(letters * 1.35)
        if len(lines) * line_px + pad > height * _MAX_SHARE:  # a tiny image: the number leads to all other facts
            lines = _lines(text.parts()[-1:], font, max(1, width - 2 * pad))
        widest = max((font.getlength(line) for line in lines), default=0)
        strip_width = min(width, (round(widest) + 2 * pad + 1) // 2 * 2)
        strip_height = min(height, (len(lines) * line_px + pad + 1) // 2 * 2)
        strip = Pil.new("L", (strip_width, strip_height), _BACKGROUND)
        pen = ImageDraw.Draw(strip)
        for number, line in enumerate(lines):
            pen.text((pad, pad // 2 + number * line_px), line, fill=_TEXT, font=font)
        self._strip: npt.NDArray[np.uint8] = np.asarray(strip, np.uint8)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self._strip.shape
        return width, height

    @property
    def box(self) -> npt.NDArray[np.float32]:
        """(1, 4) where `draw` draws it, xyxy in pixels."""
        width, height = self.size
        top = (self._image_height - height) // 2 * 2
        return np.array([[0, top, width, top + height]], np.float32)

    def draw(self, planes: Planes) -> None:
        """Draw the overlay into the planes of an image, in place."""
        width, height = self.size
        top = (planes.y.shape[0] - height) // 2 * 2
        planes.y[top : top + height, :width] = self._strip
        for chroma in (planes.u, planes.v):
            chroma[top // 2 : (top + height + 1) // 2, : (width + 1) // 2] = 128


def _lines(parts: list[str], font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The parts, as many to a line as fit; a part that is too long is broken between words, else between letters."""
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
