"""Undelivered events of a spool that a question may be about, read beside the spool's owner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from pipeline.sink.spool.inspect_spool import acked
from pipeline.sink.spool.record_format import Record
from pipeline.sink.spool.segment_files import read_segment, segments

_MOST_READ: Final = 100_000
"""Undelivered events that are decoded; more take longer than a person waits, and then all are assumed to be wanted."""


class _Head(msgspec.Struct):
    kind: str = ""
    camera_id: str = ""
    ts_ms: int = 0


_decoder = msgspec.json.Decoder(_Head)


def undelivered_events(folder: Path, wants: Callable[[str, str, int], bool], accepted_before_ms: int) -> int:
    """Number of events that no checkpoint confirms and that may be missing from an answer.

    Args:
        folder: of the spool.
        wants: decides by kind, camera and time of an event.
        accepted_before_ms: newer ones are on their way, milliseconds since 1970 UTC.

    Raises:
        SinkError: a segment cannot be read.
    """
    files, reached = segments(folder), acked(folder)
    found = read = 0
    for number, segment in enumerate(files):
        last = number == len(files) - 1
        if not last and files[number + 1].first_offset <= reached:
            continue
        for item in read_segment(segment, whole=not last):
            if not isinstance(item, Record) or item.offset < reached or item.erased:
                continue
            if item.written_ms < accepted_before_ms:
                read += 1
                found += read > _MOST_READ or _wanted(item.payload, wants)
    return found


def _wanted(payload: bytes, wants: Callable[[str, str, int], bool]) -> bool:
    """Whether an event is wanted; bytes that are none are never stored, so nothing waits."""
    try:
        head = _decoder.decode(payload)
    except msgspec.MsgspecError:
        return False
    return wants(head.kind, head.camera_id, head.ts_ms)
