"""MP4 boxes (atoms) besides those of the video: boxes outside the signature can carry data (C2PA, section 15.12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

_VIDEO: Final = frozenset({b"moov", b"mdat"})
_BRANDS: Final = frozenset({b"isom", b"iso2", b"avc1", b"mp41"})
"""Those of FFmpeg's MP4 writer."""
_C2PA: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_PURPOSE: Final = b"manifest\0"
_HEAD: Final = 8
_LONG_HEAD: Final = 16
_MAX_BOXES: Final = 1000
"""A released video has a handful."""


def find_unexpected_boxes(path: Path) -> Iterator[str]:
    """Descriptions of the boxes that a released file does not have, and of trailing bytes.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        for _ in range(_MAX_BOXES):
            if at >= size:
                return
            file.seek(at)
            kind, length, head = _header(file, size - at)
            if kind is None or length > size - at:
                break
            yield from _problem(file, kind, length - head)
            at += length
        yield f"{size - at} bytes that belong to no MP4 box"


def _header(file: BinaryIO, left: int) -> tuple[bytes | None, int, int]:
    """Type of the box that begins here, its length, and the length of its header; no type where there is no box."""
    head = file.read(_HEAD)
    length = int.from_bytes(head[:4])
    if len(head) < _HEAD:
        return None, 0, 0
    if length == 1:
        length = int.from_bytes(file.read(8))
        return (head[4:], length, _LONG_HEAD) if length >= _LONG_HEAD else (None, 0, 0)
    length = length or left
    return (head[4:], length, _HEAD) if length >= _HEAD else (None, 0, 0)


def _problem(file: BinaryIO, kind: bytes, length: int) -> Iterator[str]:
    """The problem with the box whose `length` bytes of content come next, if any."""
    name = kind.decode("latin-1")
    if kind in _VIDEO or (kind == b"free" and not length):
        return
    if kind == b"ftyp":
        brands = file.read(min(length, 1024))
        found = {brands[:4], *(brands[at : at + 4] for at in range(8, len(brands), 4))}
        if length > len(brands) or not found <= _BRANDS:
            yield "an MP4 box 'ftyp' that this program does not write"
    elif kind == b"uuid":
        yield from _manifest_problem(file, length)
    else:
        yield f"an MP4 box {name!r} of {length} bytes"


def _manifest_problem(file: BinaryIO, length: int) -> Iterator[str]:
    """Of a C2PA box: 4 bytes of version, its purpose, an offset, and one box of claims that fills the rest."""
    front = file.read(len(_C2PA) + 4 + len(_PURPOSE) + 8)
    if front[: len(_C2PA)] != _C2PA or _PURPOSE not in front:
        yield f"an MP4 box 'uuid' of {length} bytes"
        return
    claims = int.from_bytes(file.read(4))
    if len(front) + claims != length:
        yield f"{length - len(front) - claims} bytes after the signed statement"
