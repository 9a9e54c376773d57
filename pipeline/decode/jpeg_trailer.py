"""End of a JPEG image in its file, and what follows it: the video of a motion photo, further images."""

from __future__ import annotations

import re
from typing import Final

JPEG_START: Final = b"\xff\xd8"
_MARKER: Final = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_MARKER_IN_SCAN: Final = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""In compressed data 0xFF is followed by 0, and restart markers stand alone (ITU-T T.81 B.1.1)."""
_END, _SCAN = 0xD9, 0xDA
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_IMAGE: Final = re.compile(rb"\xff\xd8\xff")
_VIDEO: Final = re.compile(rb"ftyp(?:mp4|isom|iso[2-9]|avc1|qt  |M4V|3gp|MSNV)")


def jpeg_end(data: bytes, start: int = 0) -> int | None:
    """Index behind the last byte of the JPEG image that begins at `start`; None where the image is cut off.

    Bytes between segments that are no marker are skipped, as libjpeg does.
    """
    at = start + len(JPEG_START)
    markers = _MARKER
    while marker := markers.search(data, at):
        code, at = marker[1][0], marker.end()
        if code == _END:
            return at
        if code not in _ALONE:
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
        # A segment that follows a scan, such as a Huffman table, is followed by markers again.
        markers = _MARKER_IN_SCAN if code == _SCAN else _MARKER
    return None


def content_behind(data: bytes) -> tuple[str, ...]:
    """Images and videos behind the first image of a whole JPEG file, in words."""
    at = jpeg_end(data)
    images, videos = 0, 0
    while at is not None:
        video, image = _VIDEO.search(data, at), _IMAGE.search(data, at)
        if video is not None and (image is None or video.start() < image.start()):
            videos += 1
            break  # The rest belongs to it.
        if image is None:
            break
        images += 1
        at = jpeg_end(data, image.start())
    found = [f"{images} more image{'s' if images > 1 else ''} behind the first"] if images else []
    return (*found, "the video behind the image (motion photo)") if videos else tuple(found)
