"""Segments of a log: one file of JSON lines a day, named after its first record and its day in UTC."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from pipeline.domain.times import format_utc

_NAME: Final = re.compile(r"(\d{12})-(\d{4}-\d\d-\d\d)\.jsonl", re.ASCII)


class SegmentLine(NamedTuple):
    """A line of a segment.

    Attributes:
        segment: name of the file; number: of the line, from 1.
        content: without its end; end: bytes of the file up to the end of the line.
        complete: whether it has its end.
    """

    segment: str
    number: int
    content: bytes
    end: int
    complete: bool = True


def segment_name(sequence: int, time_ms: int) -> str:
    """Name of the segment that begins with a record. A clock that is set back over midnight begins one, too."""
    return f"{sequence:012d}-{day_of(time_ms)}.jsonl"


def day_of(time_ms: int) -> str:
    """The day in UTC: ``2026-11-30``."""
    return format_utc(time_ms)[:10]


def day_of_segment(name: str) -> str:
    """The day in the name of a segment."""
    return name[13:23]


def first_sequence(name: str) -> int:
    """Number of the first record of a segment."""
    return int(name[:12])


def segment_names(folder: Path) -> list[str]:
    """The segments of a log, oldest first; none where there is no folder.

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        return sorted(path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def lines_of(path: Path, begin: int = 0) -> Iterator[SegmentLine]:
    """The lines of a segment from a byte on.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        file.seek(begin)
        end = begin
        for number, line in enumerate(file, start=1):
            end += len(line)
            complete = line.endswith(b"\n")
            yield SegmentLine(path.name, number, line[:-1] if complete else line, end, complete)
