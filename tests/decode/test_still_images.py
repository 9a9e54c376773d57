"""Image files that hold more than one image: everything is analyzed, or named."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipeline.decode.file_video import FileVideo
from pipeline.decode.jpeg_trailer import content_behind, jpeg_end
from pipeline.decode.media_files import find_media, other_content, read_further_frames, read_image
from pipeline.decode.settings import DecodeSettings
from pipeline.errors import UnsupportedMedia
from tests.decode.clips import Recipe, encode, image


def still(quality: int = 90, **options: bool) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image(0, (160, 120))[..., ::-1]).save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def motion_photo(tmp_path: Path, padding: bytes = b"") -> bytes:
    """A JPEG with a video behind it that holds every marker a JPEG may have."""
    video = encode(tmp_path / "behind.mp4", Recipe(frames=10)).read_bytes()
    return still() + padding + video + b"\x00\x00\x00\x10free\xff\xda\xff\xd8\xff\x00\xff\xda"


@pytest.mark.parametrize("padding", [b"", bytes(64), b"MotionPhoto_Data"], ids=["none", "zeros", "a label"])
def test_a_motion_photo_is_a_whole_image_with_a_video_that_is_named(padding: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(motion_photo(tmp_path, padding))
    pixels = read_image(path).bgr()
    assert np.abs(pixels.astype(int) - image(0, (160, 120))).mean() < 5
    assert other_content(path) == ("the video behind the image (motion photo)",)


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"optimize": True}], ids=["plain", "progressive", "own"]
)
def test_every_cut_of_an_image_is_noticed(options: dict[str, bool], tmp_path: Path) -> None:
    data = still(**options)
    assert jpeg_end(data) == len(data)
    video = encode(tmp_path / "behind.mp4", Recipe(frames=2)).read_bytes()
    for length in range(200, len(data) - 1, 97):
        assert jpeg_end(data[:length]) is None
    path = tmp_path / "a.jpg"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnsupportedMedia, match="cut off"):
        read_image(path)
    assert content_behind(data) == ()
    assert content_behind(data + video) != ()


def test_further_images_of_a_multi_picture_file_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "stereo.jpg"
    path.write_bytes(still() + still(50) + bytes(30) + still(70))
    assert other_content(path) == ("2 more images behind the first",)
    thumbnail = io.BytesIO()
    small = Image.fromarray(image(0, (160, 120))[..., ::-1])
    small.save(thumbnail, "JPEG")
    exif = Image.Exif()
    exif[0x010E] = "a thumbnail in the header is no further image"
    small.save(path, "JPEG", exif=exif.tobytes() + thumbnail.getvalue())
    assert other_content(path) == ()


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "avif"])
def test_every_frame_of_an_animation_and_page_of_a_tiff_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    frames = [Image.fromarray(image(10 * number, (160, 120))[..., ::-1]) for number in range(4)]
    lossless = {"lossless": True} if suffix == "webp" else {"quality": 95} if suffix == "avif" else {}
    frames[0].save(path, save_all=True, append_images=frames[1:], **lossless)
    found = [read_image(path), *read_further_frames(path)]
    assert len(found) == 4
    for number, one in enumerate(found):
        assert np.abs(one.bgr().astype(int) - image(10 * number, (160, 120))).mean() < 4


def test_an_ordinary_image_has_no_further_frames(tmp_path: Path) -> None:
    for suffix in ("png", "jpg", "bmp", "webp", "tiff"):
        path = tmp_path / f"a.{suffix}"
        cv2.imwrite(str(path), image(0, (160, 120)))
        assert list(read_further_frames(path)) == []
        assert other_content(path) == ()


def test_a_tiled_avif_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "phone"
    Image.fromarray(image(0, (640, 480))[..., ::-1]).save(path, "AVIF", quality=95, tile_cols=1, tile_rows=1)
    (media,) = find_media([path])
    assert not media.is_clip
    whole = read_image(path)
    assert (whole.width, whole.height) == (640, 480)


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1", b"hevc"])
@pytest.mark.parametrize("name", ["a.heic", "a.HEIF", "a.jpg", "a"])
def test_heif_is_refused_in_words_and_never_read_tile_by_tile(brand: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00" + brand + b"heic" + bytes(200))
    with pytest.raises(UnsupportedMedia, match="is a HEIF image, which is not supported"):
        read_image(find_media([path])[0].path)


def test_an_image_named_as_a_video_is_no_video_of_its_tiles(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    Image.fromarray(image(0, (640, 480))[..., ::-1]).save(path, "AVIF")
    with pytest.raises(UnsupportedMedia, match="named as a video"):
        FileVideo(path, DecodeSettings())


def test_heif_images_of_a_folder_are_named_and_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(200))
    assert [media.path.name for media in find_media([tmp_path])] == ["IMG_1.HEIC"]


def test_a_later_page_is_bounded_like_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    small, large = Image.new("L", (64, 48)), Image.new("L", (2000, 1500))
    small.save(path, save_all=True, append_images=[large], compression="tiff_lzw")
    assert read_image(path, max_px=10_000).width == 64
    with pytest.raises(UnsupportedMedia, match="frame 2 of it cannot be decoded"):
        list(read_further_frames(path, max_px=10_000))


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff", "avif"])
def test_a_damaged_animation_never_looks_like_a_whole_one(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    noise = np.random.default_rng(3).integers(0, 255, (4, 120, 160, 3), np.uint8)
    frames = [Image.fromarray(pixels) for pixels in noise]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    data = path.read_bytes()
    for length in range(len(data) // 3, len(data) - 100, len(data) // 7):
        path.write_bytes(data[:length])
        with pytest.raises(UnsupportedMedia):
            _ = read_image(path), *read_further_frames(path)
