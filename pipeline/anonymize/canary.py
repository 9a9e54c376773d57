"""Canary frames: a frame of the video with persons, faces and plates pasted in, which verification must find.

A detector that finds nothing in a redacted video proves nothing unless it finds objects that are known to be there.
Synthetic sprites take the brightness, the contrast and the disturbances of the frame (see `frame_disturbance`), are
scaled to it, and pass through the same code as the verification. Clean sprites on a disturbed frame would be found by
networks that find nothing else in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.anonymize.bent_edges import NO_BOXES, Boxes
from pipeline.anonymize.frame_disturbance import FrameDisturbance, most_disturbed_part
from pipeline.domain.detections import Detections, overlaps
from pipeline.domain.frame import BgrImage
from pipeline.domain.labels import Label
from pipeline.weights.catalog import read_packaged

Sprite: TypeAlias = npt.NDArray[np.uint8]
"""(height, width, 4) uint8, BGR and opacity."""
Box: TypeAlias = tuple[int, int, int, int]
PLATE_TEXT: Final = "BRA2E19"
FOUND_OVERLAP: Final = 0.3
"""Minimum overlap (IoU) of a detection with the pasted object."""
_FOLDER: Final = "known-answers"
_PERSON_SHARE, _MIN_PERSON_PX = 0.4, 96
_SMALL_PERSON_SHARE, _MIN_SMALL_PERSON_PX = 0.15, 56
"""Height of persons where large ones are found and small ones are not: behind meshes, and bent."""
_FACE_SHARE, _MIN_FACE_PX = 0.22, 64
_PLATE_SHARE, _MIN_PLATE_PX = 0.16, 96
"""Height of persons and of heads with shoulders, width of plates: fraction of the frame's height, minimum in pixels."""
_FACE_IN_SPRITE: Final = (0.26, 0.12, 0.74, 0.76)
"""Left, top, right and bottom of the face as fractions of a sprite of head and shoulders."""
_WHITE: Final = 2.0
_BLACK: Final = 0.15
"""Brightness of white and of black objects, where the typical part of a frame is 1: asphalt reflects a fifth."""
_UNDISTURBED: Final = FrameDisturbance(row_px=0, column_px=0, noise=0.0, grain_px=1)
_DARK, _BRIGHT = 2, 98
"""Percentiles of the frame's luma to which black and white of the sprites are mapped."""


@dataclass(frozen=True, slots=True)
class CanaryObject:
    """An object pasted into a frame.

    Attributes:
        label: person, face or plate.
        box: xyxy, pixels.
    """

    label: Label
    box: Box

    def moved(self, offset: Box) -> CanaryObject:
        """The same with `offset` added to its box."""
        left, top, right, bottom = (value + more for value, more in zip(self.box, offset, strict=True))
        return CanaryObject(self.label, (left, top, right, bottom))


@dataclass(frozen=True, slots=True, eq=False)
class CanaryFrame:
    """A frame with pasted objects.

    Attributes:
        image: (height, width, 3) BGR.
        objects: the pasted objects, which must be found.
        all_needed: whether one that is missed counts, as behind a mesh: drawn objects are easier to find than people.
    """

    image: BgrImage
    objects: tuple[CanaryObject, ...]
    all_needed: bool = False

    def missed(self, found: Detections, min_score: float) -> frozenset[Label]:
        """Labels of which no pasted object, or not each that is needed, was found with at least this score."""
        seen = [one for one in self.objects if _is_found(one, found, min_score)]
        missed = frozenset(one.label for one in self.objects if one not in seen)
        return missed if self.all_needed else missed - {one.label for one in seen}


def canary_frame(frame: BgrImage, recognized: Boxes = NO_BOXES) -> CanaryFrame:
    """A copy of a frame with two persons, two faces and a plate pasted in, as far as they fit.

    Where a part of the frame is disturbed, as by a fence, or bent, they are pasted there. Behind a mesh, and bent, the
    persons are small.

    Args:
        frame: (height, width, 3) BGR, at least 128 pixels wide and high.
        recognized: (n, 4) xyxy, objects in it that networks see clearly.
    """
    part = most_disturbed_part(frame, recognized)
    image = frame.copy()
    light = _Light(typical_levels(frame), part.disturbance)
    objects = _paste_objects(image[part.rows, part.columns], light)
    offset = (part.columns.start, part.rows.start) * 2
    moved = tuple(one.moved(offset) for one in objects)
    return CanaryFrame(image, moved, all_needed=part.disturbance.hides_small_objects)


def _paste_objects(image: BgrImage, light: _Light) -> list[CanaryObject]:
    """Paste two persons, two faces and a plate into an image, as far as they fit."""
    objects = list[CanaryObject]()
    height, width = image.shape[:2]
    margin = max(4, width // 64)
    share, least = _PERSON_SHARE, _MIN_PERSON_PX
    if light.disturbance.hides_small_objects:
        share, least = _SMALL_PERSON_SHARE, _MIN_SMALL_PERSON_PX
    person_px = min(max(least, round(height * share)), height - 2 * margin)
    left = margin
    for number in (1, 2):
        person = _scaled(_sprite(f"person-{number}"), person_px)
        if left + person.shape[1] <= width // 2:
            box = _paste(image, person, left, height - margin - person.shape[0], light)
            objects.append(CanaryObject(Label.PERSON, box))
            left = box[2] + margin
    top, face_px = margin, min(max(_MIN_FACE_PX, round(height * _FACE_SHARE)), width // 2 - margin, height // 3)
    for number in (1, 2):
        head = _scaled(_sprite(f"face-{number}"), face_px)
        if top + head.shape[0] <= height - height // 4:
            box = _paste(image, head, width - margin - head.shape[1], top, light)
            objects += [CanaryObject(Label.FACE, _face_in(box)), CanaryObject(Label.PERSON, box)]
            top = box[3] + margin
    objects.append(CanaryObject(Label.PLATE, _paste_plate(image, margin, light)))
    return objects


def plate_crop(frame: BgrImage) -> BgrImage:
    """The plate `PLATE_TEXT` in the brightness and contrast of a frame, as a plate reader receives crops."""
    plate = _plate()
    height = round(_MIN_PLATE_PX * plate.shape[0] / plate.shape[1])
    small = _scaled(plate, height)
    canvas = np.zeros((*small.shape[:2], 3), np.uint8)
    _paste(canvas, small, 0, 0, _Light.of(frame))
    return canvas


def distinct_persons(height: int) -> Sequence[BgrImage]:
    """Images of persons that differ only in the colors of skin and clothes, on gray; for re-identification attacks."""
    made = []
    for number in (1, 2):
        person = _scaled(_sprite(f"person-{number}"), height)
        for order in permutations(range(3)):
            canvas = np.full((*person.shape[:2], 3), 128, np.uint8)
            _paste(
                canvas, np.dstack([person[..., list(order)], person[..., 3]]), 0, 0, _Light((0.0, 255.0), _UNDISTURBED)
            )
            made.append(canvas)
    return made


def _is_found(wanted: CanaryObject, found: Detections, min_score: float) -> bool:
    same = found.select((found.labels == wanted.label) & (found.scores >= min_score))
    if not len(same):
        return False
    return bool((overlaps(np.array([wanted.box], np.float32), same.boxes) >= FOUND_OVERLAP).any())


def _sprite(name: str) -> Sprite:
    data = np.frombuffer(read_packaged(f"{_FOLDER}/{name}.png"), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.uint8)


def _scaled(sprite: Sprite, height: int) -> Sprite:
    width = max(1, round(sprite.shape[1] * height / sprite.shape[0]))
    return np.asarray(cv2.resize(sprite, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def typical_levels(frame: BgrImage) -> tuple[float, float]:
    """Luma of a black and of a white object in a typical part of a frame.

    The darkest and the brightest parts of the frame are the limits, as in fog. What is lit as the typical part of the
    frame is at most `_WHITE` times as bright as that: a caption, a headlight or a sunlit corner does not make the rest
    of a dark frame visible.
    """
    luma = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    dark, bright = np.percentile(luma, [_DARK, _BRIGHT])
    typical = float(np.median(luma))
    white = min(float(bright), _WHITE * typical)
    return min(max(float(dark), _BLACK * typical), white), white


@dataclass(frozen=True, slots=True)
class _Light:
    """How a frame shows objects: luma of black and white ones, and its disturbance."""

    levels: tuple[float, float]
    disturbance: FrameDisturbance

    @classmethod
    def of(cls, frame: BgrImage) -> _Light:
        return cls(typical_levels(frame), most_disturbed_part(frame).disturbance)


def _paste(image: BgrImage, sprite: Sprite, left: int, top: int, light: _Light) -> Box:
    rows, columns = sprite.shape[:2]
    part = image[top : top + rows, left : left + columns]
    sprite = light.disturbance.bend.bent(sprite)
    opacity = sprite[..., 3:].astype(np.float32) / 255 * light.disturbance.visible(rows, columns, left, top)[..., None]
    black, white = light.levels
    color = black + sprite[..., :3].astype(np.float32) / 255 * (white - black)
    color += light.disturbance.grain(rows, columns)[..., None]
    part[:] = np.clip(np.rint(part * (1 - opacity) + color * opacity), 0, 255).astype(np.uint8)
    return left, top, left + columns, top + rows


def _paste_plate(image: BgrImage, margin: int, light: _Light) -> Box:
    height, width = image.shape[:2]
    plate = _plate()
    columns = min(max(_MIN_PLATE_PX, round(height * _PLATE_SHARE)), width // 2 - margin)
    small = _scaled(plate, max(8, round(columns * plate.shape[0] / plate.shape[1])))
    return _paste(image, small, width - margin - small.shape[1], height - margin - small.shape[0], light)


def _plate() -> Sprite:
    crop = np.frombuffer(read_packaged(f"{_FOLDER}/plate-{PLATE_TEXT.lower()}.png"), np.uint8)
    plate = np.asarray(cv2.imdecode(crop, cv2.IMREAD_COLOR), np.uint8)
    return np.dstack([plate, np.full(plate.shape[:2], 255, np.uint8)])


def _face_in(box: Box) -> Box:
    left, top, right, bottom = box
    columns, rows = right - left, bottom - top
    first_x, first_y, last_x, last_y = _FACE_IN_SPRITE
    return (
        round(left + first_x * columns),
        round(top + first_y * rows),
        round(left + last_x * columns),
        round(top + last_y * rows),
    )
