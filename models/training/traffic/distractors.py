"""Objects that a detector takes for plates and that are none: captions, signs, badges, printed pages, grilles, lids.

Each is drawn as a patch and laid into a labeled image where nothing labeled is hidden; it gets no label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO
from typing import Final, TypeAlias

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from models.training.degrade import Image
from models.training.plates.not_plates import line
from models.training.plates.render import any_font, type_of

Color: TypeAlias = tuple[int, int, int]
Distractor: TypeAlias = Callable[[tuple[int, int], np.random.Generator], Pillow.Image]

_PLACES: Final = ("AV BRASIL X RUA XV", "TERMINAL CENTRO", "RODOVIA KM 12", "Praca da Se", "Main St at 5th Ave",
                  "PONTE SENTIDO SUL", "Entrance North", "CAM EXTERNA", "Rua das Flores 1200", "VIADUTO")  # fmt: skip
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "seg", "ter", "qua", "qui", "sex", "sab", "dom")
_SIGNS: Final[tuple[tuple[Color, Color], ...]] = (
    ((20, 110, 50), (245, 245, 245)), ((30, 70, 160), (245, 245, 245)), ((240, 190, 20), (20, 20, 20)),
    ((240, 240, 240), (20, 20, 20)), ((190, 30, 30), (250, 250, 250)), ((25, 25, 25), (240, 220, 60)),
    ((120, 80, 40), (245, 240, 230)), ((240, 240, 240), (180, 20, 30)), ((235, 120, 20), (15, 15, 15)),
)  # fmt: skip
"""Ground and ink of road, street and shop signs, RGB."""
_STRIP: Final = (24, 235)
"""Ground and ink of the overlay that the product burns into redacted video."""
_OPAQUE: Final = 255


@dataclass(frozen=True)
class Paint:
    """Colors of a text, RGB: its ink, the ground with its opacity, and the width and color of the letters' outline."""

    ink: Color
    ground: tuple[int, int, int, int]
    outline: int = 0
    edge: Color = (0, 0, 0)


def burnt_in(size: tuple[int, int], rng: np.random.Generator) -> Pillow.Image:
    """One to three whole lines as a camera burns them in: date, time, camera, place; outlined or on a strip."""
    width, height = size
    tall = max(8, int(height * rng.uniform(0.022, 0.06)))
    font = type_of(any_font(rng), tall)
    lines = [_whole_line(rng) for _ in range(int(rng.choice([1, 1, 1, 2, 3])))]
    light = rng.random() < 0.85
    ink, other = ((250, 250, 250), (0, 0, 0)) if light else ((10, 10, 10), (250, 250, 250))
    if rng.random() < 0.12:
        ink = ((255, 230, 60), (90, 255, 90), (255, 80, 60))[int(rng.integers(3))]
    outline = 1 if rng.random() < 0.55 else 0
    paint = Paint(ink, (*other, _OPAQUE if rng.random() < 0.3 else 0), outline, other)
    return _lines(lines, font, paint, most=width)


def own_overlay(size: tuple[int, int], rng: np.random.Generator) -> Pillow.Image:
    """The strip of a release: institution, place, date and number in light letters on a dark ground."""
    width, height = size
    path = files("pipeline") / "resources" / "fonts" / "Roboto-Medium.ttf"
    font = ImageFont.truetype(BytesIO(path.read_bytes()), max(10, round(height / rng.uniform(24, 36))))
    words = [str(rng.choice(_PLACES)).title(), _date(rng), f"{rng.integers(1, 999):03}/{rng.integers(2020, 2031)}"]
    words = [f"Prefeitura de {line(rng).title()}", *words][int(rng.integers(2)) :]
    ground, ink = (int(np.clip(level + rng.normal(0, 6), 0, 255)) for level in _STRIP)
    paint = Paint((ink, ink, ink), (ground, ground, ground, _OPAQUE))
    return _lines(["  ·  ".join(words)], font, paint, most=width)


def sign(size: tuple[int, int], rng: np.random.Generator) -> Pillow.Image:
    """A road, street or shop sign with one to three lines and mostly a border; sometimes a round one."""
    ground, ink = _SIGNS[int(rng.integers(len(_SIGNS)))]
    tall = max(7, int(size[1] * np.exp(rng.uniform(np.log(0.015), np.log(0.1)))))
    if rng.random() < 0.2:
        side = tall * 3
        round_one = Pillow.new("RGBA", (side, side))
        pen = ImageDraw.Draw(round_one)
        pen.ellipse((0, 0, side - 1, side - 1), fill=(245, 245, 245, _OPAQUE), outline=(190, 20, 30), width=side // 8)
        number = str(10 * int(rng.integers(2, 12)))
        pen.text((side / 2, side / 2), number, font=type_of(any_font(rng), side // 2), fill=(15, 15, 15), anchor="mm")
        return round_one
    lines = [line(rng) for _ in range(int(rng.choice([1, 1, 2, 3])))]
    paint = Paint(ink, (*ground, _OPAQUE))
    made = _lines(lines, type_of(any_font(rng), tall), paint, pad=float(rng.uniform(0.15, 1.2)))
    if rng.random() < 0.6:
        inset = max(1, tall // 8)
        corners = (inset, inset, made.width - inset - 1, made.height - inset - 1)
        ImageDraw.Draw(made).rounded_rectangle(corners, tall // 3, outline=ink, width=max(1, tall // 10))
    return made


def badge(size: tuple[int, int], rng: np.random.Generator) -> Pillow.Image:
    """A maker's or a model's name on the body of a vehicle, or a word painted on it: letters without a ground."""
    tall = max(7, int(size[1] * rng.uniform(0.02, 0.06)))
    shade = int(rng.choice([20, 60, 190, 225, 250]) + rng.integers(-12, 6))
    ink = (shade, shade, shade) if rng.random() < 0.75 else _color(rng, 20, 240)
    text = line(rng)
    text = "  ".join(text) if len(text) < 8 and rng.random() < 0.2 else text
    edge = shade - 110 if shade > 128 else shade + 90
    paint = Paint(ink, (0, 0, 0, 0), int(rng.integers(0, 2)), (edge, edge, edge))
    made = _lines([text], type_of(any_font(rng), tall), paint)
    lean = float(rng.choice([0.0, 0.0, rng.uniform(0.1, 0.4)]))
    wide = made.width + int(lean * made.height)
    leaning = (1, lean, -lean * made.height, 0, 1, 0)
    return made.transform((wide, made.height), Pillow.Transform.AFFINE, leaning, Pillow.Resampling.BILINEAR)


def printed(size: tuple[int, int], rng: np.random.Generator) -> Pillow.Image:
    """A page, a screen or a package: many lines of many sizes, bars, numbers in a frame."""
    width, height = (int(side * rng.uniform(0.2, 0.7)) for side in size)
    dark = rng.random() < 0.3
    ground = _color(rng, 0, 70) if dark else _color(rng, 190, 256)
    ink = (235, 235, 235) if dark else _color(rng, 0, 90)
    page = Pillow.new("RGBA", (max(24, width), max(24, height)), (*ground, _OPAQUE))
    pen = ImageDraw.Draw(page)
    top = float(rng.uniform(2, 12))
    while top < page.height:
        tall = max(6, int(size[1] * np.exp(rng.uniform(np.log(0.012), np.log(0.08)))))
        left = float(rng.uniform(2, max(3, page.width * 0.4)))
        kind = rng.random()
        if kind < 0.75:
            words = " ".join(line(rng) for _ in range(int(rng.integers(1, 5))))
            pen.text((left, top), words, font=type_of(any_font(rng), tall), fill=ink)
        elif kind < 0.85:
            _bars(pen, (left, top, left + tall * rng.uniform(2, 5), top + tall), ink, rng)
        else:
            font = type_of(any_font(rng), tall)
            number = f"{rng.integers(10, 10 ** int(rng.integers(3, 9)))}"
            place = pen.textbbox((left, top), number, font=font)
            frame = (place[0] - 3, place[1] - 3, place[2] + 3, place[3] + 3)
            pen.rectangle(frame, outline=ink, width=1 if rng.random() < 0.5 else 2)
            pen.text((left, top), number, font=font, fill=ink)
        top += tall * rng.uniform(1.2, 2.4)
    return page


def grille(size: tuple[int, int], rng: np.random.Generator) -> Pillow.Image:
    """Bars or a grid in a frame: radiators, vents, drains, shutters, rows of windows."""
    tall = int(size[1] * rng.uniform(0.03, 0.14))
    wide = int(tall * rng.uniform(1.0, 4.5))
    base = int(rng.integers(20, 230))
    other = int(np.clip(base + rng.choice([-1, 1]) * rng.uniform(30, 150), 0, 255))
    made = Pillow.new("RGBA", (max(10, wide), max(8, tall)), (base, base, base, _OPAQUE))
    pen = ImageDraw.Draw(made)
    ways = ((True,), (False,), (True, False))[int(rng.integers(3))]
    for across in ways:
        length, thick = made.height if across else made.width, float(rng.uniform(0.3, 0.7))
        step = max(3.0, length / rng.uniform(3, 9))
        for start in np.arange(step * 0.4, length - 1, step):
            end = start + step * thick
            pen.rectangle((2, start, made.width - 3, end) if across else (start, 2, end, made.height - 3), (other,) * 3)
    pen.rectangle((0, 0, made.width - 1, made.height - 1), outline=(other,) * 3, width=max(1, tall // 14))
    return made


def lid(size: tuple[int, int], rng: np.random.Generator) -> Pillow.Image:
    """A manhole cover or a drain, as flat as a camera on a pole sees it, with a word or a pattern."""
    wide = int(size[0] * rng.uniform(0.04, 0.16))
    tall = max(8, int(wide * rng.uniform(0.3, 0.9)))
    base = int(rng.integers(40, 130))
    made = Pillow.new("RGBA", (max(16, wide), tall))
    pen = ImageDraw.Draw(made)
    shape = pen.ellipse if rng.random() < 0.6 else pen.rectangle
    shape((0, 0, made.width - 1, tall - 1), fill=(base, base, base, _OPAQUE), outline=(base // 2,) * 3, width=2)
    shade = int(np.clip(base + rng.uniform(-40, 60), 0, 255))
    ink = (shade, shade, shade)
    if rng.random() < 0.5:
        font = type_of(any_font(rng), max(7, tall // 3))
        pen.text((made.width / 2, tall / 2), line(rng)[:8], font=font, fill=ink, anchor="mm")
    else:
        inner = (made.width * 0.2, tall * 0.25, made.width * 0.8, tall * 0.75)
        _bars(pen, inner, ink, rng)
    return made


DISTRACTORS: Final[tuple[tuple[float, Distractor], ...]] = (
    (0.22, burnt_in), (0.1, own_overlay), (0.26, sign), (0.12, badge), (0.12, printed), (0.1, grille), (0.08, lid),
)  # fmt: skip
"""Each with how often it is drawn."""
ALONG_BORDERS: Final = frozenset({burnt_in, own_overlay})
ON_VEHICLES: Final = (badge, badge, sign)


def slanted(patch: Pillow.Image, rng: np.random.Generator) -> Pillow.Image:
    """Seen a little from the side; its surroundings are transparent."""
    width, height = patch.size
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = np.array([width / 2, height / 2], np.float32)
    nearer = corners + (middle - corners) * rng.uniform(0, 0.3, (4, 2)).astype(np.float32)
    warp = cv2.getPerspectiveTransform(corners, nearer)
    return Pillow.fromarray(cv2.warpPerspective(np.asarray(patch), warp, (width, height), flags=cv2.INTER_LINEAR))


def laid(image: Image, patch: Pillow.Image, corner: tuple[int, int], rng: np.random.Generator) -> Image:
    """The BGR image with the patch at its corner, at once or, as an object in the scene, in the light of the place."""
    rgba = np.asarray(patch, np.float32)
    left, top = corner
    image = image.copy()
    under = image[top : top + rgba.shape[0], left : left + rgba.shape[1]].astype(np.float32)
    share = rgba[: under.shape[0], : under.shape[1], 3:] / 255
    colors = rgba[: under.shape[0], : under.shape[1], 2::-1]
    if rng.random() < 0.5:
        colors = colors * np.clip((under.mean() + 40) / 150, 0.35, 1.2)
    image[top : top + under.shape[0], left : left + under.shape[1]] = np.clip(
        colors * share + under * (1 - share), 0, 255
    )
    return image


def _date(rng: np.random.Generator) -> str:
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(2012, 2031)
    kinds = (f"{year}-{month:02}-{day:02}", f"{day:02}/{month:02}/{year}", f"{month:02}-{day:02}-{year}",
             f"{year}/{month:02}/{day:02}", f"{day:02}.{month:02}.{year}")  # fmt: skip
    return kinds[int(rng.integers(len(kinds)))]


def _whole_line(rng: np.random.Generator) -> str:
    """What a camera writes, uncut, in the order and with the gaps of some maker."""
    hour, minute, second = rng.integers(24), rng.integers(60), rng.integers(60)
    time = f"{hour:02}:{minute:02}:{second:02}" + (f".{rng.integers(1000):03}" if rng.random() < 0.1 else "")
    number = int(rng.integers(1, 400))
    names = (
        f"CAM {number:02}",
        f"Camera {number}",
        f"CH{number % 32:02}",
        f"{1000 + number}",
        f"IPC-{number}",
        line(rng),
    )
    camera = names[int(rng.integers(len(names)))]
    parts = [_date(rng), str(rng.choice(_DAYS)), time, camera, str(rng.choice(_PLACES))]
    wanted = [part for part in parts if rng.random() < 0.6] or [time]
    if rng.random() < 0.3:
        wanted = [wanted[i] for i in rng.permutation(len(wanted))]
    return str(rng.choice([" ", "  ", " - ", "   "])).join(wanted)


def _color(rng: np.random.Generator, low: int, high: int) -> Color:
    red, green, blue = (int(level) for level in rng.integers(low, high, 3))
    return red, green, blue


def _bars(pen: ImageDraw.ImageDraw, box: Sequence[float], ink: Color, rng: np.random.Generator) -> None:
    """Upright bars of random width, as a barcode has."""
    left, top, right, bottom = box
    while left < right:
        wide = float(rng.uniform(1, 4))
        pen.rectangle((left, top, left + wide, bottom), fill=ink)
        left += wide + float(rng.uniform(1, 4))


def _lines(
    lines: Sequence[str], font: ImageFont.FreeTypeFont, paint: Paint, *, pad: float = 0.15, most: int | None = None
) -> Pillow.Image:
    """Lines of text one below the other, with a border of `pad` times their height, cut at `most` pixels."""
    boxes = [font.getbbox(text, stroke_width=paint.outline) for text in lines]
    tall = max(round(box[3]) for box in boxes) + 2
    border = max(1, int(tall * pad))
    width = max(round(box[2]) for box in boxes) + 2 * border
    made = Pillow.new("RGBA", (min(width, most or width), tall * len(lines) + 2 * border), paint.ground)
    pen = ImageDraw.Draw(made)
    for number, text in enumerate(lines):
        place = (border, border + number * tall)
        pen.text(place, text, fill=paint.ink, font=font, stroke_width=paint.outline, stroke_fill=paint.edge)
    return made
