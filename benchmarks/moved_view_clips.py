"""Views of real clips that are shifted, zoomed and turned, and what light, weather and traffic make of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
import numpy.typing as npt

STEP_S: Final = 0.5
WIDTH: Final = 480
MOST_FRAMES: Final = 120
SECTION: Final = 0.8
"""Share of the frame that is the view; the rest comes in when it moves."""
NOISE: Final = np.random.default_rng(17).normal(0, 1, (1200, 800)).astype(np.float32)

Gray = npt.NDArray[np.uint8]
Change = Callable[[Gray, int], Gray]
"""A view and the number of its sample to what the camera sends."""


@dataclass(frozen=True)
class Move:
    """A movement: shift as a share of the width, zoom as a factor, turn in degrees."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    turn: float = 0.0

    def part(self, share: float) -> Move:
        return Move(self.x * share, self.y * share, 1 + (self.zoom - 1) * share, self.turn * share)


STILL: Final = Move()


@dataclass(frozen=True)
class Clip:
    """Frames of a clip in gray, WIDTH wide, two a second, looped forwards and backwards."""

    name: str
    frames: list[Gray] = field(repr=False)

    def view(self, sample: int, move: Move = STILL) -> Gray:
        """The section of a frame that the camera shows after a movement."""
        count = len(self.frames)
        place = sample % max(1, 2 * count - 2)
        frame = self.frames[place if place < count else 2 * count - 2 - place]
        height, width = frame.shape
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), move.turn, move.zoom / SECTION)
        matrix[:, 2] += (move.x * width, move.y * width)
        return np.asarray(
            cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT),
            np.uint8,
        )


def read_clip(path: Path) -> Clip | None:
    """The clip; None where it is shorter than two seconds."""
    frames, next_s = [], 0.0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for number, frame in enumerate(container.decode(stream)):
            at_s = frame.time if frame.time is not None else number / float(stream.average_rate or 25)
            if at_s >= next_s:
                height = round(frame.height * WIDTH / frame.width)
                frames.append(
                    cv2.resize(frame.to_ndarray(format="gray"), (WIDTH, height), interpolation=cv2.INTER_AREA)
                )
                next_s = at_s + STEP_S
            if len(frames) >= MOST_FRAMES:
                break
    return Clip(path.stem, [np.asarray(one, np.uint8) for one in frames]) if len(frames) >= 4 else None


def steady(gray: Gray, sample: int) -> Gray:
    """As it is, with the noise of a sensor."""
    return with_noise(gray, sample, 2.0)


def with_noise(gray: Gray, sample: int, sigma: float) -> Gray:
    """Other noise in each sample: sections of one larger field."""
    height, width = gray.shape
    y, x = sample * 37 % 200, sample * 53 % 200
    return np.clip(gray + sigma * NOISE[y : y + height, x : x + width], 0, 255).astype(np.uint8)


def dusk(gray: Gray, sample: int) -> Gray:
    """Light that falls to a twentieth within a minute and comes back, with the noise of a dark sensor."""
    light = 0.525 + 0.475 * math.cos(2 * math.pi * sample / 240)
    return with_noise(
        np.clip(gray * light * (1 + 0.6 * (1 - light)), 0, 255).astype(np.uint8), sample, 2 + 6 * (1 - light)
    )


def exposure(gray: Gray, sample: int) -> Gray:
    """Steps of exposure, as when the sun comes out."""
    gain = (1.0, 1.6, 0.5, 2.2, 0.8)[sample // 15 % 5]
    return with_noise(np.clip(gray * gain, 0, 255).astype(np.uint8), sample, 2)


def infrared(gray: Gray, sample: int) -> Gray:
    """Infrared lamps that are switched every half minute: light in the middle, inverted tones of what is green."""
    if sample // 60 % 2 == 0:
        return steady(gray, sample)
    height, width = gray.shape
    y, x = np.mgrid[0:height, 0:width]
    light = np.exp(-(((x / width - 0.5) / 0.45) ** 2 + ((y / height - 0.6) / 0.5) ** 2))
    tones = np.clip(40 + 190 * np.abs(gray / 255.0 - 0.45), 0, 255)
    return with_noise((tones * light).astype(np.uint8), sample, 6)


def rain(gray: Gray, sample: int) -> Gray:
    """Streaks, and less contrast."""
    randoms = random.Random(sample)
    image = (gray * 0.6 + 60).astype(np.uint8)
    for _ in range(250):
        x, y = randoms.randrange(gray.shape[1]), randoms.randrange(gray.shape[0])
        cv2.line(image, (x, y), (x - 4, y + randoms.randrange(10, 30)), randoms.randrange(150, 220), 1)
    return image


def compression(gray: Gray, sample: int) -> Gray:
    """Pumping: hardly any detail before each key frame."""
    quality = (40, 20, 10, 5)[sample % 4]
    encoded = cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)


def headlights(gray: Gray, sample: int) -> Gray:
    """Glare that crosses a darkened image."""
    image = (gray * 0.35).astype(np.float32)
    height, width = gray.shape
    y, x = np.mgrid[0:height, 0:width]
    for offset in (0, 37):
        at_x, at_y = (sample * 61 + offset * 9) % width, height * (0.4 + 0.4 * ((sample * 13 + offset) % 50) / 50)
        image += 255 * np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / (2 * 45.0**2))
    return with_noise(np.clip(image, 0, 255).astype(np.uint8), sample, 3)


def truck(gray: Gray, sample: int) -> Gray:
    """A truck that fills most of the frame for three seconds, every ten, and stands there for one of them."""
    phase = sample % 20
    if phase >= 7:
        return steady(gray, sample)
    height, width = gray.shape
    box = np.random.default_rng(sample // 20).integers(40, 220, (12, 20), np.uint8)
    side = cv2.resize(box, (round(width * 0.9), round(height * 0.95)), interpolation=cv2.INTER_NEAREST)
    left = round(width * (1.0 - 0.33 * min(phase, 3) - 0.33 * max(0, phase - 4)))
    image = gray.copy()
    x1, x2 = max(0, left), min(width, left + side.shape[1])
    if x1 < x2:
        image[height - side.shape[0] :, x1:x2] = side[:, x1 - left : x2 - left]
    return steady(image, sample)


def fog(gray: Gray, sample: int) -> Gray:
    """Fog that comes and goes within two minutes."""
    share = 0.5 - 0.45 * math.cos(2 * math.pi * sample / 240)
    return with_noise((gray * (1 - share) + 190 * share).astype(np.uint8), sample, 2)


CHANGES: Final[dict[str, Change]] = {
    "none but noise": steady,
    "dusk and dawn": dusk,
    "exposure": exposure,
    "infrared lamps": infrared,
    "rain": rain,
    "compression pumps": compression,
    "headlights": headlights,
    "trucks": truck,
    "fog": fog,
}
HAND_HELD: Final = ("car-detection", "highway-motorbike", "person-bicycle-car-detection")
"""Clips of cameras that a person holds: they drift by up to 4 %, which the watch finds. Their own movement is undone by
another method, ECC of whole frames (G. Evangelidis, E. Psarakis, 2008), before they are used."""
NOT_USED: Final = ("egoblur-parking-plates", "street-parked-cars")
"""Cameras that turn."""


def held_still(clip: Clip) -> Clip:
    """The clip less the movement of its camera; frames whose movement is not found are left out."""
    first, frames = clip.frames[0], [clip.frames[0]]
    matrix: Any = np.eye(2, 3, dtype=np.float32)
    no_mask: Any = None
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    for frame in clip.frames[1:]:
        try:
            _, matrix = cv2.findTransformECC(first, frame, matrix, cv2.MOTION_EUCLIDEAN, criteria, no_mask, 5)
        except cv2.error:
            continue
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        moved = cv2.warpAffine(frame, matrix, first.shape[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)
        frames.append(np.asarray(moved, np.uint8))
    return Clip(clip.name, frames)


def still_cameras(data2: Path) -> Iterator[Clip]:
    """Pole and web cameras, by day and night, of which there are single images: each seventh."""
    for folder in ("br-manaus-cctv", "cctv-junctions", "highway-poles"):
        for path in sorted((data2 / folder / "images").iterdir())[::7]:
            image = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)
            size = WIDTH, round(image.shape[0] * WIDTH / image.shape[1])
            yield Clip(
                f"{folder}/{path.stem[:12]}",
                [np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)],
            )


def clips(data: Path, data2: Path) -> Iterator[Clip]:
    """The shared clips of cameras that do not move; of those of one motorway camera, each third."""
    motorway = sorted((data2 / "clips-motorway").iterdir())
    one_camera = [path for path in motorway if path.name.startswith("625_")]
    others = [path for path in motorway if path not in one_camera]
    for path in sorted([*(data / "clips").glob("*.mp4"), *one_camera[::3], *others]):
        if path.stem not in NOT_USED and (clip := read_clip(path)) is not None:
            yield held_still(clip) if clip.name in HAND_HELD else clip
    yield from still_cameras(data2)
