"""What lies in a folder: pictures and clips; and one picture from a file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from pipeline.decode.formats import CONTAINER_OPTIONS
from pipeline.decode.picture import ArrayPicture
from pipeline.domain.frame import Picture
from pipeline.errors import SourceError, SourceNotFound, UnsupportedMedia

PICTURE_SUFFIXES = frozenset(".jpg .jpeg .jpe .jfif .png .bmp .webp .tif .tiff .ppm .pgm".split())
"""Read by OpenCV."""
CLIP_SUFFIXES = frozenset(
    """.mp4 .m4v .mov .mkv .webm .avi .ts .m2ts .mts .mpg .mpeg .vob .flv .f4v .wmv .asf .3gp .3g2 .ogv .ogg .h264 .264
    .avc .h265 .265 .hevc .av1 .obu .ivf .mjpeg .mjpg .dav .y4m .nut .mxf""".split()
)
"""Read by FFmpeg."""

_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture or a clip on disk."""

    path: Path
    is_clip: bool


def find_media(paths: Iterable[str | os.PathLike[str]]) -> list[MediaFile]:
    """Pictures and clips, in the order given; folders are walked, sorted by name, hidden files left out.

    Raises:
        SourceNotFound: a path does not exist.
        UnsupportedMedia: a file named here is neither; a folder holds none. (Other files of a folder are skipped.)
    """
    found: list[MediaFile] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = list(_walk(path))
            if not inside:
                raise UnsupportedMedia(
                    str(path), "holds no picture and no clip", "Name a folder with pictures or clips"
                )
            found += inside
        elif path.exists():
            found.append(_named(path))
        else:
            raise SourceNotFound(str(path), "does not exist", "Check the path")
    return found


def read_picture(path: str | os.PathLike[str], *, turn_upright: bool = False) -> Picture:
    """A picture from a file, 8 bit per channel.

    Args:
        path: the file.
        turn_upright: obey the EXIF orientation. Off by default: boxes are in pixels of the stored picture.

    Raises:
        SourceNotFound: no such file.
        SourceError: it cannot be read.
        UnsupportedMedia: empty, cut off, or no picture.
    """
    path = Path(path)
    flags = cv2.IMREAD_COLOR if turn_upright else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    data = _read(path)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise UnsupportedMedia(str(path), "is too large or malformed", "Save it anew as JPEG or PNG") from error
    if image is None:
        raise UnsupportedMedia(str(path), "is not a picture that can be read", "Save it as JPEG or PNG")
    return ArrayPicture(np.asarray(image, np.uint8))


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise SourceNotFound(str(path), "does not exist", "Check the path") from error
    except OSError as error:
        raise SourceError(
            str(path), f"cannot be read ({error.strerror})", "Check that it is a readable file"
        ) from error
    if not data:
        raise UnsupportedMedia(str(path), "is empty", "Copy it again from where it came from")
    # libjpeg fills what is missing with grey and says so on stderr only.
    if data.startswith(_JPEG_START) and _JPEG_END not in data[max(data.rfind(_JPEG_SCAN), 0) :]:
        raise UnsupportedMedia(str(path), "is cut off", "Copy it again from where it came from")
    return data


def _walk(folder: Path) -> Iterator[MediaFile]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            suffix = Path(name).suffix.lower()
            if not name.startswith(".") and suffix in PICTURE_SUFFIXES | CLIP_SUFFIXES:
                yield MediaFile(Path(root, name), suffix in CLIP_SUFFIXES)


def _named(path: Path) -> MediaFile:
    suffix = path.suffix.lower()
    if suffix in PICTURE_SUFFIXES | CLIP_SUFFIXES:
        return MediaFile(path, suffix in CLIP_SUFFIXES)
    if cv2.haveImageReader(str(path)):
        return MediaFile(path, is_clip=False)
    try:
        with av.open(
            f"file:{path.absolute()}", options=dict(CONTAINER_OPTIONS, protocol_whitelist="file")
        ) as container:
            has_video = bool(container.streams.video)
    except av.FFmpegError:
        has_video = False
    if not has_video:
        raise UnsupportedMedia(
            str(path), "is neither a picture nor a clip", "Name JPEG or PNG pictures, or clips such as MP4 and MKV"
        )
    return MediaFile(path, is_clip=True)
