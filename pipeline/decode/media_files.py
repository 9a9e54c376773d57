"""Image and video files of a folder, and reading of one image file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from pipeline.decode.allowed_formats import FILE_OPTIONS
from pipeline.decode.jpeg_trailer import JPEG_START, content_behind
from pipeline.decode.settings import DecodeSettings
from pipeline.decode.still_images import decode_still, further_frames, is_heif, still_size
from pipeline.domain.video import EditableImage
from pipeline.errors import SourceError, SourceNotFound, UnsupportedMedia

IMAGE_SUFFIXES = frozenset(".jpg .jpeg .jpe .jfif .png .bmp .webp .tif .tiff .ppm .pgm .avif .heic .heif .hif".split())
"""Read by OpenCV, AVIF by Pillow. HEIF images are not read: they are here to be named instead of passed over."""
CLIP_SUFFIXES = frozenset(
    """.mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mts .mpg .mpeg .vob .flv .f4v .wmv .asf .3gp .3g2 .ogv .ogg .h264 .264
    .avc .h265 .265 .hevc .av1 .obu .ivf .mjpeg .mjpg .dav .y4m .nut .mxf""".split()
)
"""Read by FFmpeg."""

_MAX_IMAGE_PX: int = DecodeSettings.model_fields["max_image_px"].default
_MAX_BYTES_PER_PX = 8
"""16 bit for each of four channels: the maximum that a supported format stores uncompressed."""
_MAX_HEADER_BYTES = 1 << 20
_START_BYTES = 64


@dataclass(frozen=True, slots=True)
class MediaFile:
    """An image or video file."""

    path: Path
    is_clip: bool


def _raise(error: SourceError) -> None:
    raise error


def find_media(
    paths: Iterable[str | os.PathLike[str]], on_error: Callable[[SourceError], None] = _raise
) -> list[MediaFile]:
    """Images and videos in the order given; folders are walked sorted by name, without hidden files.

    Args:
        paths: files and folders.
        on_error: receives the error of each path that cannot be used, and the search goes on; raised by default.

    Raises:
        SourceNotFound: a path does not exist.
        UnsupportedMedia: a given file is neither; a folder contains none. (Other files of a folder are skipped.)
    """
    found: list[MediaFile] = []
    for path in map(Path, paths):
        try:
            found += _media_of(path)
        except SourceError as error:
            on_error(error)
    return found


def _media_of(path: Path) -> list[MediaFile]:
    mode = _stat(path).st_mode
    if stat.S_ISREG(mode):
        return [_named(path)]
    if not stat.S_ISDIR(mode):
        raise _irregular(path)
    inside = list(_walk(path))
    if not inside:
        raise UnsupportedMedia(str(path), "contains no image and no video", "Name a folder with images or videos")
    return inside


def read_image(
    path: str | os.PathLike[str], *, max_px: int = _MAX_IMAGE_PX, turn_upright: bool = False
) -> EditableImage:
    """An image from a file, 8 bit per channel.

    Args:
        path: the file.
        max_px: maximum width times height in pixels, checked against the file's header: nothing larger is decoded.
        turn_upright: apply the EXIF orientation. Off by default: boxes are in pixels of the stored image.

    Raises:
        SourceNotFound: no such file.
        SourceError: it cannot be read.
        UnsupportedMedia: not a regular file, empty, cut off, too large, or not an image.
    """
    path = Path(path)
    return decode_still(str(path), _read(path, max_px * _MAX_BYTES_PER_PX + _MAX_HEADER_BYTES), max_px, turn_upright)


def read_further_frames(path: str | os.PathLike[str], *, max_px: int = _MAX_IMAGE_PX) -> Iterator[EditableImage]:
    """The frames of an animation or the pages of a TIFF file after the first, which `read_image` returns.

    Raises:
        SourceError: it cannot be read.
    """
    path = Path(path)
    yield from further_frames(str(path), _read(path, max_px * _MAX_BYTES_PER_PX + _MAX_HEADER_BYTES), max_px)


def other_content(path: str | os.PathLike[str], *, max_px: int = _MAX_IMAGE_PX) -> tuple[str, ...]:
    """Images and videos in an image file that neither `read_image` nor `read_further_frames` returns, in words.

    Raises:
        SourceError: it cannot be read.
    """
    data = _read(Path(path), max_px * _MAX_BYTES_PER_PX + _MAX_HEADER_BYTES)
    return content_behind(data) if data.startswith(JPEG_START) else ()


def _read(path: Path, most: int) -> bytes:
    # Checked before it is opened: a pipe would wait for its writer, a device has no end.
    if not stat.S_ISREG(_stat(path).st_mode):
        raise _irregular(path)
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not data:
        raise UnsupportedMedia(str(path), "is empty", "Copy it again from its source")
    if len(data) > most:
        raise UnsupportedMedia(
            str(path), f"is longer than {most} bytes", "If it is an image, raise decode.max_image_px"
        )
    return data


def _stat(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceNotFound(str(path), "does not exist", "Check the path")
    return SourceError(str(path), f"cannot be read ({error.strerror})", "Check that it is a readable file")


def _irregular(path: Path) -> UnsupportedMedia:
    return UnsupportedMedia(
        str(path), "cannot be read (it is not a regular file)", "Name an image, a video or a folder of them"
    )


def _walk(folder: Path) -> Iterator[MediaFile]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if name.startswith(".") or suffix not in IMAGE_SUFFIXES | CLIP_SUFFIXES:
                continue
            path = Path(root, name)
            if path.is_file():  # and no pipe, device or dangling link
                yield MediaFile(path, suffix in CLIP_SUFFIXES)


def _is_image(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_START_BYTES)
            file.seek(0)
            return is_heif(start) or still_size(file) is not None
    except OSError as error:
        raise _unreadable(path, error) from error


def _named(path: Path) -> MediaFile:
    suffix = path.suffix.lower()
    if suffix in IMAGE_SUFFIXES | CLIP_SUFFIXES:
        return MediaFile(path, suffix in CLIP_SUFFIXES)
    if _is_image(path):
        return MediaFile(path, is_clip=False)
    try:
        options = dict(FILE_OPTIONS, protocol_whitelist="file")
        with av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace") as container:
            has_video = bool(container.streams.video)
    except av.FFmpegError:
        has_video = False
    if not has_video:
        raise UnsupportedMedia(
            str(path), "is neither an image nor a video", "Name JPEG or PNG images, or videos such as MP4 and MKV"
        )
    return MediaFile(path, is_clip=True)
