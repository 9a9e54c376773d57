"""A camera that is mounted upside down or sideways is analyzed upright."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.config.load import parse_config
from pipeline.decode.file_video import FileVideo
from pipeline.decode.input_options import InputOptions
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source
from pipeline.domain.frame import Frame
from pipeline.domain.video import Rotation
from pipeline.engine.camera_factory import build_source
from tests.decode.clips import BLACK, GREEN, RED, Recipe, encode, image

ROTATIONS: list[Rotation] = [0, 90, 180, 270]
FIRST_CORNER = {0: "top left", 90: "top right", 180: "bottom right", 270: "bottom left"}
"""Where the red corner, stored at the top left, is after a clockwise rotation."""
PLACES = {"top left": (0.1, 0.1), "top right": (0.9, 0.1), "bottom right": (0.9, 0.9), "bottom left": (0.1, 0.9)}


def color_at(frame: Frame, place: str) -> tuple[int, int, int]:
    x, y = PLACES[place]
    at = int(x * frame.image.width), int(y * frame.image.height)
    pixel = frame.image.crop(*at, at[0] + 1, at[1] + 1)[0, 0].astype(int)
    near = [color for color in (RED, GREEN, BLACK) if np.abs(pixel - color).max() < 60]
    assert near, pixel
    return near[0]


@pytest.mark.parametrize("rotate", ROTATIONS)
@pytest.mark.parametrize("kind", ["mp4", "rgb.mkv", "png"])
def test_images_are_turned_clockwise_before_the_masks(kind: str, rotate: Rotation, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "png":
        cv2.imwrite(str(path), image(0, (160, 120)))
    else:
        encode(path, Recipe(codec="ffv1", pixels="bgr0", options={}) if kind == "rgb.mkv" else Recipe())
    mask = ((0.8, 0.8), (1.0, 0.8), (1.0, 1.0), (0.8, 1.0))
    options = InputOptions(rotate)
    source = open_source("cam", str(path), settings=DecodeSettings(), start_ms=0, masks=[mask], options=options)
    frame = next(iter(source.frames()))
    size = (160, 120) if rotate % 180 == 0 else (120, 160)
    assert (frame.image.width, frame.image.height) == size
    assert color_at(frame, "bottom right") == BLACK
    if rotate != 180:
        assert color_at(frame, FIRST_CORNER[rotate]) == RED
    source.stop()


@pytest.mark.parametrize("rotate", ROTATIONS)
def test_a_declared_rotation_comes_first(rotate: Rotation, tmp_path: Path) -> None:
    path = encode(tmp_path / "a.mp4", Recipe(turned=-90))
    video = FileVideo(path, DecodeSettings(), options=InputOptions(rotate))
    assert (video.facts.width, video.facts.height) == ((120, 160) if rotate % 180 == 0 else (160, 120))
    turned = next(video.frames()).image.bgr()
    declared = next(FileVideo(path, DecodeSettings()).frames()).image.bgr()
    assert np.array_equal(turned, np.rot90(declared, -rotate // 90))


def test_a_camera_has_a_rotation_and_a_declaration_of_it(tmp_path: Path) -> None:
    encode(tmp_path / "a.mp4")
    text = (
        "cameras: [{id: hanging, source: a.mp4, scope: public-road, rotate: 180}]\n"
        "sinks: [{type: jsonl, path: events.jsonl}]\n"
    )
    config = parse_config(text, tmp_path / "city.yaml")
    (camera,) = config.cameras
    frame = next(iter(build_source(config, camera).frames()))
    assert color_at(frame, "bottom right") == RED
    assert camera.declaration().rotate == 180
    with pytest.raises(ValueError, match="rotate"):
        parse_config(text.replace("180", "45"), tmp_path / "city.yaml")
