"""Comments inside JPEG and PNG files, so that an image carries what is known about its camera."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_JPEG: Final = b"\xff\xd8"
_COM: Final = 0xFE
_SCAN: Final = frozenset({0xD9, 0xDA})
"""End of image, and start of scan: no comment of ours follows."""
_LONGEST_JPEG: Final = 65_533
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_HEADER_CHUNK: Final = 25
"""Bytes of the chunk IHDR, which comes first."""
_LONGEST_HEADER: Final = 1 << 20
"""Bytes; comments of ours stand at the beginning."""
_KEYWORD: Final = b"Comment\0"


def with_comment(image: bytes, comment: str) -> bytes:
    """An encoded image with a comment; JPEG (ITU-T T.81 B.2.4.5) and PNG (ISO 15948, tEXt).

    Args:
        image: the file's content; comment: ASCII.

    Raises:
        ValueError: it is another format, or the comment is longer than one segment.
    """
    text = comment.encode("ascii")
    if image.startswith(_JPEG):
        if len(text) > _LONGEST_JPEG:
            raise ValueError("the comment is longer than a JPEG segment")
        return _JPEG + struct.pack(">BBH", 0xFF, _COM, len(text) + 2) + text + image[2:]
    if image.startswith(_PNG):
        data = b"tEXt" + _KEYWORD + text
        chunk = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
        at = len(_PNG) + _HEADER_CHUNK
        return image[:at] + chunk + image[at:]
    raise ValueError("no comment can be written into this image format")


def comments_in(path: Path) -> list[str]:
    """The comments of an image file; none where it has none, is another format, or is damaged.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(_LONGEST_HEADER)
    found = _of_jpeg(content) if content.startswith(_JPEG) else _of_png(content) if content.startswith(_PNG) else ()
    return [text.decode("utf-8", "replace") for text in found]


def _of_jpeg(content: bytes) -> Iterator[bytes]:
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] not in _SCAN:
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if content[at + 1] == _COM:
            yield content[at + 4 : at + 2 + length]
        at += 2 + max(2, length)


def _of_png(content: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + length]
        if kind == b"tEXt" and data.startswith(_KEYWORD):
            yield data[len(_KEYWORD) :]
        at += 12 + length
