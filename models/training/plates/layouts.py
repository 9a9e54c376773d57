"""Plates of all layouts to train on: Brazil's, its neighbors', and others without a fixed syntax."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Final

import numpy as np

from models.training.degrade import Image
from models.training.plates.render import (
    BLACK,
    GRAY,
    TOWNS,
    WHITE,
    Sheet,
    any_font,
    dirt,
    mercosul_car,
    mercosul_motorcycle,
    old_car,
    old_motorcycle,
)
from models.training.plates.text import MERCOSUL, OLD, foreign, spell

Color = tuple[int, int, int]
Drawing = Callable[[str, np.random.Generator], Image]

_BLUE: Final = (150, 60, 10)
_COUNTRIES: Final = ("REPUBLICA ARGENTINA", "REPUBLICA DEL PARAGUAY", "URUGUAY", "BOLIVIA", "PARAGUAY", "ARGENTINA")


def neighbor_mercosul(text: str, rng: np.random.Generator) -> Image:
    """Argentina, Paraguay, Uruguay: white with the blue band, the text in groups; 400 × 130 mm."""
    font = any_font(rng)
    sheet = Sheet(400, 130, WHITE)
    sheet.box(0, 0, 400, 28, (int(rng.uniform(100, 170)), int(rng.uniform(40, 80)), int(rng.uniform(0, 30))))
    sheet.word(str(rng.choice(_COUNTRIES)), (0, 8, 400, 13), font, WHITE)
    sheet.frame(BLACK, int(rng.integers(2, 5)))
    sheet.line(grouped(text), (rng.uniform(12, 30), 45, rng.uniform(340, 370), 65), font, BLACK, rng.uniform(0.8, 0.95))
    return sheet.image()


def dark_car(text: str, rng: np.random.Generator) -> Image:
    """Light characters on a dark ground, as Argentina's until 2016; 300 × 130 or 400 × 130 mm."""
    width = int(rng.choice([300, 340, 400]))
    ground: Color = [(30, 28, 28), (60, 40, 20), (40, 35, 180), (120, 50, 20), (60, 90, 30)][
        int(rng.choice(5, p=[0.6, 0.1, 0.1, 0.1, 0.1]))
    ]
    ink = WHITE if rng.random() < 0.8 else GRAY
    font = any_font(rng)
    sheet = Sheet(width, 130, ground)
    sheet.frame(ink, int(rng.integers(1, 5)))
    if rng.random() < 0.7:
        sheet.box(8, 6, width - 16, 16, WHITE if rng.random() < 0.6 else ground)
        sheet.word("ARGENTINA", (8, 8, width - 16, 12), font, BLACK if rng.random() < 0.6 else ink)
    sheet.line(
        grouped(text), (12, rng.uniform(32, 45), width - 24, rng.uniform(62, 76)), font, ink, rng.uniform(0.8, 0.95)
    )
    return sheet.image()


def light_car(text: str, rng: np.random.Generator) -> Image:
    """Dark characters on a light ground: 520 × 110, 400 × 130 or 300 × 150 mm."""
    width, height = ((520, 110), (400, 130), (300, 150))[int(rng.choice(3, p=[0.5, 0.25, 0.25]))]
    ground: Color = [(245, 245, 245), (60, 210, 240), (235, 215, 190), (200, 235, 200)][int(rng.integers(4))]
    ink: Color = [BLACK, (120, 40, 20), (30, 30, 150)][int(rng.choice(3, p=[0.7, 0.2, 0.1]))]
    font = any_font(rng)
    sheet = Sheet(width, height, ground)
    sheet.frame(ink, int(rng.integers(2, 5)))
    left = 12
    if width == 520 and rng.random() < 0.7:
        sheet.box(0, 0, 42, height, (170, 60, 10))
        left = 50
    long = height == 110
    top, high = (18, 74) if long else (rng.uniform(38, 50), 0.53 * height)
    sheet.line(grouped(text), (left, top, width - left - 12, high), font, ink, rng.uniform(0.8, 0.96))
    if not long and rng.random() < 0.8:
        sheet.word(str(rng.choice(TOWNS)), (30, 10, width - 60, 16), font, ink)
    return sheet.image()


def two_lines(text: str, rng: np.random.Generator) -> Image:
    """A motorcycle's or a square plate of another country: the first two to four characters above the others."""
    dark = rng.random() < 0.3
    ground, ink = ((30, 28, 28), WHITE) if dark else (WHITE, BLACK)
    font = any_font(rng)
    sheet = Sheet(200, 170, ground)
    if rng.random() < 0.5:
        sheet.box(0, 0, 200, 24, _BLUE)
        sheet.word(str(rng.choice(_COUNTRIES)), (0, 7, 200, 10), font, WHITE)
    sheet.frame(ink, int(rng.integers(2, 5)))
    cut = min(len(text) - 1, int(rng.integers(2, 5)))
    fill = rng.uniform(0.8, 0.95)
    upper, lower = text[:cut], text[cut:]
    for line, top in ((upper, 36), (lower, 100)):
        wide = min(176.0, 46.0 * len(line))
        sheet.line(line, (100 - wide / 2, top, wide, 54), font, ink, fill)
    return sheet.image()


def grouped(text: str) -> str:
    """The text with a gap where letters and digits meet, as most plates are painted."""
    shown = text[:1]
    for before, character in pairwise(text):
        shown += (" " if before.isdigit() != character.isdigit() else "") + character
    return shown if shown.count(" ") <= 2 else text


BRAZILIAN: Final[tuple[tuple[float, Drawing, str], ...]] = (
    (0.22, old_car, OLD),
    (0.14, old_motorcycle, OLD),
    (0.22, mercosul_car, MERCOSUL),
    (0.18, mercosul_motorcycle, MERCOSUL),
)
_NEIGHBORS: Final[tuple[tuple[float, Drawing, tuple[str, ...]], ...]] = (
    (0.06, neighbor_mercosul, ("LLNNNLL", "LLLLNNN", "LLLNNNN")),  # Argentina, Paraguay, Uruguay
    (0.06, dark_car, ("LLLNNN", "LLLNNN", "LLLNNN", "LNNNNNN")),  # Argentina until 2016
    (0.03, two_lines, ("LNNNLLL", "NNNLLL", "NNNLLLL", "LLNNNLL")),  # Argentina's and Paraguay's motorcycles
    (0.03, light_car, ("NNNNLLL", "LLLLNN", "LLLNNN", "LLNNNN")),  # Bolivia, Chile, Paraguay
    (0.02, light_car, ()),
    (0.02, dark_car, ()),
    (0.02, two_lines, ()),
)


def any_plate(rng: np.random.Generator) -> tuple[str, Image]:
    """A plate of a random layout: its text and its front view."""
    shares = [share for share, _, _ in (*BRAZILIAN, *_NEIGHBORS)]
    number = int(rng.choice(len(shares), p=np.array(shares) / sum(shares)))
    if number < len(BRAZILIAN):
        _, draw, syntax = BRAZILIAN[number]
        text = spell(syntax, rng)
    else:
        _, draw, syntaxes = _NEIGHBORS[number - len(BRAZILIAN)]
        text = spell(syntaxes[int(rng.integers(len(syntaxes)))], rng) if syntaxes else foreign(rng)
    return text, dirt(draw(text, rng), rng)
