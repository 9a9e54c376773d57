"""Training of the corner network: where a plate's four corners lie in a crop around it, in reading order.

Rendered plates in real images, turned by any angle and seen from any side, whose corners are known to a fraction of a
pixel; and real plates with upright boxes, warped. Resumes from the last epoch.

python -m models.training.plates.corners --data ../shared/data --work build/training/corners
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.training import degrade
from models.training.command import reported_errors
from models.training.degrade import Image
from models.training.plates.crops import Scene, real_scenes
from models.training.plates.layouts import any_plate
from models.training.plates.producers import Batch, produced
from models.training.sources import Part
from pipeline.lpr.plate_crops import with_margin
from pipeline.lpr.rectification import Corners, inverse, moved, network_input, sampled
from pipeline.lpr.settings import LprSettings

SIZE: Final = 96
"""Side of the network's square input."""
GRID: Final = 24
"""Side of its heat maps, one per corner; the expected place in each is the corner."""
MARGIN: Final = 0.18
"""What is seen beside the detector's box, as a fraction of its longer side, where there are surroundings."""
_AS_READ: Final = 0.7
"""How often there are none: the reader has a crop with a small margin, and repeats its border."""
_REAL: Final = frozenset({"br-phone-plates", "br-street-plates2", "openalpr-eu"})
"""Sets with boxes that fit the plate, and surroundings."""
_VIEWS: Final = 8
_AGREED: Final = 0.03
"""Largest median distance between views, as a fraction of the plate's width."""
_FITS: Final = 0.6
"""Smallest overlap of the corners with the box that a person drew."""
Placed = tuple[Image, Corners]
"""An image and a plate's corners in it."""


@dataclass(frozen=True)
class Plan:
    """A training run, besides its material."""

    epochs: int = 20
    steps: int = 100
    batch: int = 64
    rate: float = 2e-3
    real_share: float = 0.4
    seed: int = 7


def square(image: Image, box: Sequence[float]) -> tuple[Image, npt.NDArray[np.float32]]:
    """The network's input around a box, and the 2 × 3 matrix from the image to it."""
    x1, y1, x2, y2 = box
    side = (1 + 2 * MARGIN) * max(x2 - x1, y2 - y1)
    scale = SIZE / side
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    to_input = np.array([[scale, 0, SIZE / 2 - scale * middle_x], [0, scale, SIZE / 2 - scale * middle_y]], np.float32)
    return sampled(image, to_input, SIZE), to_input


def _angle(rng: np.random.Generator) -> float:
    """Degrees: half of them few, the others large, among them plates on their side and upside down."""
    chance = rng.random()
    if chance < 0.5:
        return float(rng.normal(0, 8))
    if chance < 0.7:
        return float(rng.uniform(-45, 45))
    return float(rng.choice([90, 180, 270]) + rng.normal(0, 12))


def seen_from_the_side(image: Image, corners: Corners, rng: np.random.Generator) -> tuple[Image, Corners]:
    """The image under a random rotation, shear and perspective about the plate's middle."""
    middle = corners.mean(axis=0)
    angle = np.deg2rad(_angle(rng))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[rng.uniform(0.6, 1.0), 0], [np.clip(rng.normal(0, 0.12), -0.4, 0.4), 1.0]])
    height = float(np.linalg.norm(corners[3] - corners[0]))
    wanted = (corners - middle) @ slant.T @ turn.T + rng.normal(0, 0.03 * height, (4, 2))
    reach = np.abs(wanted).max() * 1.7
    scale = rng.uniform(0.8, 1.0) * SIZE / reach
    wanted = (wanted * scale + SIZE).astype(np.float32)
    warp = cv2.getPerspectiveTransform(corners.astype(np.float32), wanted)
    if scale < 0.5:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.4 / scale), np.uint8)
    size = (2 * SIZE, 2 * SIZE)
    warped = cv2.warpPerspective(image, warp, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8), wanted


def rendered(scenery: Sequence[Scene], rng: np.random.Generator) -> tuple[Image, Corners]:
    """A rendered plate laid into a real image, and its corners."""
    _, plate = any_plate(rng)
    around = scenery[int(rng.integers(len(scenery)))].image
    height, width = plate.shape[:2]
    canvas = np.asarray(cv2.resize(around, (2 * width, 3 * height)), np.uint8)
    left, top = width // 2, height
    canvas[top : top + height, left : left + width] = plate
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    return canvas, np.array(corners, np.float32)


_WAYS: Final = (
    (0.05, degrade.negative), (0.45, degrade.exposure), (0.2, degrade.shadow), (0.12, degrade.infrared),
    (0.06, degrade.night), (0.25, degrade.motion), (0.25, degrade.noise), (0.3, degrade.jpeg),
)  # fmt: skip


def example(scene: tuple[Image, Corners], rng: np.random.Generator) -> tuple[Image, Corners]:
    """What the network gets: (SIZE, SIZE, 3) BGR, and the corners in 0 to 1."""
    image, corners = seen_from_the_side(*scene, rng)
    (x1, y1), (x2, y2) = corners.min(axis=0), corners.max(axis=0)
    wide, high = x2 - x1, y2 - y1
    left, right = rng.normal(0.02, 0.03, 2) * wide
    top, bottom = rng.normal(0.02, 0.04, 2) * high
    box = (x1 - left, y1 - top, x2 + right, y2 + bottom)
    crop, matrix = _as_read(image, box) if rng.random() < _AS_READ else square(image, box)
    crop = degrade.some(crop, rng, _WAYS)
    if rng.random() < 0.4:
        crop = degrade.small(crop, rng, int(rng.uniform(24, SIZE)))
    return crop, moved(corners, matrix) / np.float32(SIZE)


def _as_read(image: Image, box: Sequence[float]) -> tuple[Image, npt.NDArray[np.float32]]:
    """The network's input as the reader makes it of a detector's box, and the matrix from the image to it."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = with_margin(box, LprSettings())
    left, top, right, bottom = max(0, x1), max(0, y1), min(width, x2), min(height, y2)
    crop, matrix = network_input(image[top:bottom, left:right], SIZE)
    matrix[:, 2] -= matrix[:, :2] @ np.array([left, top], np.float32)
    return crop, matrix


def stream(real: Sequence[Placed], scenery: Sequence[Scene], real_share: float, seed: int) -> Iterator[Placed]:
    """Endless examples: the network's input, and the corners in it from 0 to 1."""
    rng = np.random.default_rng(seed)
    stock = [rendered(scenery, rng) for _ in range(64)]
    while True:
        if real and rng.random() < real_share:
            yield example(real[int(rng.integers(len(real)))], rng)
        else:
            place = int(rng.integers(len(stock)))
            if rng.random() < 0.3:
                stock[place] = rendered(scenery, rng)
            yield example(stock[place], rng)


def refined(scenes: Sequence[Scene], network: Any) -> list[Placed]:
    """Real plates with the corners on which the network agrees with itself over several views, and with the box."""
    rng = np.random.default_rng(5)
    placed = []
    for scene in scenes:
        views = [_view(scene, rng) for _ in range(_VIEWS)]
        seen = network.predict(np.stack([cv2.cvtColor(crop, cv2.COLOR_BGR2RGB) for crop, _ in views]), verbose=0)
        back = [
            moved(corners * SIZE, inverse(matrix)) for corners, (_, matrix) in zip(seen["corners"], views, strict=True)
        ]
        corners = np.median(back, axis=0).astype(np.float32)
        width = float(np.linalg.norm(corners[1] - corners[0]))
        spread = float(np.median(np.linalg.norm(np.array(back) - corners, axis=2)))
        if spread < _AGREED * width and _overlap(corners, scene.box) > _FITS:
            placed.append((scene.image, corners))
    return placed


def _view(scene: Scene, rng: np.random.Generator) -> tuple[Image, npt.NDArray[np.float32]]:
    """The network's input, moved and scaled a little, turned by up to 12 degrees; and the matrix to it."""
    x1, y1, x2, y2 = scene.box
    wide, high = x2 - x1, y2 - y1
    left, right = rng.uniform(-0.02, 0.08, 2) * wide
    top, bottom = rng.uniform(-0.05, 0.15, 2) * high
    _, matrix = square(scene.image, (x1 - left, y1 - top, x2 + right, y2 + bottom))
    turn = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), float(rng.uniform(-12, 12)), 0.95)
    both = np.asarray(turn @ np.vstack([matrix, [0, 0, 1]]), np.float32)
    return sampled(scene.image, both, SIZE), both


def _overlap(corners: Corners, box: Sequence[float]) -> float:
    """Intersection over union of the corners' upright box and a box."""
    (x1, y1), (x2, y2) = corners.min(axis=0), corners.max(axis=0)
    wide, high = min(x2, box[2]) - max(x1, box[0]), min(y2, box[3]) - max(y1, box[1])
    inter = max(0.0, wide) * max(0.0, high)
    return float(inter / ((x2 - x1) * (y2 - y1) + (box[2] - box[0]) * (box[3] - box[1]) - inter))


def build() -> Any:
    """An untrained Keras model: (n, 96, 96, 3) uint8 RGB to {"corners": (n, 4, 2) in 0 to 1}."""
    import keras
    from keras import layers

    def convolution(x: Any, filters: int, stride: int = 1) -> Any:
        x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
        return layers.Activation("relu")(layers.BatchNormalization()(x))

    inputs = keras.Input((SIZE, SIZE, 3), dtype="uint8", name="input")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    x = convolution(x, 16, 2)
    fine = convolution(convolution(x, 32, 2), 32)
    middle = convolution(convolution(fine, 64, 2), 64)
    deep = convolution(convolution(convolution(middle, 96, 2), 96), 96)
    whole = layers.Dense(96, activation="relu")(layers.Flatten()(layers.Conv2D(16, 1, activation="relu")(deep)))
    deep = layers.Add()([deep, layers.Reshape((1, 1, 96))(whole)])
    middle = convolution(layers.Concatenate()([layers.UpSampling2D(2)(deep), middle]), 64)
    fine = convolution(layers.Concatenate()([layers.UpSampling2D(2)(middle), fine]), 48)
    maps = layers.Conv2D(4, 1)(fine)
    maps = layers.Softmax(axis=1)(layers.Reshape((GRID * GRID, 4))(maps))
    places = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID
    grid = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    expected = layers.Dense(2, use_bias=False, trainable=False, name="places")
    corners = expected(layers.Permute((2, 1))(maps))
    model = keras.Model(inputs, {"corners": layers.Activation("linear", name="corners")(corners)})
    expected.set_weights([grid.astype(np.float32)])
    return model


def _batch(real: Sequence[Placed], scenery: Sequence[Scene], plan: Plan, seed: int) -> Iterator[Batch]:
    examples = stream(real, scenery, plan.real_share, seed)
    while True:
        pairs = [next(examples) for _ in range(plan.batch)]
        images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image, _ in pairs])
        yield images, {"corners": np.stack([corners for _, corners in pairs])}


def train(data: Path, work: Path, plan: Plan, first: Path | None = None) -> Path:
    """Train anew or from the last checkpoint in `work`; returns the finished Keras file.

    Args:
        data, work, plan: the material, the folder of checkpoints, and the run.
        first: a network of an earlier run on rendered plates, which gives real ones their corners and is the start.
    """
    import keras

    work.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(plan.seed)
    model = build()
    scenery = _with_space(data, Part.TRAIN)
    real: list[Placed] = []
    held_real: list[Placed] = []
    if first is not None:
        model.set_weights(keras.saving.load_model(first, compile=False).get_weights())
        real, held_real = (refined(_with_space(data, part), model) for part in (Part.TRAIN, Part.CHOOSE))
        print(f"{len(real)} real plates with corners to train, {len(held_real)} to choose")
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, plan.epochs * plan.steps, alpha=0.01, warmup_target=plan.rate, warmup_steps=plan.steps
    )
    model.compile(
        keras.optimizers.AdamW(schedule, weight_decay=1e-4, clipnorm=1.0, use_ema=True, ema_momentum=0.995),
        loss={"corners": _loss},
        metrics={"corners": [_apart]},
    )
    choosing = stream(held_real, _with_space(data, Part.CHOOSE), 0.5, plan.seed)
    held = [next(choosing) for _ in range(512)]
    images = np.stack([cv2.cvtColor(image, cv2.COLOR_BGR2RGB) for image, _ in held])
    model.fit(
        produced(_batch, (real, scenery, plan), plan.seed),
        steps_per_epoch=plan.steps,
        epochs=plan.epochs,
        validation_data=(images, {"corners": np.stack([corners for _, corners in held])}),
        validation_batch_size=plan.batch,
        callbacks=[
            keras.callbacks.BackupAndRestore(work / "backup", delete_checkpoint=False),
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            keras.callbacks.CSVLogger(work / "log.csv", append=True),
            keras.callbacks.TerminateOnNaN(),
        ],
        verbose=2,
    )
    finished = work / "finished.keras"
    model.save(finished)
    return finished


def _with_space(data: Path, part: Part) -> list[Scene]:
    return [scene for scene in real_scenes(data, part) if scene.source in _REAL]


def _loss(truth: Any, seen: Any) -> Any:
    """Mean distance, smooth near zero, in relation to the plate's width."""
    from keras import ops

    apart = ops.sqrt(ops.sum(ops.square(truth - seen), axis=-1) + 1e-6)
    return ops.mean(apart / _width(truth), axis=-1)


def _apart(truth: Any, seen: Any) -> Any:
    from keras import ops

    apart = ops.sqrt(ops.sum(ops.square(truth - seen), axis=-1))
    return ops.mean(apart / _width(truth), axis=-1)


def _width(truth: Any) -> Any:
    from keras import ops

    return ops.sqrt(ops.sum(ops.square(truth[:, 1] - truth[:, 0]), axis=-1, keepdims=True)) + 0.05


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the labeled material")
    parser.add_argument("--work", type=Path, default=Path("build/training/corners"), help="checkpoints and log")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--real-share", type=float, default=Plan.real_share, help="real plates among all")
    parser.add_argument("--first", type=Path, help="finished network of an earlier run, for corners of real plates")
    options = parser.parse_args()
    with reported_errors(parser):
        plan = Plan(epochs=options.epochs, real_share=options.real_share)
        print(train(options.data, options.work, plan, options.first))


if __name__ == "__main__":
    main()
