"""Training crops of the plate reader, as a detector cuts them: real plates, and rendered ones pasted into images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.training import degrade
from models.training.degrade import Image
from models.training.plates.render import any_plate
from models.training.sources import PLATE_SETS, load, read_images, upright
from pipeline.lpr.crop_variants import TILT_ASPECT, TWO_LINE_ASPECT, set_upright, side_by_side

SIZE: Final = (128, 64)
"""Width and height of the network's input; crops are stretched to it, as fast-plate-ocr does."""
_CONTEXT: Final = 1.2
"""Margin around stored real plates as a fraction of the plate's size, for crops with jitter."""
_RENDERED: Final = 64
_RENEWED: Final = 0.3
"""Rendered plates in stock, and how often one that was used is drawn anew: drawing costs more than wearing."""


@dataclass(frozen=True)
class Scene:
    """A plate with its surroundings.

    Attributes:
        image, box: the image, and the plate's (x1, y1, x2, y2) in it.
        text, source: what it says and where it is from.
        tilt: degrees that it falls towards the right, as far as known: what was added to it.
        two_lines: whether it surely has two.
    """

    image: Image
    box: tuple[float, float, float, float]
    text: str
    source: str
    tilt: float = 0.0
    two_lines: bool = False


def real_scenes(data: Path, *, validation: bool) -> list[Scene]:
    """Upright labeled plates of one part, each with its surroundings."""
    samples = [
        sample for folder in PLATE_SETS for sample in read_images(data, folder) if sample.validation is validation
    ]
    scenes = []
    for sample, stored in load(samples):
        image, boxes = upright(stored, np.array([box.xyxy for box in sample.boxes]), sample.turn)
        for box, labeled in zip(boxes, sample.boxes, strict=True):
            scenes.append(_cut_scene(image, box, labeled.text, sample.source))
    return scenes


def _cut_scene(image: Image, box: np.ndarray, text: str, source: str) -> Scene:
    x1, y1, x2, y2 = (float(v) for v in box)
    margin = _CONTEXT * max((x2 - x1) / 2, y2 - y1)
    left, top = max(0, int(x1 - margin)), max(0, int(y1 - margin))
    right, bottom = min(image.shape[1], int(x2 + margin)), min(image.shape[0], int(y2 + margin))
    part = image[top:bottom, left:right]
    scale = min(1.0, 96 / (y2 - y1))  # larger ones are shrunk: the input has 64 rows
    if scale < 1:
        part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    place = tuple(float(scale * v) for v in (x1 - left, y1 - top, x2 - left, y2 - top))
    return Scene(np.ascontiguousarray(part), (place[0], place[1], place[2], place[3]), text, source)


def set_in(plate: Image, text: str, surroundings: Image, rng: np.random.Generator) -> Scene:
    """A rendered plate laid into a patch of a real image, turned and seen from the side."""
    height, width = plate.shape[:2]
    canvas = np.asarray(cv2.resize(surroundings, (int(width * 1.8), int(height * 2.6))), np.uint8)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = corners.mean(axis=0)
    degrees = _tilt(rng)
    angle = np.deg2rad(degrees)
    shear, shrink = np.clip(rng.normal(0, 0.08), -0.3, 0.3), rng.uniform(0.65, 1.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[shrink, 0], [shear, 1.0]])
    shape = (corners - middle) @ slant.T @ turn.T * rng.uniform(0.85, 1.0)
    shape += rng.normal(0, 0.025 * height, shape.shape)
    shape = (shape + np.array([canvas.shape[1], canvas.shape[0]]) / 2).astype(np.float32)
    warp = cv2.getPerspectiveTransform(corners, shape)
    size = (canvas.shape[1], canvas.shape[0])
    laid = cv2.warpPerspective(plate, warp, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), warp, size)
    mask = cv2.GaussianBlur(mask, (3, 3), 0).astype(np.float32)[..., None] / 255
    image = np.asarray(laid * mask + canvas * (1 - mask), np.uint8)
    low, high = shape.min(axis=0), shape.max(axis=0)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return Scene(image, box, text, "rendered", degrees, two_lines=width < TWO_LINE_ASPECT * height)


def _tilt(rng: np.random.Generator) -> float:
    """Degrees: mostly few, sometimes as many as a telephone or a motorcycle on its stand makes them."""
    return float(rng.uniform(-35, 35) if rng.random() < 0.25 else np.clip(rng.normal(0, 7), -20, 20))


def rendered_scene(scenery: list[Scene], rng: np.random.Generator) -> Scene:
    """A rendered plate in the surroundings of a real one."""
    text, plate = any_plate(rng)
    around = scenery[int(rng.integers(len(scenery)))].image
    return set_in(plate, text, around, rng)


_WAYS: Final = (
    (0.45, degrade.exposure), (0.15, degrade.shadow), (0.10, degrade.infrared), (0.06, degrade.night),
    (0.30, degrade.out_of_focus), (0.15, degrade.motion), (0.25, degrade.noise), (0.30, degrade.jpeg),
)  # fmt: skip


def cut(scene: Scene, rng: np.random.Generator) -> Image:
    """The crop of a detector that is never quite right, worn by a camera that is never quite good; network-sized."""
    return _sized(_worn_crop(_tilted(scene, rng), rng))


def variant(scene: Scene, rng: np.random.Generator) -> tuple[Image, str]:
    """One of the variants of a crop that the reader uses (`pipeline.lpr.crop_variants`), and its text.

    A plate that lies on its side, stands on its head or was set upright the wrong way says nothing: so the reader
    learns which of several variants is the right one.
    """
    scene = _tilted(scene, rng)
    crop = _worn_crop(scene, rng)
    height, width = crop.shape[:2]
    falls = 1 if scene.tilt > 0 else -1
    chance = rng.random()
    if chance < 0.12:
        return _sized(np.ascontiguousarray(np.rot90(crop, int(rng.choice([1, 3, 1, 3, 2]))))), ""
    if not scene.two_lines and abs(scene.tilt) > 8 and width < TILT_ASPECT * height:
        if chance < 0.22 and abs(scene.tilt) > 15:
            return _sized(set_upright(crop, -falls)), ""
        if chance < 0.6:
            return _sized(set_upright(crop, falls)), scene.text
    if scene.two_lines and width < TWO_LINE_ASPECT * height and chance < 0.4:
        return _sized(side_by_side(crop)), scene.text
    return _sized(crop), scene.text


def _worn_crop(scene: Scene, rng: np.random.Generator) -> Image:
    """The box with the detector's inaccuracy and the camera's, as many pixels as there are."""
    x1, y1, x2, y2 = scene.box
    left, right = rng.normal(0.05, 0.04, 2) * (x2 - x1)
    top, bottom = rng.normal(0.09, 0.06, 2) * (y2 - y1)
    crop = crop_of(scene.image, (x1 - left, y1 - top, x2 + right, y2 + bottom))
    if crop.shape[0] > 96:
        size = (max(4, round(crop.shape[1] * 96 / crop.shape[0])), 96)
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    crop = degrade.some(crop, rng, _WAYS)
    if rng.random() < 0.5:
        crop = degrade.small(crop, rng, int(np.exp(rng.uniform(np.log(12), np.log(60)))))
    return crop


def _sized(crop: Image) -> Image:
    return np.asarray(cv2.resize(crop, SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)


def _tilted(scene: Scene, rng: np.random.Generator) -> Scene:
    """A real plate turned and sheared about its middle, in a box about as high as a detector's would then be."""
    if scene.source == "rendered" or rng.random() >= 0.6:
        return scene
    x1, y1, x2, y2 = scene.box
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    falls, shear = _tilt(rng), float(np.clip(rng.normal(0, 0.08), -0.25, 0.25))
    turn = cv2.getRotationMatrix2D((x, y), -falls, 1.0)
    turn[0, 1] += shear
    turn[0, 2] -= shear * y
    size = (scene.image.shape[1], scene.image.shape[0])
    turned = cv2.warpAffine(scene.image, turn, size, borderMode=cv2.BORDER_REPLICATE)
    half_width = (x2 - x1 + abs(shear) * (y2 - y1)) / 2
    half_height = (y2 - y1 + 0.8 * abs(np.sin(np.deg2rad(falls))) * (x2 - x1)) / 2
    box = (x - half_width, y - half_height, x + half_width, y + half_height)
    return replace(scene, image=np.asarray(turned, np.uint8), box=box, tilt=falls)


def crop_of(image: Image, box: tuple[float, float, float, float]) -> Image:
    """Pixels of the box, at least 4 × 4, as far as the image has them."""
    height, width = image.shape[:2]
    x1, y1 = int(np.clip(round(box[0]), 0, width - 4)), int(np.clip(round(box[1]), 0, height - 4))
    x2, y2 = int(np.clip(round(box[2]), x1 + 4, width)), int(np.clip(round(box[3]), y1 + 4, height))
    return np.ascontiguousarray(image[y1:y2, x1:x2])


def stream(scenes: list[Scene], real_share: float, seed: int) -> Iterator[tuple[Image, str]]:
    """Endless crops (64, 128, 3) BGR and their texts. Brazilian real plates come three times as often as others."""
    rng = np.random.default_rng(seed)
    weights = np.array([1.0 if scene.source in {"openalpr-eu", "openalpr-us"} else 3.0 for scene in scenes])
    chances = np.cumsum(weights / weights.sum())
    rendered = [rendered_scene(scenes, rng) for _ in range(_RENDERED)]
    while True:
        if rng.random() < real_share:
            scene = scenes[int(np.searchsorted(chances, rng.random()))]
        else:
            place = int(rng.integers(_RENDERED))
            scene = rendered[place]
            if rng.random() < _RENEWED:
                rendered[place] = rendered_scene(scenes, rng)
        yield variant(scene, rng)
