"""Frames of ordinary scenes, in the size that a test wants."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.domain.frame import BgrImage

CLIPS: Final = (
    "people-walking",
    "person-bicycle-car-detection",
    "car-detection",
    "highway-motorbike",
    "traffic-plates-nz",
)


def scene(data_dir: Path, clip: str = "people-walking", width: int = 800) -> BgrImage:
    """The first frame of a clip, so many pixels wide."""
    image = next(FileVideo(data_dir / "clips" / f"{clip}.mp4", DecodeSettings()).frames()).image.bgr()
    height = round(width * image.shape[0] / image.shape[1])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def gray(image: BgrImage) -> npt.NDArray[np.float32]:
    """Its gray levels."""
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
