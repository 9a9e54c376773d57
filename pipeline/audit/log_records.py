"""Records of a log in their order, for readers that do not verify it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.audit.merkle_tree import leaf_hash
from pipeline.audit.record_line import Line, decode_line
from pipeline.audit.segments import SegmentLine, first_sequence, lines_of, segment_names

MOST_MISSING: Final = 1_000_000
"""A line that claims to follow a larger gap is no record: its number was made up."""
NO_RECORD: Final = leaf_hash(b"")
"""Leaf of a record that is missing, so that the others stand at their places."""


class StoredRecord(NamedTuple):
    """A record and its place."""

    line: Line
    place: SegmentLine


def records_after(folder: Path, sequence: int = 0) -> Iterator[StoredRecord]:
    """The records behind one, oldest first; lines that are no record, or stand at a wrong place, are passed over.

    Raises:
        OSError: a segment cannot be read.
    """
    names = segment_names(folder)
    begins = [name for name in names if first_sequence(name) <= sequence + 1]
    last = sequence
    for name in names[max(0, len(begins) - 1) :]:
        for place in lines_of(folder / name):
            line = decode_line(place.content) if place.complete else None
            if line is not None and last < line.sequence <= last + MOST_MISSING:
                last = line.sequence
                yield StoredRecord(line, place)


def leaves_after(folder: Path, sequence: int, end: int) -> Iterator[bytes]:
    """Leaves of the Merkle tree, from the record behind `sequence` up to record `end`.

    Raises:
        OSError: a segment cannot be read.
    """
    at = sequence
    for record in records_after(folder, sequence):
        if record.line.sequence > end:
            return
        for _ in range(record.line.sequence - at - 1):
            yield NO_RECORD
        at = record.line.sequence
        yield leaf_hash(record.place.content)
