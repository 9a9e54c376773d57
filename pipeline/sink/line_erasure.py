"""Erasure of lines from files: JSON lines of sinks, and rejected events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pipeline.sink.spool.remove_events import Wanted
from pipeline.storage.atomic import rewrite_file


class _Refused(msgspec.Struct, frozen=True):
    event: msgspec.Raw


_refused = msgspec.json.Decoder(_Refused)


def event_of_line(line: bytes) -> bytes:
    """The event in a line: the line itself, or the event in a line of rejected events."""
    if line.startswith(b'{"at_ms"'):
        try:
            return bytes(_refused.decode(line).event)
        except (ValueError, msgspec.MsgspecError):
            return line
    return line


def lines_in(path: Path) -> Iterator[bytes]:
    """The events of a file, a line each; none when it is not there.

    Raises:
        OSError: it cannot be read.
    """
    if path.is_file():
        with path.open("rb") as file:
            yield from map(event_of_line, file)


def count_lines(path: Path, wanted: Wanted) -> int:
    """How many lines are wanted.

    Raises:
        OSError: the file cannot be read.
    """
    return sum(map(wanted, lines_in(path)))


def erase_lines(path: Path, wanted: Wanted) -> int:
    """Erase the wanted lines from a file; how many there were. It is replaced as a whole, or not at all.

    Raises:
        OSError: it cannot be read or replaced; it is as it was.
    """
    count = count_lines(path, wanted)
    if count:
        with path.open("rb") as file:
            rewrite_file(path, (line for line in file if not wanted(event_of_line(line))))
    return count
