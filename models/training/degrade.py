"""Image degradations by weather, optics, sensors and codecs: (height, width, 3) uint8 BGR in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Image: TypeAlias = npt.NDArray[np.uint8]
Degradation: TypeAlias = Callable[[Image, np.random.Generator], Image]


def _image(values: npt.ArrayLike) -> Image:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def exposure(image: Image, rng: np.random.Generator) -> Image:
    """Gamma, contrast, brightness and a slight color cast."""
    gamma = np.exp(rng.normal(0, 0.3))
    curve = 255 * (np.arange(256) / 255) ** gamma
    curve = (curve - 128) * rng.uniform(0.6, 1.3) + 128 + rng.uniform(-30, 30)
    cast = rng.uniform(0.92, 1.08, 3)
    table = _image(np.clip(curve, 0, 255)[:, None] * cast)
    return _image(cv2.LUT(image, table[:, None, :]))


def night(image: Image, rng: np.random.Generator) -> Image:
    """Dark, noisy, yellowish, with a bright spot where a lamp or a headlight shines."""
    height, width = image.shape[:2]
    dark = image.astype(np.float32) * rng.uniform(0.15, 0.5) * np.array([0.75, 0.95, 1.05], np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    for _ in range(int(rng.integers(0, 3))):
        spread = rng.uniform(0.05, 0.3) * width
        distance = (x - rng.uniform(0, width)) ** 2 + (y - rng.uniform(0, height)) ** 2
        glow = rng.uniform(40, 160) * np.exp(-distance / (2 * spread**2))
        dark += glow[..., None].astype(np.float32)
    return noise(_image(dark), rng)


def infrared(image: Image, rng: np.random.Generator) -> Image:
    """Gray, as from a camera with an infrared lamp; reflecting surfaces are bright."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    seen = 255 * (gray / 255) ** rng.uniform(0.6, 1.8)
    return _image(cv2.cvtColor(_image(seen), cv2.COLOR_GRAY2BGR))


def negative(image: Image, rng: np.random.Generator) -> Image:
    """Gray with dark and light exchanged, as colored plates are seen by some infrared cameras."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    turned = (255 - gray) * rng.uniform(0.6, 1.0) + rng.uniform(0, 40)
    return _image(cv2.cvtColor(_image(turned), cv2.COLOR_GRAY2BGR))


def shadow(image: Image, rng: np.random.Generator) -> Image:
    """One side of a slanted line lies in shadow."""
    height, width = image.shape[:2]
    angle, offset = rng.uniform(0, 2 * np.pi), rng.uniform(-0.3, 0.3)
    y, x = np.mgrid[0:height, 0:width]
    side = np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5) - offset
    soft = 1 / (1 + np.exp(-side * rng.uniform(8, 80)))
    return _image(image * (1 - rng.uniform(0.3, 0.7) * soft[..., None]))


def noise(image: Image, rng: np.random.Generator) -> Image:
    """Sensor noise."""
    grain = rng.normal(0, rng.uniform(2, 14), image.shape).astype(np.float32)
    return _image(image.astype(np.float32) + grain)


def out_of_focus(image: Image, rng: np.random.Generator) -> Image:
    """Gaussian, up to a sixtieth of the image's height."""
    return _image(cv2.GaussianBlur(image, (0, 0), max(0.3, image.shape[0] * rng.uniform(0.003, 0.016))))


def motion(image: Image, rng: np.random.Generator) -> Image:
    """Motion blur."""
    length = max(3, int(image.shape[0] * rng.uniform(0.02, 0.08)))
    kernel = np.zeros((length, length), np.float32)
    direction = rng.uniform(0, np.pi)
    middle = (length - 1) / 2
    reach = np.array([np.cos(direction), np.sin(direction)]) * middle
    start, end = np.round(middle - reach).astype(int), np.round(middle + reach).astype(int)
    cv2.line(kernel, tuple(map(int, start)), tuple(map(int, end)), 1.0)
    return _image(cv2.filter2D(image, -1, kernel / max(1.0, float(kernel.sum()))))


def rain(image: Image, rng: np.random.Generator) -> Image:
    """Bright streaks and less contrast."""
    height, width = image.shape[:2]
    streaks = np.zeros((height, width), np.uint8)
    slant = rng.uniform(-0.3, 0.3)
    for _ in range(int(rng.integers(60, 300))):
        x, y, length = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.02, 0.06) * height
        cv2.line(streaks, (int(x), int(y)), (int(x + slant * length), int(y + length)), 255, 1)
    streaks = _image(cv2.GaussianBlur(streaks, (3, 3), 0))
    flat = image.astype(np.float32) * 0.8 + 35
    return _image(flat + (streaks.astype(np.float32) * rng.uniform(0.15, 0.45))[..., None])


def jpeg(image: Image, rng: np.random.Generator) -> Image:
    """JPEG blocks and ringing, similar to H.264 at a low bit rate."""
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(12, 80))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def small(image: Image, rng: np.random.Generator, height: int) -> Image:
    """Reduced to `height` rows and scaled up again."""
    if height >= image.shape[0]:
        return image
    width = max(4, round(image.shape[1] * height / image.shape[0]))
    down = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST)[int(rng.choice(3, p=[0.6, 0.3, 0.1]))]
    reduced = cv2.resize(image, (width, height), interpolation=down)
    if rng.random() < 0.5:
        reduced = jpeg(_image(reduced), rng)
    return _image(cv2.resize(reduced, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR))


def some(image: Image, rng: np.random.Generator, ways: Sequence[tuple[float, Degradation]]) -> Image:
    """Apply each degradation with its probability, in this order."""
    for probability, way in ways:
        if rng.random() < probability:
            image = way(image, rng)
    return image
