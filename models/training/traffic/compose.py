"""Augmentation of labeled images: rotation, cropping, pasted objects, degradation by weather and codec."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training import degrade
from models.training.degrade import Image
from models.training.plates.layouts import any_plate
from models.training.plates.not_plates import caption
from models.training.traffic.bank import BORDERS, PASTED_VEHICLES, Bank, Labeled, cut, f32, least_side, share_within
from models.training.traffic.distractors import ALONG_BORDERS, DISTRACTORS, ON_VEHICLES, laid, slanted

_LEAST_DISTRACTOR: Final = 10
"""Height in pixels: what is smaller cannot be distinguished from a far plate."""
_BODIES: Final = frozenset({"car", "bus", "truck"})
_WAYS: Final = (
    (0.35, degrade.exposure), (0.08, degrade.shadow), (0.06, degrade.infrared), (0.08, degrade.night),
    (0.06, degrade.rain), (0.08, degrade.motion), (0.10, degrade.out_of_focus), (0.15, degrade.noise),
    (0.25, degrade.jpeg),
)  # fmt: skip


_CLOSE_UPS: Final = 0.1
_SQUEEZED: Final = 0.1
"""How often an image is made of a plate that fills it, and how often its pixels were not square."""


def compose(base: Labeled, bank: Bank, rng: np.random.Generator, *, turned: float = 0.06) -> Labeled:
    """A new training image of at most 960 pixels.

    Args:
        base: what it is made of.
        bank: what may be pasted in.
        rng: chance.
        turned: how likely it lies on its side.
    """
    image = _quarter_turn(base, rng) if rng.random() < turned else base
    if rng.random() < _CLOSE_UPS:
        close = _close_up(image, rng)
        return Labeled(degrade.some(close.image, rng, _WAYS), close.boxes, close.words)
    if rng.random() < 0.5:
        image = _zoomed(image, rng)
    image = image.at_most(int(rng.integers(320, 480)) if rng.random() < 0.12 else 960)
    if rng.random() < 0.35 and bank.vehicles:
        for _ in range(int(rng.integers(1, 4))):
            image = _pasted(image, bank.vehicle(rng), "vehicle", np.exp(rng.uniform(np.log(24), np.log(140))), rng)
    if rng.random() < 0.35 and bank.faces:
        for _ in range(int(rng.integers(1, 4))):
            cut_out = bank.faces[int(rng.integers(len(bank.faces)))]
            image = _pasted(image, cut_out, "face", np.exp(rng.uniform(np.log(16), np.log(110))), rng)
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            plate = _slanted(any_plate(rng)[1], rng)
            whole = Labeled(plate, f32([[0, 0, plate.shape[1], plate.shape[0]]]), ["plate"])
            image = _pasted(image, whole, "plate", np.exp(rng.uniform(np.log(7), np.log(48))), rng)
    if rng.random() < 0.65:
        for _ in range(int(rng.integers(1, 5))):
            kind = int(rng.integers(4 if bank.lookalikes else 3))
            if kind < 3:
                image = (_captioned, _distracted, _distracted)[kind](image, rng)
                continue
            cut_out = bank.lookalikes[int(rng.integers(len(bank.lookalikes)))]
            image = _pasted(image, cut_out, "plate", np.exp(rng.uniform(np.log(_LEAST_DISTRACTOR), np.log(80))), rng)
    pixels = _squeezed(image.image, rng) if rng.random() < _SQUEEZED else image.image
    return Labeled(degrade.some(pixels, rng, _WAYS), image.boxes, image.words)


def _close_up(image: Labeled, rng: np.random.Generator) -> Labeled:
    """A plate that takes half of the image's width or all of it: one of the image, or a rendered one on its colors.

    Around it is what the image shows there, or gray, as where a cut-out is made smaller to be looked at again.
    """
    plates = [box for box, word in zip(image.boxes, image.words, strict=True) if word == "plate"]
    plates = [box for box in plates if box[2] - box[0] >= 48]
    margin = max(0.0, float(rng.uniform(-0.25, 1.0)))
    if plates:
        box = plates[int(rng.integers(len(plates)))]
        around = margin * rng.uniform(0.2, 0.5, 4).astype(np.float32) * (box[2] - box[0])
        place = box + around * f32([-1, -1, 1, 1])
        near = np.array([share_within(other, place) >= 0.33 for other in image.boxes])
        words = [word for word, kept in zip(image.words, near, strict=True) if kept]
        part = cut(image.image, place, image.boxes[near], words)
    else:
        plate = _slanted(any_plate(rng)[1], rng)
        rows, columns = plate.shape[:2]
        ground = cv2.resize(cv2.resize(image.image, (5, 4), interpolation=cv2.INTER_AREA), (columns * 2, rows * 3))
        left, top = columns // 2, rows
        ground[top : top + rows, left : left + columns] = plate
        around = margin * columns * f32([-0.5, -0.3, 0.5, 0.3])
        place = f32([left, top, left + columns, top + rows])
        part = cut(np.asarray(ground, np.uint8), place + around, f32([place]), ["plate"])
    if rng.random() < 0.4:
        rows, columns = part.image.shape[:2]
        above, beside = int(rows * rng.uniform(0.1, 0.7)), int(columns * rng.uniform(0.1, 0.4))
        gray = cv2.copyMakeBorder(part.image, above, above, beside, beside, cv2.BORDER_CONSTANT, value=(114, 114, 114))
        part = Labeled(np.asarray(gray, np.uint8), part.boxes + f32([beside, above] * 2), part.words)
    rows, columns = part.image.shape[:2]
    scale = rng.uniform(240, 640) / max(rows, columns)
    size = (max(8, round(columns * scale)), max(8, round(rows * scale)))
    pixels = cv2.resize(part.image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    boxes = np.clip(part.boxes * f32([size[0] / columns, size[1] / rows] * 2), 0, f32([*size, *size]))
    return Labeled(np.asarray(pixels, np.uint8), f32(boxes), part.words)


def _squeezed(image: Image, rng: np.random.Generator) -> Image:
    """With the detail that is left of an image whose pixels were two to four times as wide or high as the other way."""
    rows, columns = image.shape[:2]
    share = rng.uniform(0.2, 0.5)
    size = (max(8, int(columns * share)), rows) if rng.random() < 0.5 else (columns, max(8, int(rows * share)))
    few = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, (columns, rows), interpolation=cv2.INTER_LINEAR), np.uint8)


def _captioned(image: Labeled, rng: np.random.Generator) -> Labeled:
    """With a text that is no plate, as cameras burn it in and shops show it: mostly along the upper or lower border."""
    rows, columns = image.image.shape[:2]
    text = caption(image.image, rng)
    height = max(8, int(rows * rng.uniform(0.025, 0.07)))
    width = round(text.shape[1] * height / text.shape[0])
    if width >= columns or height >= rows:
        return image
    left = int(rng.integers(0, columns - width))
    top = int(rng.integers(0, rows - height))
    if rng.random() < 0.8:
        border = int(rows * rng.uniform(0.0, 0.06))
        top = min(border, rows - height) if rng.random() < 0.6 else max(0, rows - height - border)
    place = f32([left, top, left + width, top + height])
    if not _free(image, place, "caption"):
        return image
    pixels = image.image.copy()
    pixels[top : top + height, left : left + width] = cv2.resize(text, (width, height), interpolation=cv2.INTER_AREA)
    return Labeled(pixels, image.boxes, image.words)


def _distracted(image: Labeled, rng: np.random.Generator) -> Labeled:
    """With an object that is taken for a plate and is none, without a label: in the scene or on one of its vehicles."""
    rows, columns = image.image.shape[:2]
    bodies = [
        box for box, word in zip(image.boxes, image.words, strict=True) if word in _BODIES and least_side(box) > 40
    ]
    body = bodies[int(rng.integers(len(bodies)))] if bodies and rng.random() < 0.5 else None
    if body is None:
        kind = DISTRACTORS[int(rng.choice(len(DISTRACTORS), p=[share for share, _ in DISTRACTORS]))][1]
        patch, place = kind((columns, rows), rng), f32([0, 0, columns, rows])
        free = "plate" if rng.random() < 0.3 else "distractor"
    else:
        kind = ON_VEHICLES[int(rng.integers(len(ON_VEHICLES)))]
        patch, place, free = kind((columns, rows), rng), np.clip(body, 0, f32([columns, rows] * 2)), "plate"
        scale = (place[2] - place[0]) * rng.uniform(0.1, 0.4) / patch.width
        patch = patch.resize((max(6, round(patch.width * scale)), max(4, round(patch.height * scale))))
    if kind not in ALONG_BORDERS and rng.random() < 0.5:
        patch = slanted(patch, rng)
    room = (place[2] - place[0] - patch.width, place[3] - place[1] - patch.height)
    if min(room) < 1 or patch.height < _LEAST_DISTRACTOR:
        return image
    for _ in range(4):
        left, top = (int(place[axis] + rng.uniform(0, room[axis])) for axis in (0, 1))
        if kind in ALONG_BORDERS:
            border = min(room[1], rows * rng.uniform(0.0, 0.05))
            top = int(border if rng.random() < 0.5 else room[1] - border)
            left = int(min(left, rng.uniform(0, 0.06) * columns)) if rng.random() < 0.7 else left
        if _free(image, f32([left, top, left + patch.width, top + patch.height]), free):
            return Labeled(laid(image.image, patch, (left, top), rng), image.boxes, image.words)
    return image


def _quarter_turn(image: Labeled, rng: np.random.Generator) -> Labeled:
    """As a phone held sideways stores it."""
    height, width = image.image.shape[:2]
    x1, y1, x2, y2 = image.boxes.T
    if rng.random() < 0.5:
        boxes = np.column_stack([height - y2, x1, height - y1, x2])
        return Labeled(np.ascontiguousarray(np.rot90(image.image, -1)), boxes, image.words)
    boxes = np.column_stack([y1, width - x2, y2, width - x1])
    return Labeled(np.ascontiguousarray(np.rot90(image.image)), boxes, image.words)


def _zoomed(image: Labeled, rng: np.random.Generator) -> Labeled:
    """A part of the image; objects of which less than a third is left are painted over with it."""
    height, width = image.image.shape[:2]
    share = rng.uniform(0.45, 1.0)
    wide, high = int(width * share), int(height * share)
    left, top = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - high + 1))
    part = image.image[top : top + high, left : left + wide].copy()
    moved = image.boxes - f32([left, top, left, top])
    clipped = np.clip(moved, 0, f32([wide, high, wide, high]))
    whole = np.maximum((moved[:, 2:] - moved[:, :2]).prod(axis=1), 1)
    seen = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1) / whole
    for (x1, y1, x2, y2), share_left, word in zip(clipped, seen, image.words, strict=True):
        if 0 < share_left < 0.33 and word in {"face", "plate"}:
            part[int(y1) : int(y2) + 1, int(x1) : int(x2) + 1] = 114
    keep = seen >= 0.33
    words = [word for word, kept in zip(image.words, keep, strict=True) if kept]
    return Labeled(part, np.asarray(clipped[keep], np.float32), words)


def _slanted(plate: Image, rng: np.random.Generator) -> Image:
    """Seen a little from the side: shorter, and its lines fall or rise."""
    height, width = plate.shape[:2]
    narrow = int(width * rng.uniform(0.7, 1.0))
    fall = float(rng.normal(0, 0.04)) * narrow
    left, right = max(0.0, -fall), max(0.0, fall)
    corners = f32([[0, 0], [width, 0], [width, height], [0, height]])
    places = f32([[0, left], [narrow, right], [narrow, right + height], [0, left + height]])
    warp = cv2.getPerspectiveTransform(corners, places)
    size = (narrow, int(height + abs(fall)))
    return np.asarray(cv2.warpPerspective(plate, warp, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _pasted(image: Labeled, cut_out: Labeled, kind: str, height: float, rng: np.random.Generator) -> Labeled:
    """The cut-out at a free place; unchanged where there is none after a few tries.

    Args:
        image, cut_out: what goes where.
        kind: ``face``, ``vehicle`` or ``plate``.
        height: of what is labeled in it, pixels.
        rng: chance.
    """
    border = BORDERS.get(kind, 0.0)
    scale = height * (1 + 2 * border) / cut_out.image.shape[0]
    size = (max(4, round(cut_out.image.shape[1] * scale)), max(4, round(cut_out.image.shape[0] * scale)))
    rows, columns = image.image.shape[:2]
    if size[0] >= columns or size[1] >= rows:
        return image
    patch = cv2.resize(cut_out.image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    boxes = cut_out.boxes * f32([*size, *size]) / f32([*cut_out.image.shape[1::-1]] * 2)
    if rng.random() < 0.5 and "plate" not in cut_out.words:
        patch = patch[:, ::-1]
        boxes = np.column_stack([size[0] - boxes[:, 2], boxes[:, 1], size[0] - boxes[:, 0], boxes[:, 3]])
    for _ in range(6):
        left, top = int(rng.integers(0, columns - size[0])), int(rng.integers(0, rows - size[1]))
        if _free(image, f32([left, top, left + size[0], top + size[1]]), kind):
            pixels = _blended(image.image, np.asarray(patch, np.uint8), (left, top), kind, rng)
            moved = boxes + f32([left, top, left, top])
            return Labeled(pixels, np.vstack([image.boxes, moved]), [*image.words, *cut_out.words])
    return image


def _free(image: Labeled, place: npt.NDArray[np.float32], kind: str) -> bool:
    """Whether nothing labeled is hidden; a plate may lie on a vehicle."""
    for box, other in zip(image.boxes, image.words, strict=True):
        if kind == "plate" and other in PASTED_VEHICLES:
            continue
        if min(place[2], box[2]) > max(place[0], box[0]) and min(place[3], box[3]) > max(place[1], box[1]):
            return False
    return True


def _blended(image: Image, patch: Image, corner: tuple[int, int], kind: str, rng: np.random.Generator) -> Image:
    """The image with the patch at its corner, its edge faded, its light half that of the place."""
    high, wide = patch.shape[:2]
    mask = np.zeros((high, wide), np.float32)
    faded = kind in BORDERS
    if faded:
        axes = (int(wide * 0.44), int(high * 0.46))
        cv2.ellipse(mask, (wide // 2, high // 2), axes, 0, 0, 360, 1.0, -1)
    else:
        mask[1 : high - 1, 1 : wide - 1] = 1.0
    cover = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.05 * high if faded else 0.8))[..., None]
    left, top = corner
    image = image.copy()
    under = image[top : top + high, left : left + wide].astype(np.float32)
    # Half way to the place's own brightness: a sunlit face in the shade is not learnt from.
    gain = np.clip((under.mean() + 20) / (patch.mean() + 20), 0.4, 1.6) ** rng.uniform(0.2, 0.8)
    image[top : top + high, left : left + wide] = np.clip(patch * gain * cover + under * (1 - cover), 0, 255)
    return image
