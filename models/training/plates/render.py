"""Rendering of Brazilian plates: CONTRAN resolution 969/2022 (Mercosul) and the layout before it, cars and motorcycles.

Geometry in millimeters: car 400 × 130, motorcycle 200 × 170 (both layouts); a pixel per millimeter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from models.training.degrade import Image

_SCALE: Final = 1
_FOLDERS: Final = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_WANTED: Final = (
    "DejaVuSansCondensed-Bold", "DejaVuSans-Bold", "LiberationSansNarrow-Bold", "LiberationSans-Bold", "BebasNeue-Bold",
    "BebasNeue-Regular", "Roboto-Bold", "RobotoCondensed-Bold", "RobotoCondensed-Regular", "OpenSans-CondBold",
    "OpenSans-Bold", "NimbusSansNarrow-Bold", "Play-Bold", "UbuntuTitling-Bold", "DejaVuSansMono-Bold",
)  # fmt: skip
"""Free fonts with plain capitals; none is the plates' own (Mandatory, FE-Schrift), which is why there are many."""


@dataclass(frozen=True)
class Style:
    """Colors as BGR."""

    ground: tuple[int, int, int]
    ink: tuple[int, int, int]


BLACK, WHITE, GRAY = (25, 25, 25), (245, 245, 245), (175, 172, 168)
OLD_STYLES: Final = (
    (0.52, Style(GRAY, BLACK)),  # private
    (0.26, Style((40, 35, 190), WHITE)),  # hire
    (0.07, Style(WHITE, BLACK)),  # official
    (0.03, Style(WHITE, (40, 35, 190))),  # learner
    (0.06, Style(BLACK, GRAY)),  # collection
    (0.03, Style((150, 60, 30), WHITE)),  # diplomatic
    (0.03, Style((70, 110, 30), WHITE)),  # manufacturers' trials
)
MERCOSUL_STYLES: Final = (
    (0.70, Style(WHITE, BLACK)),  # private
    (0.12, Style(WHITE, (45, 35, 185))),  # commercial
    (0.06, Style(WHITE, (150, 70, 25))),  # official
    (0.05, Style(WHITE, (70, 130, 30))),  # special
    (0.04, Style(WHITE, (40, 150, 200))),  # diplomatic
    (0.03, Style(WHITE, (130, 130, 130))),  # collection
)
_STATES: Final = ("SP", "RJ", "MG", "RS", "PR", "SC", "BA", "PE", "CE", "GO", "MT", "MS", "ES", "PA", "AM", "DF")
TOWNS: Final = ("SAO PAULO", "CURITIBA", "CUIABA", "PORTO ALEGRE", "BELO HORIZONTE", "RECIFE", "SORRISO", "CAMPINAS")


@lru_cache(maxsize=1)
def fonts() -> tuple[str, ...]:
    """Files of the fonts that are installed.

    Raises:
        FileNotFoundError: none is.
    """
    found = {path.stem: str(path) for folder in _FOLDERS for path in folder.rglob("*.[ot]tf")}
    chosen = tuple(found[name] for name in _WANTED if name in found)
    if not chosen:
        raise FileNotFoundError(
            f"none of the fonts {', '.join(_WANTED)} is installed; apt-get install fonts-dejavu-core fonts-liberation"
        )
    return chosen


@lru_cache(maxsize=512)
def type_of(path: str, height: int) -> ImageFont.FreeTypeFont:
    """The font in which capitals are `height` pixels high."""
    probe = ImageFont.truetype(path, 100)
    top, bottom = probe.getbbox("H")[1], probe.getbbox("H")[3]
    return ImageFont.truetype(path, max(6, round(100 * height / (bottom - top))))


def any_font(rng: np.random.Generator) -> str:
    """The file of one of the fonts."""
    return str(rng.choice(fonts()))


class Sheet:
    """A plate's blank and what is painted on it, in millimeters."""

    def __init__(self, width: int, height: int, ground: tuple[int, int, int]) -> None:
        self._image = Pillow.new("RGB", (width * _SCALE, height * _SCALE), ground[::-1])
        self._draw = ImageDraw.Draw(self._image)

    def box(self, x: float, y: float, width: float, height: float, color: tuple[int, int, int]) -> None:
        """A filled rectangle."""
        self._draw.rectangle([v * _SCALE for v in (x, y, x + width, y + height)], fill=color[::-1])

    def frame(self, color: tuple[int, int, int], thick: int) -> None:
        """The border around the plate."""
        width, height = self._image.size
        self._draw.rounded_rectangle([1, 1, width - 2, height - 2], 6, outline=color[::-1], width=thick)

    def word(self, text: str, box: tuple[float, float, float, float], font: str, ink: tuple[int, int, int]) -> None:
        """Small type, centered in x, y, width, height."""
        x, y, width, height = (v * _SCALE for v in box)
        type_ = type_of(font, max(6, round(height)))
        length = self._draw.textlength(text, type_)
        left, top = x + (width - length) / 2, y - type_.getbbox("H")[1]
        self._draw.text((left, top), text, font=type_, fill=ink[::-1])

    def line(
        self, text: str, box: tuple[float, float, float, float], font: str, ink: tuple[int, int, int], fill: float
    ) -> None:
        """The large characters, each in its own cell; every character is `fill` of a cell wide at most."""
        x, y, width, height = (v * _SCALE for v in box)
        type_ = type_of(font, round(height))
        cell = width / len(text)
        for number, character in enumerate(text):
            if character == " ":
                continue
            left, top, right, bottom = type_.getbbox(character)
            glyph = Pillow.new("L", (round(right - left) + 4, round(bottom - top) + 4), 0)
            ImageDraw.Draw(glyph).text((2 - left, 2 - top), character, font=type_, fill=255)
            wide = min(glyph.width * 1.15, cell * fill) if character not in "I1" else min(glyph.width, cell * fill)
            glyph = glyph.resize((max(2, round(wide)), max(2, round(height))))
            place = (round(x + number * cell + (cell - glyph.width) / 2), round(y))
            self._image.paste(Pillow.new("RGB", glyph.size, ink[::-1]), place, glyph)

    def dot(self, x: float, y: float, size: float, ink: tuple[int, int, int]) -> None:
        """The dot between letters and digits."""
        self._draw.rectangle([v * _SCALE for v in (x - size, y - size / 2, x + size, y + size / 2)], fill=ink[::-1])

    def image(self) -> Image:
        """(height, width, 3) BGR."""
        return np.ascontiguousarray(np.asarray(self._image, np.uint8)[:, :, ::-1])


def _style(styles: tuple[tuple[float, Style], ...], rng: np.random.Generator) -> Style:
    return styles[int(rng.choice(len(styles), p=[share for share, _ in styles]))][1]


def old_car(text: str, rng: np.random.Generator) -> Image:
    """400 × 130 mm, state and town above, a dot between letters and digits."""
    style, font = _style(OLD_STYLES, rng), any_font(rng)
    sheet = Sheet(400, 130, style.ground)
    sheet.frame(style.ink, int(rng.integers(1, 4)))
    town = f"{rng.choice(_STATES)} - {rng.choice(TOWNS)}"
    sheet.word(town, (100, 10, 200, 14), font, style.ink)
    fill, top = rng.uniform(0.78, 0.95), rng.uniform(42, 50)
    sheet.line(text[:3], (18, top, 155, 66), font, style.ink, fill)
    sheet.line(text[3:], (192, top, 192, 66), font, style.ink, fill)
    if rng.random() < 0.8:
        sheet.dot(183, top + 33, rng.uniform(3, 7), style.ink)
    return sheet.image()


def old_motorcycle(text: str, rng: np.random.Generator) -> Image:
    """200 × 170 mm, letters over digits."""
    style, font = _style(OLD_STYLES, rng), any_font(rng)
    sheet = Sheet(200, 170, style.ground)
    sheet.frame(style.ink, int(rng.integers(1, 4)))
    sheet.word(f"{rng.choice(_STATES)} - {rng.choice(TOWNS)}", (20, 10, 160, 12), font, style.ink)
    fill = rng.uniform(0.8, 0.95)
    sheet.line(text[:3], (30, 35, 140, 55), font, style.ink, fill)
    sheet.line(text[3:], (14, 103, 172, 55), font, style.ink, fill)
    return sheet.image()


def mercosul_car(text: str, rng: np.random.Generator) -> Image:
    """400 × 130 mm, blue band with BRASIL, seven characters in one row."""
    style, font = _style(MERCOSUL_STYLES, rng), any_font(rng)
    sheet = Sheet(400, 130, style.ground)
    band(sheet, 400, 30, font, rng)
    sheet.frame(style.ink, int(rng.integers(2, 5)))
    sheet.line(text, (rng.uniform(14, 34), 45, rng.uniform(335, 360), 65), font, style.ink, rng.uniform(0.78, 0.95))
    if rng.random() < 0.6:
        sheet.word("BR", (10, 108, 20, 9), font, style.ink)
    return sheet.image()


def mercosul_motorcycle(text: str, rng: np.random.Generator) -> Image:
    """200 × 170 mm, blue band, three characters over four."""
    style, font = _style(MERCOSUL_STYLES, rng), any_font(rng)
    sheet = Sheet(200, 170, style.ground)
    band(sheet, 200, 30, font, rng)
    sheet.frame(style.ink, int(rng.integers(2, 5)))
    fill = rng.uniform(0.8, 0.95)
    sheet.line(text[:3], (28, 40, 144, 56), font, style.ink, fill)
    sheet.line(text[3:], (12, 105, 176, 56), font, style.ink, fill)
    return sheet.image()


def band(sheet: Sheet, width: int, height: int, font: str, rng: np.random.Generator) -> None:
    """Mercosul's blue band with BRASIL."""
    blue = (int(rng.uniform(110, 170)), int(rng.uniform(40, 80)), int(rng.uniform(0, 30)))
    sheet.box(0, 0, width, height, blue)
    sheet.word("BRASIL", (0, 9, width, 13), font, WHITE)
    sheet.box(width - 34, 8, 20, 14, (60, 150, 40))
    sheet.box(14, 9, 14, 12, (220, 200, 120))


def dirt(plate: Image, rng: np.random.Generator) -> Image:
    """Screws, and stains of mud and rust."""
    plate = plate.copy()
    height, width = plate.shape[:2]
    for x in (0.2, 0.8) if rng.random() < 0.6 else ():
        gray = int(rng.integers(40, 200))
        place = (int(width * x), int(height * rng.choice([0.08, 0.92])))
        cv2.circle(plate, place, int(rng.integers(2, 5)), (gray, gray, gray), -1)
    if rng.random() < 0.35:
        stain = rng.random((max(2, height // 12), max(2, width // 12))).astype(np.float32)
        stain = np.asarray(cv2.resize(stain, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
        cover = np.clip((stain - rng.uniform(0.6, 0.95)) * 3, 0, 0.8)[..., None]
        mud = np.array([rng.uniform(30, 90), rng.uniform(50, 110), rng.uniform(60, 130)])
        plate = np.asarray(plate * (1 - cover) + mud * cover, np.uint8)
    return plate
