"""Image files decoded to pixels; the size is read from the header before anything is decoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import BinaryIO

import cv2
import numpy as np
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.pixel_aspect import sample_aspect_of
from pipeline.domain.video import EditableImage
from pipeline.errors import UnsupportedMedia

_JPEG_START, _JPEG_SCAN, _JPEG_END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"

# Pillow's classes by name, not its `open`: that warns and refuses by a limit of its own, which is global.
_HEADERS: Mapping[bytes, Callable[[BinaryIO], ImageFile]] = MappingProxyType(
    {
        _JPEG_START: JpegImageFile,
        b"\x89PNG": PngImageFile,
        b"BM": BmpImageFile,
        b"RIFF": WebPImageFile,
        b"II": TiffImageFile,
        b"MM": TiffImageFile,
        b"P": PpmImageFile,
    }
)
"""Header readers by the first bytes of the file. OpenCV knows more formats, which no camera writes."""


def decode_still(name: str, data: bytes, max_px: int, turn_upright: bool) -> EditableImage:
    """An image, 8 bit per channel.

    Args:
        name: of the file, for errors.
        data: the whole file.
        max_px: the largest width times height.
        turn_upright: obey the EXIF orientation.

    Raises:
        UnsupportedMedia: too large, cut off, or no image.
    """
    size = still_size(io.BytesIO(data))
    if size is None:
        raise _no_image(name)
    width, height = size
    if width * height > max_px:
        raise UnsupportedMedia(
            name,
            f"its {width}×{height} pixels are too many",
            "Make it smaller, or raise decode.max_image_px",
        )
    # libjpeg fills missing parts with gray and reports that on stderr only.
    if data.startswith(_JPEG_START) and _JPEG_END not in data[max(data.rfind(_JPEG_SCAN), 0) :]:
        raise UnsupportedMedia(name, "is cut off", "Copy it again from its source")
    flags = cv2.IMREAD_COLOR if turn_upright else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise UnsupportedMedia(name, "is too large or malformed", "Save it again as JPEG or PNG") from error
    if image is None:
        raise _no_image(name)
    rows, columns = image.shape[:2]
    return ArrayImage(np.asarray(image, np.uint8), float(sample_aspect_of(None, columns, rows)))


def still_size(file: BinaryIO) -> tuple[int, int] | None:
    """Width and height in pixels, as stored, from the header of an open file; None when it is not a supported image."""
    start = file.read(4)
    opener = next((opener for first, opener in _HEADERS.items() if start.startswith(first)), None)
    if opener is None:
        return None
    file.seek(0)
    try:
        with opener(file) as header:
            return header.size
    except (OSError, SyntaxError, ValueError):  # Pillow raises SyntaxError for a malformed header
        return None


def _no_image(name: str) -> UnsupportedMedia:
    return UnsupportedMedia(name, "is not an image that can be read", "Save it as JPEG or PNG")
