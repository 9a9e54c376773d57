"""Images give the same pixels whether asked whole, scaled or in parts."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from pipeline.decode.color import Color, to_bgr
from pipeline.decode.frame_conversion import FrameConverter
from pipeline.decode.lazy_images import ArrayImage, PlanarImage
from pipeline.decode.privacy_masks import MaskBurner
from pipeline.domain.polygon import check_polygons

Pixels = npt.NDArray[np.uint8]


def smooth(width: int, height: int, seed: int = 1) -> Pixels:
    """Colors that change slowly, so that chroma's half resolution hardly shows."""
    noise = np.random.default_rng(seed).integers(40, 216, (3, 3, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def frame_of(array: Pixels, pixels: str = "yuv420p", matrix: int = 5, full: bool = False) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(array, "bgr24").reformat(
        format=pixels, dst_colorspace=matrix, dst_color_range=2 if full else 1
    )
    frame.colorspace, frame.color_range = matrix, 2 if full else 1
    return frame


def difference(a: Pixels, b: Pixels) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("size", [(64, 48), (65, 48), (64, 47), (65, 47)])
@pytest.mark.parametrize("matrix", [1, 5, 9])
@pytest.mark.parametrize("full", [False, True])
def test_colors_survive(size: tuple[int, int], matrix: int, full: bool) -> None:
    array = smooth(*size)
    image = FrameConverter(MaskBurner()).make(frame_of(array, matrix=matrix, full=full))
    assert (image.width, image.height) == size
    assert difference(image.bgr(), array) < 4.0


@pytest.mark.parametrize(
    "pixels", ["nv12", "yuv422p", "yuv444p", "yuv420p10le", "yuvj420p", "yuvj422p", "bgr0", "gbrp"]
)
def test_other_pixel_formats_become_the_same_image(pixels: str) -> None:
    array = smooth(64, 48)
    full = pixels.startswith("yuvj")
    frame = av.VideoFrame.from_ndarray(array, "bgr24").reformat(format=pixels, dst_color_range=2 if full else None)
    assert difference(FrameConverter(MaskBurner()).make(frame).bgr(), array) < 4.0


def test_gray_stays_gray() -> None:
    ramp = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (48, 1))
    image = FrameConverter(MaskBurner()).make(av.VideoFrame.from_ndarray(ramp, "gray"))
    assert difference(image.bgr(), np.dstack([ramp] * 3)) < 2.0


def test_untagged_hd_is_709_and_sd_is_601() -> None:
    assert Color.of(2, False, 1080).matrix == 1
    assert Color.of(2, False, 480).matrix == 5
    assert Color.of(6, False, 1080).matrix == 5


@pytest.mark.parametrize(("matrix", "full"), list(itertools.product([1, 5, 9], [True, False])))
def test_white_black_and_range(matrix: int, full: bool) -> None:
    low, high = (0, 255) if full else (16, 235)
    to = to_bgr(Color(matrix, full))
    assert to @ np.array([low, 128, 128, 1]) == pytest.approx([0, 0, 0], abs=0.01)
    assert to @ np.array([high, 128, 128, 1]) == pytest.approx([255, 255, 255], abs=0.01)


def planes_of(frame: av.VideoFrame) -> list[Pixels]:
    rows = [np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size) for plane in frame.planes]
    return [row[: plane.height, : plane.width].copy() for row, plane in zip(rows, frame.planes, strict=True)]


def planar(array: Pixels, turns: int = 0) -> PlanarImage:
    return PlanarImage(planes_of(frame_of(array)), Color(5, False), turns)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [(64, 48), (65, 47)])
@pytest.mark.parametrize(
    "box", [(0, 0, 10, 10), (5, 7, 22, 18), (31, 3, 64, 40), (-5, -5, 3, 3), (60, 40, 999, 999), (9, 9, 9, 9)]
)
def test_a_crop_is_that_part_of_the_whole(turns: int, size: tuple[int, int], box: tuple[int, int, int, int]) -> None:
    image = planar(smooth(*size), turns)
    whole, part = image.crop(0, 0, image.width, image.height), image.crop(*box)
    left, top = min(max(box[0], 0), image.width - 1), min(max(box[1], 0), image.height - 1)
    assert np.array_equal(part, whole[top : top + part.shape[0], left : left + part.shape[1]])
    assert difference(whole, image.bgr()) < 3.0
    assert part.shape[0] >= 1
    assert part.shape[1] >= 1
    part[:] = 0  # writable, and not the image's own memory
    assert np.array_equal(image.crop(0, 0, image.width, image.height), whole)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turns_are_those_of_numpy(turns: int) -> None:
    array = smooth(64, 48)
    image = planar(array, turns)
    expected = np.rot90(array, -turns)
    assert (image.height, image.width) == expected.shape[:2]
    assert difference(image.bgr(), expected) < 4.0
    small = image.resized(30, 20)
    assert difference(small, np.asarray(cv2.resize(np.ascontiguousarray(expected), (30, 20)), np.uint8)) < 6.0


def test_scaling_planes_is_scaling_the_image(data_dir: Path) -> None:
    with av.open(str(data_dir / "clips" / "people-walking.mp4")) as container:
        frame = next(container.decode(video=0))
    image = FrameConverter(MaskBurner()).make(frame)
    reference = cv2.resize(image.crop(0, 0, 1280, 720), (640, 360), interpolation=cv2.INTER_LINEAR)
    assert difference(image.resized(640, 360), np.asarray(reference, np.uint8)) < 1.0


def test_array_images_crop_copy_and_reject_wrong_shapes() -> None:
    array = smooth(20, 10)
    image = ArrayImage(array)
    image.crop(0, 0, 5, 5)[:] = 0
    assert np.array_equal(image.bgr(), smooth(20, 10))
    assert image.resized(4, 3).shape == (3, 4, 3)
    for wrong in (np.zeros((5, 5), np.uint8), np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5, 3), np.float32)):
        with pytest.raises(ValueError, match="an image is"):
            ArrayImage(wrong)  # type: ignore[arg-type]


TRIANGLE = ((0.1, 0.1), (0.6, 0.2), (0.3, 0.7))


def inside(width: int, height: int) -> npt.NDArray[np.bool_]:
    """Pixels whose center lies in the triangle."""
    x, y = np.meshgrid((np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height)
    sides = []
    for (ax, ay), (bx, by) in zip(TRIANGLE, (*TRIANGLE[1:], TRIANGLE[0]), strict=True):
        sides.append((bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0)
    return np.asarray(sides[0] & sides[1] & sides[2])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("size", [(64, 48), (65, 47), (640, 360)])
def test_nothing_inside_a_mask_can_be_seen(turns: int, size: tuple[int, int]) -> None:
    bright = np.full((size[1], size[0], 3), 200, np.uint8)
    planes = planes_of(frame_of(bright))
    MaskBurner([TRIANGLE]).burn_planes(planes, turns)
    seen = PlanarImage(planes, Color(5, False), turns).bgr()
    height, width = seen.shape[:2]
    hidden = inside(width, height)
    assert hidden.any()
    assert seen[hidden].max() <= 2
    far = cv2.dilate(hidden.astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert np.abs(seen[far].astype(int) - 200).max() <= 6


@pytest.mark.parametrize(
    "polygon", [((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), ((1.0, 1.0), (1.0, 1.0), (1.0, 1.0))]
)
def test_masks_at_the_very_edge(polygon: tuple[tuple[float, float], ...]) -> None:
    array = np.full((48, 64, 3), 200, np.uint8)
    MaskBurner([polygon]).burn_image(array)
    assert array[-1, -1].max() == 0


@pytest.mark.parametrize("wrong", [((0.0, 0.0), (1.0, 1.0)), ((0.0, 0.0), (1.5, 0.0), (0.0, 1.0))])
def test_malformed_masks_are_rejected(wrong: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match=r"three corners|outside 0 to 1"):
        check_polygons([wrong])
