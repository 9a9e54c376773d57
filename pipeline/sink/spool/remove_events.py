"""Erasure of events from spool segments: the other events keep their bytes and their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pipeline.sink.spool.record_format import HEADER_BYTES, Damage, read_header, record_bytes, scan
from pipeline.sink.spool.segment_files import SUFFIX
from pipeline.storage.atomic import rewrite_file

DAMAGED: Final = ".damaged"
"""End of the name of a segment that was renamed for corrupt parts."""

Wanted = Callable[[bytes], bool]
"""Whether bytes are to be erased: an event, or a corrupt part, which may hold one."""


def segment_files(folder: Path) -> list[Path]:
    """Every file of a spool that holds events, by name: segments, and those renamed for corrupt parts."""
    return sorted(path for suffix in (SUFFIX, DAMAGED) for path in folder.glob(f"*{suffix}"))


def events_in(path: Path) -> Iterator[bytes]:
    """The events of a segment file, and its corrupt parts.

    Raises:
        OSError: it cannot be read.
    """
    for _, _, payload in _pieces(path.read_bytes()):
        if payload:
            yield payload


def count_in(path: Path, wanted: Wanted) -> int:
    """How many events and corrupt parts of a segment file are wanted.

    Raises:
        OSError: it cannot be read.
    """
    return sum(wanted(payload) for payload in events_in(path))


def erase_from(path: Path, wanted: Wanted) -> int:
    """Erase the wanted events from a segment file; how many there were.

    Each is replaced by a record without payload, so that its number is not missing; all other bytes stay. A corrupt
    part that is wanted becomes zeros. The file is replaced as a whole, or not at all.

    Args:
        path: a segment that is not being written.
        wanted: which are to be erased.

    Raises:
        OSError: it cannot be read or replaced; it is as it was.
    """
    data = path.read_bytes()
    pieces: list[bytes] = []
    count = 0
    for whole, instead, payload in _pieces(data):
        go = bool(payload) and wanted(payload)
        pieces.append(instead if go else whole)
        count += go
    if count:
        rewrite_file(path, pieces)
    return count


def _pieces(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """All of a segment's bytes, in pieces: as they are, their replacement, and the event in them.

    Raises:
        OSError: a segment of a later version of this program.
    """
    header = read_header(data)
    if isinstance(header, str) and "version" in header:
        raise OSError(0, header)
    position = min(HEADER_BYTES, len(data))
    yield data[:position], data[:position], b""
    for item in scan(data):
        if isinstance(item, Damage):
            torn = data[item.start : item.end]
            yield torn, bytes(len(torn)), torn
            position = item.end
            continue
        end, record = item
        nothing = b"".join(record_bytes(record.offset, record.written_ms, [b""]))
        yield data[position:end], nothing, record.payload
        position = end
