"""Clips for the measurement of a machine: rendered traffic of several densities, or a given video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.demo.camera_clip import ClipForm, street_images, write_clip
from pipeline.domain.frame import BgrImage
from pipeline.errors import ViapublicaError

VEHICLES: Final = {"empty": 0, "ordinary": 1, "dense": 6}
"""Vehicles that drive through the rendered street in `_RENDERED_S`."""
_RENDERED_S: Final = 6.0
_LONGEST_S: Final = 30.0
_SHORTEST_S: Final = 1.0


def rendered_clip(folder: Path, traffic: str, form: ClipForm) -> tuple[Path, float]:
    """A rendered street with the traffic of `VEHICLES`; the file and its length in seconds."""
    path = folder / f"{traffic}.mp4"
    frames = write_clip(path, street_images(VEHICLES[traffic], _RENDERED_S, form.fps), form)
    return path, frames / form.fps


def given_clip(folder: Path, video: Path, form: ClipForm) -> tuple[Path, float]:
    """The first 30 seconds of a video as the camera would send it; the file and its length in seconds.

    Raises:
        ViapublicaError: it cannot be decoded, or is shorter than a second.
    """
    path = folder / "given.mp4"
    frames = write_clip(path, images_at_rate(video, form.fps), form)
    if frames / form.fps < _SHORTEST_S:
        raise ViapublicaError(str(video), f"is shorter than {_SHORTEST_S:g} s", "Give a longer video")
    return path, frames / form.fps


def make_clips(
    folder: Path, video: Path | None, traffic: tuple[str, ...], form: ClipForm, on_clip: Callable[[], None]
) -> dict[str, tuple[Path, float]]:
    """A clip for each density of traffic; a given video stands for the one density that is named.

    Raises:
        ViapublicaError: see `given_clip`.
    """
    clips = {}
    for name in traffic:
        clips[name] = rendered_clip(folder, name, form) if video is None else given_clip(folder, video, form)
        on_clip()
    return clips


def images_at_rate(video: Path, fps: float) -> Iterator[BgrImage]:
    """Images of a video at another frame rate, in its own speed."""
    written = 0
    for frame in open_source("clip", str(video), settings=DecodeSettings()).frames():
        while written / fps <= min(frame.pts_s, _LONGEST_S):
            yield frame.image.bgr()
            written += 1
        if frame.pts_s > _LONGEST_S:
            return
