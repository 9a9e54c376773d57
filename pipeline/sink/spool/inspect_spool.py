"""Inspection of a spool, read-only, also while its owner writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SinkError
from pipeline.sink.spool.checkpoint import Checkpoint
from pipeline.sink.spool.record_format import Damage, Record
from pipeline.sink.spool.segment_files import SpoolSegment, read_segment, segments
from pipeline.storage.restore_note import check_not_restored


@dataclass(frozen=True, slots=True)
class Found:
    """A record or a corrupt part, and its segment."""

    segment: SpoolSegment
    item: Record | Damage


@dataclass(slots=True)
class Summary:
    """What a spool holds.

    Attributes:
        name: of the sink; segments, size: files and their bytes; renamed: files that were segments with corrupt parts.
        events: intact records; pending: those of them that are not confirmed.
        first_ms, last_ms: when the oldest and newest were accepted, None of an empty spool.
        pending_ms: when the oldest unconfirmed one was.
        erased: events that were erased, of which only the number is left.
        damaged: corrupt parts; missing: events that were accepted, are not confirmed and not there.
    """

    name: str
    segments: int = 0
    size: int = 0
    renamed: int = 0
    events: int = 0
    pending: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    pending_ms: int | None = None
    erased: int = 0
    damaged: int = 0
    missing: int = 0


def spools(data_dir: Path) -> list[Path]:
    """The folders of all spools below a data folder, by name."""
    folder = data_dir / "spool"
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []


def spool_of(data_dir: Path, sink: str) -> Path:
    """The folder of a sink's spool.

    Raises:
        SinkError: there is none, or it was restored and may not be used yet.
    """
    known = spools(data_dir)
    for folder in known:
        if folder.name == sink:
            check_not_restored([data_dir, folder], SinkError)
            return folder
    names = ", ".join(folder.name for folder in known) or "none"
    raise SinkError(f"sink {sink!r}", f"has no spool in {data_dir}; there are: {names}", "Name one of them.")


def walk(folder: Path) -> Iterator[Found]:
    """Every record and every corrupt part, in order. A record that is being written is skipped.

    Raises:
        SinkError: a segment cannot be read.
    """
    found = segments(folder)
    for number, segment in enumerate(found):
        for item in read_segment(segment, whole=number < len(found) - 1):
            yield Found(segment, item)


def acked(folder: Path) -> int:
    """Offset of the first event that is not confirmed, by the last checkpoint of its owner."""
    return Checkpoint(folder / "acked").load() or 0


def summary(folder: Path) -> tuple[Summary, list[tuple[Path, Damage]]]:
    """Read all of a spool: what it holds, and its corrupt parts.

    Raises:
        SinkError: a segment cannot be read.
    """
    files, reached = segments(folder), acked(folder)
    result = Summary(folder.name, segments=len(files), size=sum(file.size for file in files))
    result.renamed = len(list(folder.glob("*.damaged")))
    damaged: list[tuple[Path, Damage]] = []
    expected = files[0].first_offset if files else 0
    for found in walk(folder):
        if isinstance(found.item, Damage):
            damaged.append((found.segment.path, found.item))
            continue
        record = found.item
        result.missing += max(0, record.offset - max(expected, reached))
        expected = record.offset + 1
        if record.erased:
            result.erased += 1
            continue
        result.events += 1
        result.first_ms = record.written_ms if result.first_ms is None else result.first_ms
        result.last_ms = record.written_ms
        if record.offset >= reached:
            result.pending += 1
            result.pending_ms = record.written_ms if result.pending_ms is None else result.pending_ms
    result.damaged = len(damaged)
    return result, damaged
