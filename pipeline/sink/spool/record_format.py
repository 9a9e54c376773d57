"""Record format of a spool: segment header and records, and how records are found after corrupt bytes.

A segment is a 32-byte header and records, all numbers little-endian:

    header   "VPSPOOL\\0"  version u16  zero u16  first offset u64  made at u64  CRC-32 of these 28 bytes
    record   magic u32  length u32  offset u64  written at u64  CRC-32 of these 24 bytes and the payload

Times are milliseconds since 1970. Offsets count records of the whole spool, without gaps. A record holds its own
offset, so that the number of events lost to corruption is known. A corrupt record affects only itself. A record without
payload stands where an event was erased: its number is not missing, and there is nothing to deliver.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

VERSION: Final = 1
LARGEST_PAYLOAD: Final = 16 * 2**20
"""Bytes; a record that claims more is corrupt."""
_NAME: Final = b"VPSPOOL\0"
_MAGIC: Final = 0x9D5C4F5A
_MAGIC_BYTES: Final = _MAGIC.to_bytes(4, "little")
_HEADER: Final = struct.Struct("<8sHHQQ")
_HEAD: Final = struct.Struct("<IIQQ")
_CRC: Final = struct.Struct("<I")
HEADER_BYTES: Final = _HEADER.size + _CRC.size
RECORD_BYTES: Final = _HEAD.size + _CRC.size
"""Size of a record without its payload."""


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """First offset of a segment and when it was created, ms since 1970."""

    first_offset: int
    made_ms: int


@dataclass(frozen=True, slots=True)
class Record:
    """One accepted event: its number in the spool, when it was written (ms since 1970), its bytes."""

    offset: int
    written_ms: int
    payload: bytes

    @property
    def erased(self) -> bool:
        """Whether the event was erased."""
        return not self.payload


@dataclass(frozen=True, slots=True)
class Damage:
    """A corrupt part of a segment: start and end in the file, and what is wrong."""

    start: int
    end: int
    reason: str


def header_bytes(header: SegmentHeader, version: int = VERSION) -> bytes:
    """The first bytes of a segment."""
    packed = _HEADER.pack(_NAME, version, 0, header.first_offset, header.made_ms)
    return packed + _CRC.pack(zlib.crc32(packed))


def read_header(data: bytes) -> SegmentHeader | str:
    """The header, or what is wrong with it."""
    if len(data) < HEADER_BYTES:
        return "it ends within its header"
    name, version, _, first_offset, made_ms = _HEADER.unpack_from(data)
    if name != _NAME:
        return "it does not begin with the signature of a spool segment"
    if _CRC.unpack_from(data, _HEADER.size)[0] != zlib.crc32(data[: _HEADER.size]):
        return "the checksum of its header does not match"
    if version != VERSION:
        return f"it is of version {version}, and this program reads version {VERSION}"
    return SegmentHeader(first_offset, made_ms)


def record_bytes(first_offset: int, written_ms: int, payloads: Sequence[bytes]) -> list[bytes]:
    """Records one after another; join them for one write."""
    parts: list[bytes] = []
    pack, crc_of, crc_pack = _HEAD.pack, zlib.crc32, _CRC.pack
    for offset, payload in enumerate(payloads, first_offset):
        head = pack(_MAGIC, len(payload), offset, written_ms)
        parts += (head, crc_pack(crc_of(payload, crc_of(head))), payload)
    return parts


def scan(data: bytes, start: int = HEADER_BYTES, *, whole: bool = True) -> Iterator[tuple[int, Record] | Damage]:
    """Records of a segment's bytes with the position after each, and the corrupt parts between them.

    Args:
        data: the segment, or its bytes so far.
        start: where to begin: after the header, or after a record.
        whole: nothing will be appended: an incomplete record at the end is corrupt. Otherwise it is skipped.
    """
    position, end = start, len(data)
    while position < end:
        found = _record_at(data, position)
        if isinstance(found, Record):
            position += RECORD_BYTES + len(found.payload)
            yield position, found
            continue
        after = _next_record(data, position + 1)
        if found == _CUT and after == end and not whole:
            return
        yield Damage(position, after, found)
        position = after


_CUT: Final = "it is incomplete"


def _record_at(data: bytes, position: int) -> Record | str:
    """The record that begins there, or why there is none."""
    if len(data) - position < RECORD_BYTES:
        return _CUT
    magic, length, offset, written_ms = _HEAD.unpack_from(data, position)
    if magic != _MAGIC:
        return "zeros" if not any(data[position : position + RECORD_BYTES]) else "no record begins here"
    if length > LARGEST_PAYLOAD:
        return f"a record claims {length} bytes"
    begin = position + RECORD_BYTES
    payload = data[begin : begin + length]
    if len(payload) < length:
        return _CUT
    head_crc = zlib.crc32(data[position : position + _HEAD.size])
    if _CRC.unpack_from(data, position + _HEAD.size)[0] != zlib.crc32(payload, head_crc):
        return "a checksum does not match"
    return Record(offset, written_ms, payload)


def _next_record(data: bytes, position: int) -> int:
    """Where the next intact record begins; the end if there is none."""
    while (position := data.find(_MAGIC_BYTES, position)) >= 0:
        if isinstance(_record_at(data, position), Record):
            return position
        position += 1
    return len(data)
