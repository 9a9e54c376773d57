"""Training crops of the plate reader, as a detector cuts them.

Real plates, rendered ones pasted into images, plates without a label as the network that training starts from reads
them (so that it forgets no other country's), and text that is no plate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from models.training import degrade
from models.training.degrade import Image
from models.training.plates.layouts import any_plate
from models.training.plates.network import ALPHABET, SLOTS
from models.training.plates.not_plates import caption, surroundings
from models.training.sources import READER_SETS, Part, Sample, load, read_images, upright
from pipeline.lpr.rectification import TWO_LINE_ASPECT, side_by_side

SIZE: Final = (128, 64)
"""Width and height of the network's input; crops are stretched to it, as fast-plate-ocr does."""
_CONTEXT: Final = 1.2
"""Margin around stored real plates as a fraction of the plate's size, for crops with jitter."""
_LEAST_ROWS: Final = 14
_PLATE_ASPECT: Final = 2.8
"""Width over height of a one-line plate with some margin."""
_TILT_ASPECT: Final = 2.5
"""Crops narrower than this may show a tilted one-line plate."""
_AS_IT_IS: Final = 0.15
_AS_IT_IS_CROPS: Final = 0.4
"""How often a crop is left as it is; those of br-plate-crops are blurred, dark and small by themselves."""
_RENDERED: Final = 64
_RENEWED: Final = 0.3
"""Rendered plates in stock, and how often one that was used is drawn anew: drawing costs more than wearing."""


Answer: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Scene:
    """A plate with its surroundings.

    Attributes:
        image, box: the image, and the plate's (x1, y1, x2, y2) in it.
        text, source: what it says and where it is from.
        tilt: degrees that it falls towards the right, as far as known: what was added to it.
        two_lines: whether it surely has two.
        answer: (slots, alphabet) probabilities to learn instead of the text.
    """

    image: Image
    box: tuple[float, float, float, float]
    text: str
    source: str
    tilt: float = 0.0
    two_lines: bool = False
    answer: Answer | None = None


UNSEEN: Final = frozenset({"openalpr-br", "openalpr-us"})
"""Sets that this reader is only judged by, besides those that are for judging entirely."""
UNLABELED: Final = ("oi-plates", "ro-dashcam-night", "br-street-plates")
"""Sets with boxes of plates and without texts."""
_LEAST_SURE: Final = 0.7
"""Smallest probability of a character with which the first network's answer is taken as a lesson."""


def reader_part(sample: Sample) -> Part:
    """What an image is for in the reader's training."""
    return Part.JUDGE if sample.source in UNSEEN else sample.part


def real_scenes(data: Path, part: Part) -> list[Scene]:
    """Upright labeled plates of one part, each with its surroundings."""
    samples = [sample for folder in READER_SETS for sample in read_images(data, folder) if reader_part(sample) is part]
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


def answered_scenes(data: Path, network: Path) -> list[Scene]:
    """Plates without a text in the part for training, with the probabilities that `network` gives, where it is sure."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
    samples = [s for folder in UNLABELED for s in read_images(data, folder) if s.part is Part.TRAIN]
    scenes = []
    for sample, image in load(samples):
        for box in sample.boxes:
            if box.label != "plate" or box.xyxy[3] - box.xyxy[1] < _LEAST_ROWS:
                continue
            scene = _cut_scene(image, np.array(box.xyxy), "", sample.source)
            x1, y1, x2, y2 = scene.box
            wide, high = 0.03 * (x2 - x1), 0.05 * (y2 - y1)
            crop = _sized(crop_of(scene.image, (x1 - wide, y1 - high, x2 + wide, y2 + high)))
            (seen,) = session.run(None, {"input": cv2.cvtColor(crop, cv2.COLOR_BGR2RGB)[None]})
            answer = np.asarray(seen[0], np.float32)
            if answer.max(axis=1).min() >= _LEAST_SURE and (answer.argmax(axis=1) != ALPHABET.index("_")).sum() > 3:
                scenes.append(replace(scene, answer=answer))
    return scenes


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


def rendered_scene(scenery: Sequence[Scene], rng: np.random.Generator) -> Scene:
    """A rendered plate in the surroundings of a real one."""
    text, plate = any_plate(rng)
    around = scenery[int(rng.integers(len(scenery)))].image
    return set_in(plate, text, around, rng)


_WAYS: Final = (
    (0.05, degrade.negative), (0.45, degrade.exposure), (0.15, degrade.shadow), (0.12, degrade.infrared),
    (0.06, degrade.night),
    (0.30, degrade.out_of_focus), (0.15, degrade.motion), (0.25, degrade.noise), (0.30, degrade.jpeg),
)  # fmt: skip


def cut(scene: Scene, rng: np.random.Generator) -> Image:
    """The crop of a detector that is never quite right, worn by a camera that is never quite good; network-sized."""
    return _sized(_worn_crop(_tilted(scene, rng), rng))


def variant(scene: Scene, rng: np.random.Generator) -> tuple[Image, Answer]:
    """A crop as it is, or one of a plate that was rectified (`pipeline.lpr.rectification`) well or badly; its answer.

    A plate that lies on its side, stands on its head or was set upright the wrong way says nothing: so the reader
    learns which of several variants is the right one.
    """
    scene = _tilted(scene, rng)
    crop = _worn_crop(scene, rng)
    height, width = crop.shape[:2]
    falls = 1 if scene.tilt > 0 else -1
    answer = one_hot(scene.text) if scene.answer is None else scene.answer
    chance = rng.random()
    if chance < 0.12:
        return _sized(np.ascontiguousarray(np.rot90(crop, int(rng.choice([1, 3, 1, 3, 2]))))), one_hot("")
    if not scene.two_lines and abs(scene.tilt) > 8 and width < _TILT_ASPECT * height:
        if chance < 0.22 and abs(scene.tilt) > 15:
            return _sized(set_upright(crop, -falls)), one_hot("")
        if chance < 0.6:
            return _sized(set_upright(crop, falls)), answer
    if scene.two_lines and width < TWO_LINE_ASPECT * height and chance < 0.4:
        return _sized(side_by_side(crop)), answer
    return _sized(crop), answer


def set_upright(crop: Image, rise: int) -> Image:
    """The band of a one-line plate that runs from corner to corner, sheared until it is level.

    Args:
        crop: (height, width, 3), higher than a level plate of that width.
        rise: 1 for a plate that falls towards the right of the image, −1 for one that rises.
    """
    height, width = crop.shape[:2]
    band = min(height, round(width / _PLATE_ASPECT))
    slope = rise * (height - band) / width
    # Row v of the band at column u lies in the crop at v + middle + slope × (u − half the width).
    source = np.array([[1, 0, 0], [slope, 1, (height - band) / 2 - slope * width / 2]], np.float32)
    upright = cv2.warpAffine(
        crop, source, (width, band), flags=cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(upright, np.uint8)


def not_a_plate(scenery: Sequence[Scene], rng: np.random.Generator) -> Image:
    """A crop in which no plate is."""
    scene = scenery[int(rng.integers(len(scenery)))]
    crop = surroundings(scene.image, scene.box, rng) if rng.random() < 0.25 else None
    crop = caption(scene.image, rng) if crop is None else crop
    return _sized(degrade.some(crop, rng, _WAYS[1:] if rng.random() < 0.5 else ()))


def one_hot(text: str) -> Answer:
    """(slots, alphabet) of a text, padded at its end."""
    padded = text.ljust(SLOTS, "_")
    return np.eye(len(ALPHABET), dtype=np.float32)[[ALPHABET.index(character) for character in padded]]


def _worn_crop(scene: Scene, rng: np.random.Generator) -> Image:
    """The box with the detector's inaccuracy and the camera's, as many pixels as there are."""
    x1, y1, x2, y2 = scene.box
    left, right = rng.normal(0.05, 0.04, 2) * (x2 - x1)
    top, bottom = rng.normal(0.09, 0.06, 2) * (y2 - y1)
    crop = crop_of(scene.image, (x1 - left, y1 - top, x2 + right, y2 + bottom))
    if crop.shape[0] > 96:
        size = (max(4, round(crop.shape[1] * 96 / crop.shape[0])), 96)
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < (_AS_IT_IS_CROPS if scene.source == "br-plate-crops" else _AS_IT_IS):
        return crop
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


@dataclass(frozen=True)
class Shares:
    """How much of each kind of crop there is."""

    labeled: float = 0.50
    answered: float = 0.07
    rendered: float = 0.35
    not_plates: float = 0.08


_OFTEN: Final = {"br-phone-plates": 3.0, "br-street-plates2": 1.5, "openalpr-eu": 1.5}
"""How often a plate of a set comes, in relation to one of br-plate-crops, of which there are most."""


def stream(
    labeled: Sequence[Scene], answered: Sequence[Scene], shares: Shares, seed: int
) -> Iterator[tuple[Image, Answer]]:
    """Endless crops (64, 128, 3) BGR and their answers."""
    rng = np.random.default_rng(seed)
    weights = np.array([_OFTEN.get(scene.source, 1.0) for scene in labeled])
    chances = np.cumsum(weights / weights.sum())
    scenery = [scene for scene in labeled if scene.source != "br-plate-crops"]
    rendered = [rendered_scene(scenery, rng) for _ in range(_RENDERED)]
    kinds = np.cumsum([shares.labeled, shares.answered, shares.rendered, shares.not_plates])
    while True:
        kind = int(np.searchsorted(kinds, rng.random() * kinds[-1]))
        if kind == 3:
            yield not_a_plate(scenery, rng), one_hot("")
            continue
        if kind == 0:
            scene = labeled[int(np.searchsorted(chances, rng.random()))]
        elif kind == 1 and answered:
            scene = answered[int(rng.integers(len(answered)))]
        else:
            place = int(rng.integers(_RENDERED))
            scene = rendered[place]
            if rng.random() < _RENEWED:
                rendered[place] = rendered_scene(scenery, rng)
        yield variant(scene, rng)
