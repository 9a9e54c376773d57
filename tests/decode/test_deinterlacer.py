"""Interlaced video is analyzed as progressive frames, whoever declares it, and however late."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.decode.deinterlacer import Deinterlacer, is_combed
from pipeline.decode.file_video import FileVideo
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.supervised_source import open_source

SIZE = 320, 576
FRAMES = 20
Image = npt.NDArray[np.uint8]


def scene(half_frame: int, moves: bool = True) -> Image:
    """A striped block that moves 8 pixels per field over a textured background, BGR."""
    width, height = SIZE
    y, x = np.mgrid[:height, :width]
    pixels = (110 + 30 * np.sin(x / 9) * np.cos(y / 7)).astype(np.uint8)
    left = 20 + 8 * (half_frame if moves else 0)
    block = pixels[150:400, left : left + 80]
    block[:] = np.where((np.arange(block.shape[1]) // 20) % 2, 230, 30)
    return np.repeat(pixels[..., None], 3, axis=2)


def woven(number: int, moves: bool = True, bottom_first: bool = False) -> Image:
    first, second = scene(2 * number, moves), scene(2 * number + 1, moves)
    lines = 0 if bottom_first else 1
    first[lines::2] = second[lines::2]
    return first


def encode(path: Path, images: list[Image], *, flagged: bool, turned: int = 0) -> Path:
    with av.open(str(path), "w") as container:
        options = {"crf": "12", "preset": "veryfast"}
        if flagged:
            options |= {"flags": "+ildct+ilme", "x264-params": "tff=1:interlaced=1"}
        stream: Any = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        if turned:
            stream.set_display_rotation(turned)
        for image in images:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        container.mux(stream.encode(None))
    return path


def decoded(path: Path) -> list[Image]:
    return [
        frame.image.bgr() for frame in open_source("cam", str(path), settings=DecodeSettings(), start_ms=0).frames()
    ]


def error_of(found: npt.NDArray[Any], number: int) -> float:
    """Mean difference, in the rows of the block, from the scene at the time of the first field."""
    return float(np.abs(found[150:400].astype(int) - scene(2 * number)[150:400]).mean())


@pytest.mark.parametrize("flagged", [True, False], ids=["declared", "not declared"])
def test_moving_objects_have_one_position(flagged: bool, tmp_path: Path) -> None:
    images = [woven(number) for number in range(FRAMES - 8)]
    frames = decoded(encode(tmp_path / "a.mp4", images, flagged=flagged))
    assert len(frames) == len(images)
    combed = max(error_of(image, number) for number, image in enumerate(images))
    assert combed > 10
    assert max(error_of(frame, number) for number, frame in enumerate(frames)) < 4


def test_a_redaction_sees_the_same_frames_in_each_pass(tmp_path: Path) -> None:
    video = FileVideo(encode(tmp_path / "a.mp4", [woven(n) for n in range(10)], flagged=True), DecodeSettings())
    passes = [[(frame.index, frame.pts, frame.image.bgr()) for frame in video.frames()] for _ in range(2)]
    assert [(index, pts) for index, pts, _ in passes[0]] == [(index, pts) for index, pts, _ in passes[1]]
    assert all(np.array_equal(a[2], b[2]) for a, b in zip(*passes, strict=True))
    assert not any(is_combed(image[..., 0]) for _, _, image in passes[0])
    seconds = [pts * float(video.facts.time_base) for _, pts, _ in passes[0]]
    assert seconds == pytest.approx([n / 25 for n in range(10)], abs=1e-3)


def test_turned_interlaced_video_is_upright(tmp_path: Path) -> None:
    frames = decoded(encode(tmp_path / "a.mp4", [woven(n) for n in range(5)], flagged=True, turned=90))
    assert {frame.shape[:2] for frame in frames} == {SIZE}


def test_progressive_video_is_not_touched(tmp_path: Path) -> None:
    images = [scene(2 * number) for number in range(10)]
    path = encode(tmp_path / "a.mp4", images, flagged=False)
    with av.open(str(path)) as container:
        plain: list[npt.NDArray[Any]] = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    lumas: list[npt.NDArray[Any]] = []
    with av.open(str(path)) as container:
        deinterlacer = Deinterlacer("h264", 1)
        for frame in container.decode(video=0):
            lumas += [each.to_ndarray(format="gray") for each in deinterlacer.frames(frame)]
        assert list(deinterlacer.flush()) == []
    assert all(np.array_equal(a, b) for a, b in zip(plain, lumas, strict=True))


@pytest.mark.parametrize("field_order", [2, 3, 4, 5])
def test_a_field_order_of_the_stream_counts_where_the_codec_flags_no_frame(field_order: int) -> None:
    bottom_first = field_order in {3, 4}
    deinterlacer = Deinterlacer("mjpeg", field_order)
    out: list[av.VideoFrame] = []
    for number in range(8):
        frame = av.VideoFrame.from_ndarray(woven(number, bottom_first=bottom_first), "bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        out += list(deinterlacer.frames(frame))
    out += list(deinterlacer.flush())
    assert [frame.time for frame in out] == pytest.approx([n / 25 for n in range(8)])
    assert max(error_of(frame.to_ndarray(format="bgr24"), number) for number, frame in enumerate(out)) < 4


def test_a_change_of_size_loses_no_frame() -> None:
    deinterlacer = Deinterlacer("mjpeg", 2)
    out: list[av.VideoFrame] = []
    for number in range(8):
        image = woven(number)[: 576 if number < 4 else 288]
        frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        out += list(deinterlacer.frames(frame))
    out += list(deinterlacer.flush())
    assert [frame.height for frame in out] == [576] * 4 + [288] * 4


def test_combs_are_fields_and_not_texture_or_noise() -> None:
    noise = np.random.default_rng(7).normal(128, 12, SIZE[::-1]).clip(0, 255).astype(np.uint8)
    pairs = np.tile(np.repeat(np.array([[30], [220]], np.uint8), 2, axis=0), (144, SIZE[0]))
    assert is_combed(woven(3)[..., 0])
    assert not is_combed(woven(3, moves=False)[..., 0])
    assert not is_combed(noise)
    assert not is_combed(pairs)
    assert not is_combed(np.zeros((4, 4), np.uint8))
