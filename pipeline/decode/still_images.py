"""Image files decoded to pixels; the size is read from the header before anything is decoded."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import BinaryIO

import cv2
import numpy as np
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from pipeline.decode.jpeg_trailer import JPEG_START, jpeg_end
from pipeline.decode.lazy_images import ArrayImage
from pipeline.decode.pixel_aspect import sample_aspect_of
from pipeline.domain.frame import BgrImage
from pipeline.domain.video import EditableImage
from pipeline.errors import UnsupportedMedia

# Pillow's classes by name, not its `open`: that warns and refuses by a limit of its own, which is global.
_HEADERS: Mapping[bytes, Callable[[BinaryIO], ImageFile]] = MappingProxyType(
    {
        JPEG_START: JpegImageFile,
        b"\x89PNG": PngImageFile,
        b"BM": BmpImageFile,
        b"RIFF": WebPImageFile,
        b"II": TiffImageFile,
        b"MM": TiffImageFile,
        b"P": PpmImageFile,
    }
)
"""Header readers by the first bytes of the file. OpenCV knows more formats, which no camera writes."""
_START = 64
"""Bytes from which a format is recognized."""
_BRAND = slice(4, 12)
"""Bytes of an ISO base media file that name its type (ISO/IEC 14496-12 section 4.3)."""
_AVIF_BRANDS = (b"ftypavif", b"ftypavis")
_HEIF_BRANDS = tuple(
    b"ftyp" + brand for brand in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
)


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
    if is_heif(data):
        raise UnsupportedMedia(name, "is a HEIF image, which is not supported", "Save it as JPEG or PNG")
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
    if data.startswith(JPEG_START) and jpeg_end(data) is None:
        raise UnsupportedMedia(name, "is cut off", "Copy it again from its source")
    pixels = _by_pillow(data, max_px) if _opener(data) is AvifImageFile else _by_opencv(name, data, turn_upright)
    if pixels is None:
        raise _no_image(name)
    rows, columns = pixels.shape[:2]
    return ArrayImage(pixels, float(sample_aspect_of(None, columns, rows)))


def is_heif(start: bytes) -> bool:
    """Whether a file that begins so is a HEIF image other than AVIF: phones store it as tiles of a video codec."""
    return start[_BRAND].startswith(_HEIF_BRANDS) and _opener(start) is None


def further_frames(name: str, data: bytes, max_px: int) -> Iterator[EditableImage]:
    """The frames of an animation and the pages of a TIFF file after the first, which `decode_still` returns.

    Raises:
        UnsupportedMedia: one of them is too large or cannot be decoded.
    """
    opener, number = _opener(data), 1
    if opener is None or opener is JpegImageFile:  # whose further images `jpeg_trailer` names
        return
    try:
        with opener(io.BytesIO(data)) as image:
            count = int(getattr(image, "n_frames", 1))
            for number in range(1, count):
                image.seek(number)
                yield ArrayImage(_pixels(image, max_px))
    except Exception as error:
        raise UnsupportedMedia(name, f"frame {number + 1} of it cannot be decoded", "Save it again") from error


def _by_opencv(name: str, data: bytes, turn_upright: bool) -> BgrImage | None:
    flags = cv2.IMREAD_COLOR if turn_upright else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise UnsupportedMedia(name, "is too large or malformed", "Save it again as JPEG or PNG") from error
    return None if image is None else np.asarray(image, np.uint8)


def _by_pillow(data: bytes, max_px: int) -> BgrImage | None:
    """The first frame as BGR pixels; None when it cannot be decoded."""
    opener = _opener(data)
    try:
        if opener is None:
            return None
        with opener(io.BytesIO(data)) as image:
            return _pixels(image, max_px)
    except Exception:  # noqa: BLE001 - of a malformed file, Pillow raises whatever its plugin happens to
        return None


def _pixels(image: ImageFile, max_px: int) -> BgrImage:
    if image.width * image.height > max_px:
        raise ValueError(f"{image.width}×{image.height} pixels are too many")
    return np.ascontiguousarray(np.asarray(image.convert("RGB"), np.uint8)[..., ::-1])


def still_size(file: BinaryIO) -> tuple[int, int] | None:
    """Width and height in pixels, as stored, from the header of an open file; None when it is not a supported image."""
    opener = _opener(file.read(_START))
    if opener is None:
        return None
    file.seek(0)
    try:
        with opener(file) as header:
            return header.size
    except Exception:  # noqa: BLE001 - of a malformed header, Pillow raises whatever its plugin happens to
        return None


def _opener(start: bytes) -> Callable[[BinaryIO], ImageFile] | None:
    # The main brand of an AVIF image may be a general one, with its own among the compatible ones that follow.
    if start[_BRAND].startswith(_AVIF_BRANDS) or (start[_BRAND].startswith(_HEIF_BRANDS) and b"avif" in start[:_START]):
        return AvifImageFile
    return next((opener for first, opener in _HEADERS.items() if start.startswith(first)), None)


def _no_image(name: str) -> UnsupportedMedia:
    return UnsupportedMedia(name, "is not an image that can be read", "Save it as JPEG or PNG")
