"""One training picture out of a labelled one: turned, cropped, with things pasted in, and worn by weather and codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training import degrade
from models.training.degrade import Image
from models.training.plates.render import any_plate

_BORDERS: Final = {"face": 0.35}
"""Share of the object's size that a cut-out has around it on each side, faded out; 0 for other words."""
_PASTED_VEHICLES: Final = ("car", "bus", "truck", "motorcycle")
_WAYS: Final = (
    (0.35, degrade.exposure), (0.08, degrade.shadow), (0.06, degrade.infrared), (0.08, degrade.night),
    (0.06, degrade.rain), (0.08, degrade.motion), (0.10, degrade.out_of_focus), (0.15, degrade.noise),
    (0.25, degrade.jpeg),
)  # fmt: skip


@dataclass(frozen=True)
class Labelled:
    """A picture, its (n, 4) xyxy boxes and the word of each."""

    image: Image
    boxes: npt.NDArray[np.float32]
    words: Sequence[str]

    def at_most(self, side: int) -> Labelled:
        """Made smaller until its long side is `side`, if it is longer."""
        scale = side / max(self.image.shape[:2])
        if scale >= 1:
            return self
        small = cv2.resize(self.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return Labelled(np.asarray(small, np.uint8), self.boxes * np.float32(scale), self.words)


@dataclass(frozen=True)
class Bank:
    """Cut-outs to paste: faces and vehicles."""

    faces: list[Image]
    vehicles: list[tuple[str, Image]]

    @classmethod
    def cut_from(cls, pictures: Sequence[Labelled]) -> Bank:
        """Every face of 16 pixels or more, every vehicle of 48 that nothing else overlaps, and the plates on them."""
        faces, vehicles = [], []
        for picture in pictures:
            for box, word in zip(picture.boxes, picture.words, strict=True):
                x1, y1, x2, y2 = (int(v) for v in box)
                if word == "face" and min(x2 - x1, y2 - y1) >= 16:
                    faces.append(_widened(picture.image, box, _BORDERS["face"]))
                if word in _PASTED_VEHICLES and min(x2 - x1, y2 - y1) >= 48 and _alone(picture, box):
                    vehicles.append((word, _widened(picture.image, box, 0.0)))
        return cls(faces, vehicles)


def _widened(image: Image, box: npt.NDArray[np.float32], share: float) -> Image:
    x1, y1, x2, y2 = box
    dx, dy = share * (x2 - x1), share * (y2 - y1)
    height, width = image.shape[:2]
    left, top = max(0, int(x1 - dx)), max(0, int(y1 - dy))
    return image[top : min(height, int(y2 + dy)), left : min(width, int(x2 + dx))].copy()


def _alone(picture: Labelled, box: npt.NDArray[np.float32]) -> bool:
    """No other label lies on it: a pasted car must bring no unlabelled plate or person."""
    low, high = np.maximum(picture.boxes[:, :2], box[:2]), np.minimum(picture.boxes[:, 2:], box[2:])
    return int((np.clip(high - low, 0, None).prod(axis=1) > 0).sum()) <= 1


def _f32(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    return np.asarray(values, np.float32)


def compose(base: Labelled, bank: Bank, rng: np.random.Generator, *, turned: float = 0.06) -> Labelled:
    """A new training picture of at most 960 pixels.

    Args:
        base: what it is made of.
        bank: what may be pasted in.
        rng: chance.
        turned: how likely it lies on its side.
    """
    picture = _quarter_turn(base, rng) if rng.random() < turned else base
    if rng.random() < 0.5:
        picture = _zoomed(picture, rng)
    picture = picture.at_most(960)
    if rng.random() < 0.25 and bank.vehicles:
        for _ in range(int(rng.integers(1, 4))):
            word, cut_out = bank.vehicles[int(rng.integers(len(bank.vehicles)))]
            height = np.exp(rng.uniform(np.log(24), np.log(140)))
            picture = _pasted(picture, cut_out, word, height, rng)
    if rng.random() < 0.35 and bank.faces:
        for _ in range(int(rng.integers(1, 4))):
            cut_out = bank.faces[int(rng.integers(len(bank.faces)))]
            picture = _pasted(picture, cut_out, "face", np.exp(rng.uniform(np.log(16), np.log(110))), rng)
    if rng.random() < 0.5:
        for _ in range(int(rng.integers(1, 4))):
            picture = _pasted(
                picture, _slanted(any_plate(rng)[1], rng), "plate", np.exp(rng.uniform(np.log(7), np.log(48))), rng
            )
    return Labelled(degrade.some(picture.image, rng, _WAYS), picture.boxes, picture.words)


def _quarter_turn(picture: Labelled, rng: np.random.Generator) -> Labelled:
    """As a phone held sideways stores it."""
    height, width = picture.image.shape[:2]
    x1, y1, x2, y2 = picture.boxes.T
    if rng.random() < 0.5:
        boxes = np.column_stack([height - y2, x1, height - y1, x2])
        return Labelled(np.ascontiguousarray(np.rot90(picture.image, -1)), boxes, picture.words)
    boxes = np.column_stack([y1, width - x2, y2, width - x1])
    return Labelled(np.ascontiguousarray(np.rot90(picture.image)), boxes, picture.words)


def _zoomed(picture: Labelled, rng: np.random.Generator) -> Labelled:
    """A part of the picture; objects of which less than a third is left are painted over with it."""
    height, width = picture.image.shape[:2]
    share = rng.uniform(0.45, 1.0)
    wide, high = int(width * share), int(height * share)
    left, top = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - high + 1))
    part = picture.image[top : top + high, left : left + wide].copy()
    moved = picture.boxes - _f32([left, top, left, top])
    clipped = np.clip(moved, 0, _f32([wide, high, wide, high]))
    whole = np.maximum((moved[:, 2:] - moved[:, :2]).prod(axis=1), 1)
    seen = (clipped[:, 2:] - clipped[:, :2]).prod(axis=1) / whole
    for (x1, y1, x2, y2), share_left, word in zip(clipped, seen, picture.words, strict=True):
        if 0 < share_left < 0.33 and word in {"face", "plate"}:
            part[int(y1) : int(y2) + 1, int(x1) : int(x2) + 1] = 114
    keep = seen >= 0.33
    words = [word for word, kept in zip(picture.words, keep, strict=True) if kept]
    return Labelled(part, np.asarray(clipped[keep], np.float32), words)


def _slanted(plate: Image, rng: np.random.Generator) -> Image:
    """Seen a little from the side: shorter, and its lines fall or rise."""
    height, width = plate.shape[:2]
    narrow = int(width * rng.uniform(0.7, 1.0))
    fall = float(rng.normal(0, 0.04)) * narrow
    left, right = max(0.0, -fall), max(0.0, fall)
    corners = _f32([[0, 0], [width, 0], [width, height], [0, height]])
    places = _f32([[0, left], [narrow, right], [narrow, right + height], [0, left + height]])
    warp = cv2.getPerspectiveTransform(corners, places)
    size = (narrow, int(height + abs(fall)))
    return np.asarray(cv2.warpPerspective(plate, warp, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _pasted(picture: Labelled, cut_out: Image, word: str, height: float, rng: np.random.Generator) -> Labelled:
    """The cut-out at a free place; unchanged where there is none after a few tries.

    Args:
        picture, cut_out, word: what goes where.
        height: of the labelled object, pixels.
        rng: chance.
    """
    border = _BORDERS.get(word, 0.0)
    scale = height * (1 + 2 * border) / cut_out.shape[0]
    size = (max(4, round(cut_out.shape[1] * scale)), max(4, round(cut_out.shape[0] * scale)))
    rows, columns = picture.image.shape[:2]
    if size[0] >= columns or size[1] >= rows:
        return picture
    patch = cv2.resize(cut_out, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if rng.random() < 0.5 and word != "plate":
        patch = patch[:, ::-1]
    for _ in range(6):
        left, top = int(rng.integers(0, columns - size[0])), int(rng.integers(0, rows - size[1]))
        place = _f32([left, top, left + size[0], top + size[1]])
        if _free(picture, place, word):
            return _blended(picture, np.asarray(patch, np.uint8), place, word, rng)
    return picture


def _free(picture: Labelled, place: npt.NDArray[np.float32], word: str) -> bool:
    """Whether nothing labelled is hidden; a plate may lie on a vehicle."""
    for box, other in zip(picture.boxes, picture.words, strict=True):
        if word == "plate" and other in _PASTED_VEHICLES:
            continue
        if min(place[2], box[2]) > max(place[0], box[0]) and min(place[3], box[3]) > max(place[1], box[1]):
            return False
    return True


def _blended(
    picture: Labelled, patch: Image, place: npt.NDArray[np.float32], word: str, rng: np.random.Generator
) -> Labelled:
    border = _BORDERS.get(word, 0.0)
    high, wide = patch.shape[:2]
    mask = np.zeros((high, wide), np.float32)
    if border:
        axes = (int(wide * 0.44), int(high * 0.46))
        cv2.ellipse(mask, (wide // 2, high // 2), axes, 0, 0, 360, 1.0, -1)
    else:
        mask[1 : high - 1, 1 : wide - 1] = 1.0
    cover = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.05 * high if border else 0.8))[..., None]
    left, top = int(place[0]), int(place[1])
    image = picture.image.copy()
    under = image[top : top + high, left : left + wide].astype(np.float32)
    # Half way to the place's own brightness: a sunlit face in the shade is not learnt from.
    gain = np.clip((under.mean() + 20) / (patch.mean() + 20), 0.4, 1.6) ** rng.uniform(0.2, 0.8)
    image[top : top + high, left : left + wide] = np.clip(patch * gain * cover + under * (1 - cover), 0, 255)
    inner = border / (1 + 2 * border)
    x1, y1 = left + inner * wide, top + inner * high
    box = _f32([[x1, y1, left + wide - inner * wide, top + high - inner * high]])
    return Labelled(image, np.vstack([picture.boxes, box]), [*picture.words, word])
