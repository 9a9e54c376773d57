"""MP4 boxes (atoms) of released files: their exact sequence, and the digest of all that signing does not change."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pipeline.anonymize.manifest_layout import C2PA_UUID, find_unsigned_content
from pipeline.errors import ReleaseError

_FILE_TYPE: Final = b"isom\0\0\x02\0isomiso2avc1mp41"
"""Content of the box `ftyp` of FFmpeg's MP4 writer: C2PA does not hash this box."""
_SEQUENCE: Final = (b"ftyp", b"uuid", b"moov", b"free", b"mdat")
_OPTIONAL: Final = frozenset({b"uuid", b"free"})
"""Without a signature; in files of more than 4 GiB."""
_PARENTS: Final = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl"})
_OFFSET_BYTES: Final = {b"stco": 4, b"co64": 8}
_HEAD: Final = 8
_LONG_HEAD: Final = 16
_MAX_BOXES: Final = 1000
"""A released video has a handful."""
_MAX_INDEX_BYTES: Final = 1 << 28
"""Of `moov`: some 24 bytes a frame."""
_MAX_MANIFEST_BYTES: Final = 1 << 24
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Box:
    """A box: type, offset of its content, and length of its content."""

    kind: bytes
    begin: int
    length: int

    @property
    def end(self) -> int:
        return self.begin + self.length


def find_unexpected_boxes(path: Path) -> Iterator[str]:
    """Descriptions of all bytes that a file of this program does not have outside its signed content.

    Raises:
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        kinds: list[bytes] = []
        end = 0
        for box in _boxes(file, 0, size):
            end = box.end
            yield from _problem(file, box, kinds)
            kinds.append(box.kind)
        if end < size:
            yield f"{size - end} bytes that belong to no MP4 box"
        missing = [kind.decode() for kind in _SEQUENCE if kind not in kinds and kind not in _OPTIONAL]
        if missing:
            yield f"no MP4 box {' and no '.join(repr(kind) for kind in missing)}"


def has_manifest(path: Path) -> bool:
    """Whether a file has a box for a C2PA manifest.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        for box in _boxes(file, 0, path.stat().st_size):
            if box.kind == b"uuid":
                file.seek(box.begin)
                if file.read(len(C2PA_UUID)) == C2PA_UUID:
                    return True
    return False


def media_digest(path: Path) -> str:
    """SHA-256 of a released file without its signature: file type, index with relative offsets, and coded video.

    It is the same before and after signing, and different if one bit of what a player shows is.

    Args:
        path: an MP4 of `VideoEncoder`, signed or not.

    Raises:
        ReleaseError: it is not.
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        boxes = {box.kind: box for box in _boxes(file, 0, path.stat().st_size)}
        try:
            index, media = boxes[b"moov"], boxes[b"mdat"]
            for part in (_content(file, boxes[b"ftyp"]), _relative(_content(file, index), media.begin)):
                digest.update(hashlib.sha256(part).digest())
        except (KeyError, ValueError) as error:
            raise ReleaseError(str(path), "is not an MP4 of this program", "Build it again") from error
        file.seek(media.begin)
        left = media.length
        while left and (chunk := file.read(min(left, _CHUNK_BYTES))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def _relative(index: bytes, media_begin: int) -> bytes:
    """The content of `moov` with offsets of chunks counted from the begin of the coded video."""
    content = bytearray(index)

    def visit(begin: int, end: int) -> None:
        for box in _boxes_in(content, begin, end):
            if box.kind in _PARENTS:
                visit(box.begin, box.end)
            elif width := _OFFSET_BYTES.get(box.kind):
                for at in range(box.begin + 8, box.end - width + 1, width):
                    offset = int.from_bytes(content[at : at + width]) - media_begin
                    content[at : at + width] = offset.to_bytes(width, signed=True)

    visit(0, len(content))
    return bytes(content)


def _boxes_in(content: bytes | bytearray, begin: int, end: int) -> Iterator[_Box]:
    at = begin
    while at + _HEAD <= end:
        length = int.from_bytes(content[at : at + 4])
        if not _HEAD <= length <= end - at:
            raise ValueError("a box exceeds its parent")
        yield _Box(bytes(content[at + 4 : at + _HEAD]), at + _HEAD, length - _HEAD)
        at += length


def _content(file: BinaryIO, box: _Box) -> bytes:
    if box.length > _MAX_INDEX_BYTES:
        raise ValueError("the box is too large")
    file.seek(box.begin)
    return file.read(box.length)


def _boxes(file: BinaryIO, begin: int, end: int) -> Iterator[_Box]:
    """The boxes between two offsets, up to the first bytes that are none."""
    at = begin
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(_HEAD)
        length, begins = int.from_bytes(head[:4]), at + _HEAD
        if length == 1:
            length, begins = int.from_bytes(file.read(8)), at + _LONG_HEAD
        if len(head) < _HEAD or not begins - at <= length <= end - at:
            return
        yield _Box(head[4:], begins, at + length - begins)
        at += length


def _problem(file: BinaryIO, box: _Box, before: list[bytes]) -> Iterator[str]:
    """The problem with a box, if any.

    Args:
        file: it is in; box: the box; before: types of the boxes before it.
    """
    name = box.kind.decode("latin-1")
    expected = _SEQUENCE.index(box.kind) if box.kind in _SEQUENCE else -1
    if expected < 0 or (box.kind == b"free" and box.length):
        yield f"an MP4 box {name!r} of {box.length} bytes"
    elif any(kind in _SEQUENCE[expected:] for kind in before):
        yield f"a further MP4 box {name!r} of {box.length} bytes, or one out of sequence"
    elif box.kind == b"ftyp" and (box.length != len(_FILE_TYPE) or _content(file, box) != _FILE_TYPE):
        yield "an MP4 box 'ftyp' that this program does not write"
    elif box.kind == b"uuid" and box.length > _MAX_MANIFEST_BYTES:
        yield f"an MP4 box 'uuid' of {box.length} bytes"
    elif box.kind == b"uuid":
        yield from find_unsigned_content(_content(file, box))
