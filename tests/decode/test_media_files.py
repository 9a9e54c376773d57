"""Folders, images, addresses: what is taken, what is skipped, what is refused."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipeline.decode.media_files import MediaFile, find_media, read_image
from pipeline.decode.session_id import images_id
from pipeline.decode.settings import DecodeSettings, Protocol
from pipeline.decode.source_address import parse_address
from pipeline.decode.supervised_source import open_source
from pipeline.errors import ConfigError, SourceError, SourceNotFound, UnsupportedMedia
from tests.decode.clips import Recipe, encode, image


def save(path: Path, size: tuple[int, int] = (64, 48)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image(0, size))
    return path


def with_exif_turn(path: Path) -> Path:
    """A JPEG whose EXIF says it must be turned by 90° clockwise (orientation 6)."""
    data = save(path).read_bytes()
    tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    body = b"Exif\x00\x00" + tiff
    path.write_bytes(data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:])
    return path


def test_folders_are_walked_in_order_and_other_files_skipped(tmp_path: Path) -> None:
    wanted = [save(tmp_path / name) for name in ("a/1.jpg", "a/2.PNG", "b.jpg")]
    clip = encode(tmp_path / "a" / "0.mp4", Recipe(frames=2))
    for name in ("notes.txt", "a/labels.csv", ".hidden/x.jpg", "a/._2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    found = find_media([tmp_path])
    assert set(found) == {MediaFile(path, False) for path in wanted} | {MediaFile(clip, True)}
    assert found == find_media([str(tmp_path)])
    assert [media.path.name for media in found if media.path.parent.name == "a"] == ["0.mp4", "1.jpg", "2.PNG"]


def test_explicitly_named_files_are_identified_by_content(tmp_path: Path) -> None:
    image = save(tmp_path / "p.jpg").rename(tmp_path / "image")
    clip = encode(tmp_path / "c.mp4", Recipe(frames=2)).rename(tmp_path / "clip.bin")
    assert find_media([image, clip]) == [MediaFile(image, False), MediaFile(clip, True)]


def test_a_file_that_is_neither_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a video\n" * 100)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnsupportedMedia, match=r"notes\.txt: is neither an image nor a video"):
        find_media([tmp_path / "notes.txt"])
    with pytest.raises(UnsupportedMedia, match="contains no image and no video"):
        find_media([tmp_path / "empty"])
    with pytest.raises(SourceNotFound, match=r"gone\.jpg: does not exist"):
        find_media([tmp_path / "gone.jpg"])


def test_images_are_read_as_stored(tmp_path: Path) -> None:
    path = with_exif_turn(tmp_path / "turned.jpg")
    stored, upright = read_image(path), read_image(path, turn_upright=True)
    assert (stored.width, stored.height) == (64, 48)
    assert (upright.width, upright.height) == (48, 64)
    assert np.abs(stored.bgr().astype(int) - image(0, (64, 48))).mean() < 12


def test_gray_and_sixteen_bit_images_become_bgr(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    cv2.imwrite(str(tmp_path / "gray.png"), ramp)
    cv2.imwrite(str(tmp_path / "deep.png"), ramp.astype(np.uint16) * 257)
    for name in ("gray.png", "deep.png"):
        assert np.array_equal(read_image(tmp_path / name).bgr(), np.dstack([ramp] * 3))


def png_that_claims(path: Path, width: int, height: int) -> Path:
    """A PNG of a few bytes whose header promises that size."""
    header = b"IHDR" + struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    pixels = b"IDAT" + zlib.compress(bytes(1000))
    chunks = [struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in (header, pixels, b"IEND")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def test_an_image_that_is_too_large_is_rejected_by_its_header(tmp_path: Path) -> None:
    bomb = png_that_claims(tmp_path / "bomb.png", 30_000, 30_000)
    with pytest.raises(UnsupportedMedia, match=r"bomb\.png: its 30000×30000 pixels are too many.*max_image_px"):
        read_image(bomb)


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp", "tif", "ppm"])
def test_the_limit_holds_for_every_format(suffix: str, tmp_path: Path) -> None:
    path = save(tmp_path / f"p.{suffix}")
    assert read_image(path, max_px=64 * 48).width == 64
    with pytest.raises(UnsupportedMedia, match="64×48 pixels are too many"):
        read_image(path, max_px=64 * 48 - 1)


def test_a_file_longer_than_any_image_is_not_read(tmp_path: Path) -> None:
    path = save(tmp_path / "long.jpg")
    os.truncate(path, 3 << 20)
    with pytest.raises(UnsupportedMedia, match=r"long\.jpg: is longer than"):
        read_image(path, max_px=64 * 48)


def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.jpg")
    for name in ("zero.jpg", "pipe.jpg"):
        for opener in (read_image, lambda path: find_media([path])):
            with pytest.raises(UnsupportedMedia, match=f"{name}: cannot be read .it is not a regular file"):
                opener(tmp_path / name)
    image = save(tmp_path / "p.jpg")
    assert find_media([tmp_path]) == [MediaFile(image, False)]


def test_a_file_name_that_is_too_long_is_an_error_of_the_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot be read \(File name too long"):
        find_media([tmp_path / ("a" * 300 + ".jpg")])


def test_file_names_that_are_not_unicode_are_read(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\xfe.jpg")
    image = save(tmp_path / "p.jpg").rename(tmp_path / name)
    source = open_source("cam", str(tmp_path), settings=DecodeSettings())
    assert len(list(source.frames())) == 1
    assert images_id([image]) != images_id([image.rename(tmp_path / "p.jpg")])
    (tmp_path / "p.jpg").rename(stored := tmp_path / os.fsdecode(b"\xff\xfe"))
    assert find_media([stored]) == [MediaFile(stored, False)]


def test_files_that_are_no_images_are_rejected(tmp_path: Path) -> None:
    whole = save(tmp_path / "whole.jpg", (640, 480)).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "folder.jpg").mkdir()
    for name, words in {"cut": "is cut off", "empty": "is empty", "text": "not an image"}.items():
        with pytest.raises(UnsupportedMedia, match=f"{name}.jpg: .*{words}"):
            read_image(tmp_path / f"{name}.jpg")
    with pytest.raises(SourceError, match=r"folder\.jpg: cannot be read"):
        read_image(tmp_path / "folder.jpg")
    with pytest.raises(SourceNotFound):
        read_image(tmp_path / "gone.jpg")


ALLOWED = DecodeSettings().protocols


@pytest.mark.parametrize(
    "url",
    ["", "  ", "ftp://host/x", "concat://a|b", "udp://239.0.0.1:5000", "rtsp:///path", "http://[bad/x", "GOPHER://h/"],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="cam: "):
        parse_address("cam", url, ALLOWED)


@pytest.mark.parametrize("path", ["concat:a.mp4|b.mp4", "subfile,,start,0,end,0,,:/etc/hosts", "pipe:0", "data:x"])
def test_no_path_is_mistaken_for_a_protocol(path: str) -> None:
    address = parse_address("cam", path, ALLOWED)
    assert not address.live
    assert address.target.startswith("file:/")
    assert address.whitelist == "file"


def test_credentials_are_never_displayed() -> None:
    address = parse_address("cam", "rtsp://admin:s3cret@10.0.0.9/live?token=abc", ALLOWED)
    assert address.live
    assert "s3cret" in address.target
    for text in (repr(address), address.shown):
        assert "s3cret" not in text
        assert "abc" not in text
    with pytest.raises(ConfigError) as raised:
        parse_address("cam", "ftp://admin:s3cret@10.0.0.9/", ALLOWED)
    assert "s3cret" not in str(raised.value)


def test_files_can_be_forbidden_and_more_allowed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not allowed"):
        parse_address("cam", str(tmp_path), frozenset({Protocol.RTSP}))
    assert parse_address("cam", "udp://239.0.0.1:5000", frozenset({Protocol.UDP})).live


def test_a_file_address_is_a_path() -> None:
    assert parse_address("cam", "file:///clips/a%20b.mp4", ALLOWED).path == Path("/clips/a b.mp4")


@pytest.mark.parametrize("protocol", [p for p in Protocol if p is not Protocol.FILE])
def test_nothing_from_the_network_may_read_files(protocol: Protocol) -> None:
    whitelist = parse_address("cam", f"{protocol}://host/x", frozenset(Protocol)).whitelist
    assert not {"file", "concat", "subfile", "pipe"} & set(whitelist.split(","))
