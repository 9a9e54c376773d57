"""Text that is no plate, as crops: captions that a camera burns in, towns, brand names, signs, plain surroundings.

The reader's answer to each is the empty text.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from models.training.degrade import Image
from models.training.plates.render import any_font, type_of
from models.training.plates.text import DIGITS, LETTERS

_WORDS: Final = (
    "BRASIL", "RJ-NITEROI", "SP-SAO PAULO", "MG-BETIM", "PR-CURITIBA", "RS-CANOAS", "BA-SALVADOR", "ARGENTINA",
    "MERCOSUL", "TOYOTA", "CHEVROLET", "FIAT", "FORD", "HYUNDAI", "RENAULT", "HONDA", "VOLKSWAGEN", "NISSAN", "YAMAHA",
    "COROLLA", "CIVIC", "STRADA", "ONIX LT", "PALIO", "1.0 FLEX", "TURBO", "4X4", "TAXI", "ESCOLAR", "AMBULANCIA",
    "POLICIA", "PARE", "60 KM/H", "ENTRADA", "SAIDA", "FARMACIA", "PADARIA", "MERCADO", "AUTO CENTER", "VENDE-SE",
    "CASE OFFICIAL", "OUTLET", "HOTEL", "BANCO", "SHOPPING", "ESTACIONAMENTO", "CAMERA 01", "CAM 12", "AV. BRASIL",
    "RUA XV", "CENTRO", "NORTE-SUL", "HIKVISION", "INTELBRAS", "DAHUA", "IPC", "CHANNEL 3", "REC", "PTZ",
)  # fmt: skip


def caption(around: Image, rng: np.random.Generator) -> Image:
    """A caption as a camera or a recorder burns it in: date, time, place, speed, over the scene or on a strip."""
    height = int(rng.integers(28, 64))
    text = line(rng)
    font = type_of(any_font(rng), max(8, int(height * rng.uniform(0.5, 0.85))))
    left, top, right, bottom = font.getbbox(text)
    width = round(right - left) + int(rng.integers(4, 24))
    ground = np.asarray(cv2.resize(around, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.4:
        ground = np.full_like(ground, int(rng.choice([0, 20, 235, 255])))
    light = ground.mean() < 128 if rng.random() < 0.8 else bool(rng.random() < 0.5)
    ink = (245, 245, 245) if light else (10, 10, 10)
    if rng.random() < 0.1:
        ink = (250, 220, 40) if light else (20, 30, 140)
    image = Pillow.fromarray(ground[:, :, ::-1])
    place = ((width - (right - left)) / 2 - left, (height - (bottom - top)) / 2 - top)
    outline = int(rng.integers(1, 3)) if rng.random() < 0.5 else 0
    ImageDraw.Draw(image).text(
        place, text, font=font, fill=ink, stroke_width=outline, stroke_fill=(0, 0, 0) if light else (255, 255, 255)
    )
    return np.ascontiguousarray(np.asarray(image, np.uint8)[:, :, ::-1])


def line(rng: np.random.Generator) -> str:
    """What such a text says: a date, a time, a place, a word; often cut somewhere, as a detector's box does."""
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(2012, 2031)
    hour, minute, second = rng.integers(24), rng.integers(60), rng.integers(60)
    kind = rng.random()
    if kind < 0.22:
        text = f"{hour:02}:{minute:02}:{second:02}"
    elif kind < 0.4:
        text = f"{year}-{month:02}-{day:02}" if rng.random() < 0.5 else f"{day:02}/{month:02}/{year}"
    elif kind < 0.5:
        text = f"{day:02}-{month:02}-{year} {hour:02}:{minute:02}"
    elif kind < 0.58:
        text = f"{rng.integers(5, 140)} km/h"
    elif kind < 0.64:
        text = f"CAM {rng.integers(1, 400):02} {rng.choice(_WORDS)}"
    else:
        text = str(rng.choice(_WORDS))
        text = text if rng.random() < 0.7 else text.title()
    if len(text) > 9 and rng.random() < 0.5:
        first = int(rng.integers(0, len(text) - 6))
        text = text[first : first + int(rng.integers(6, 11))]
    if rng.random() < 0.05:  # a word of letters that no list has
        text = "".join(rng.choice(list(LETTERS)) for _ in range(int(rng.integers(8, 13))))
    elif rng.random() < 0.03:
        text = "".join(rng.choice(list(DIGITS)) for _ in range(int(rng.integers(9, 13))))
    return text.strip() or "REC"


def surroundings(around: Image, box: tuple[float, float, float, float], rng: np.random.Generator) -> Image | None:
    """A part of a scene outside its plate, of a plate's shape; None where there is no space."""
    height, width = around.shape[:2]
    tall = int(rng.uniform(0.15, 0.4) * height)
    wide = int(tall * rng.uniform(1.2, 4.5))
    if tall < 12 or wide >= width:
        return None
    for _ in range(4):
        x, y = int(rng.integers(width - wide)), int(rng.integers(height - tall))
        if x + wide <= box[0] or x >= box[2] or y + tall <= box[1] or y >= box[3]:
            return np.ascontiguousarray(around[y : y + tall, x : x + wide])
    return None
