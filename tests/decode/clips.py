"""Small real clips, encoded on the spot: red top left, green bottom right, a white bar that moves."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

RED, GREEN, BLACK = (0, 0, 255), (0, 255, 0), (0, 0, 0)
"""BGR."""


@dataclass(frozen=True)
class Recipe:
    """How a clip is made; times in milliseconds where given."""

    codec: str = "libx264"
    pixels: str = "yuv420p"
    size: tuple[int, int] = (160, 120)
    frames: int = 30
    fps: int = 10
    turned: int = 0
    audio: str = ""
    stamps_ms: Sequence[int] = ()
    options: Mapping[str, str] = field(default_factory=lambda: {"g": "10", "bf": "0"})
    metadata: Mapping[str, str] = field(default_factory=dict)


def image(number: int, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """The image of that number, BGR."""
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[height // 2 :, width // 2 :] = GREEN
    pixels[height // 3 : height // 2, (number * 4) % width :][:, :4] = 255
    return pixels


def encode(path: Path, recipe: Recipe | None = None) -> Path:
    """Write a clip; the container follows from the suffix."""
    recipe = recipe or Recipe()
    with av.open(str(path), "w") as container:
        container.metadata.update(recipe.metadata)
        stream: Any = container.add_stream(recipe.codec, rate=recipe.fps)
        stream.width, stream.height = recipe.size
        stream.pix_fmt, stream.options = recipe.pixels, _quiet(recipe)
        if recipe.stamps_ms:
            stream.codec_context.time_base = Fraction(1, 1000)
        if recipe.turned:
            stream.set_display_rotation(recipe.turned)
        sound: Any = container.add_stream(recipe.audio, rate=48000, layout="mono") if recipe.audio else None
        for number in range(recipe.frames):
            frame = av.VideoFrame.from_ndarray(image(number, recipe.size), "bgr24").reformat(format=recipe.pixels)
            frame.time_base = Fraction(1, 1000)
            frame.pts = recipe.stamps_ms[number] if recipe.stamps_ms else number * 1000 // recipe.fps
            container.mux(stream.encode(frame))
        if sound is not None:
            _add_sound(container, sound, 48000 * recipe.frames // recipe.fps)
        container.mux(stream.encode(None))
    _end_real_time()
    return path


def _end_real_time() -> None:
    """Give this process ordinary priority again.

    As root, SVT-AV1 makes the whole process one of real-time priority, and so its children: all others starve.
    """
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


def _quiet(recipe: Recipe) -> dict[str, str]:
    quiet = {"libx265": {"x265-params": "log-level=none"}}
    return {**recipe.options, **quiet.get(recipe.codec, {})}


def _add_sound(container: av.container.OutputContainer, stream: Any, samples: int) -> None:
    for start in range(0, samples, 1024):
        tone = (np.sin(np.arange(start, start + 1024) * 0.05) * 9000).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48000, start
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
