"""Labeled images, and what is cut out of them to be pasted into others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training.degrade import Image

BORDERS: Final = {"face": 0.35}
"""Share of the object's size that a cut-out has around it on each side, faded out; 0 for other words."""
PASTED_VEHICLES: Final = ("car", "bus", "truck", "motorcycle", "bicycle")
_RIDDEN: Final = frozenset({"motorcycle", "bicycle"})


@dataclass(frozen=True)
class Labeled:
    """An image, its (n, 4) xyxy boxes and the word of each."""

    image: Image
    boxes: npt.NDArray[np.float32]
    words: Sequence[str]

    def at_most(self, side: int) -> Labeled:
        """Made smaller until its long side is `side`, if it is longer."""
        scale = side / max(self.image.shape[:2])
        if scale >= 1:
            return self
        small = cv2.resize(self.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return Labeled(np.asarray(small, np.uint8), self.boxes * np.float32(scale), self.words)


@dataclass(frozen=True)
class Bank:
    """Cut-outs to paste.

    Attributes:
        faces: one each.
        vehicles: by their word, each with what belongs to it (its rider, its plate).
        lookalikes: what a detector takes for a plate and is none, without a label.
    """

    faces: Sequence[Labeled]
    vehicles: Mapping[str, Sequence[Labeled]]
    lookalikes: Sequence[Labeled] = ()

    @classmethod
    def cut_from(cls, images: Sequence[Labeled]) -> Bank:
        """Every face of 16 pixels or more, every vehicle of 48 that nothing but its own overlaps, riders with it."""
        faces: list[Labeled] = []
        vehicles: dict[str, list[Labeled]] = defaultdict(list)
        for image in images:
            for box, word in zip(image.boxes, image.words, strict=True):
                if word == "face" and least_side(box) >= 16:
                    faces.append(cut(image.image, _widened(box, BORDERS["face"]), f32([box]), ["face"]))
                elif word in PASTED_VEHICLES and least_side(box) >= (32 if word in _RIDDEN else 48):
                    vehicles[word].extend(_vehicle(image, box, word))
        return cls(faces, {word: cut_outs for word, cut_outs in vehicles.items() if cut_outs})

    def vehicle(self, rng: np.random.Generator) -> Labeled:
        """One of them, the rare kinds as often as the common ones."""
        kind = self.vehicles[sorted(self.vehicles)[int(rng.integers(len(self.vehicles)))]]
        return kind[int(rng.integers(len(kind)))]


def least_side(box: npt.NDArray[np.float32]) -> float:
    """The shorter side of an xyxy box."""
    return float((box[2:] - box[:2]).min())


def _widened(box: npt.NDArray[np.float32], share: float) -> npt.NDArray[np.float32]:
    border = share * (box[2:] - box[:2])
    return np.concatenate([box[:2] - border, box[2:] + border])


def cut(image: Image, place: npt.NDArray[np.float32], boxes: npt.NDArray[np.float32], words: Sequence[str]) -> Labeled:
    """The part of an image, and the boxes as seen from there."""
    left, top = max(0, int(place[0])), max(0, int(place[1]))
    part = image[top : int(np.ceil(place[3])), left : int(np.ceil(place[2]))].copy()
    return Labeled(part, boxes - f32([left, top, left, top]), words)


def _vehicle(image: Labeled, box: npt.NDArray[np.float32], word: str) -> list[Labeled]:
    """The vehicle with its rider and its plate; nothing if something else reaches into it or they reach far out."""
    place = box
    if word in _RIDDEN:
        people = [b for b, w in zip(image.boxes, image.words, strict=True) if w == "person"]
        riders = [person for person in people if share_within(person, box) > 0.3]
        if len(riders) != 1:
            return []  # parked between people, or without the rider that a street sees
        place = np.concatenate([np.minimum(box[:2], riders[0][:2]), np.maximum(box[2:], riders[0][2:])])
    shares = np.array([share_within(other, place) for other in image.boxes])
    if ((shares > 0) & (shares < 0.95)).any():
        return []
    own = shares >= 0.95
    words = [w for w, kept in zip(image.words, own, strict=True) if kept]
    if sum(w in PASTED_VEHICLES for w in words) > 1:
        return []
    return [cut(image.image, place, image.boxes[own], words)]


def share_within(box: npt.NDArray[np.float32], place: npt.NDArray[np.float32]) -> float:
    """How much of the box lies in the place."""
    common = np.clip(np.minimum(box[2:], place[2:]) - np.maximum(box[:2], place[:2]), 0, None).prod()
    return float(common / max(1e-6, (box[2:] - box[:2]).prod()))


def f32(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """An array of 32-bit floats."""
    return np.asarray(values, np.float32)
