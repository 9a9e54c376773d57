"""Privacy masks of recorded files: which were in force when a file was recorded, and which are filled in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.domain.camera_declaration import DatedDeclaration
from pipeline.domain.plural import counted
from pipeline.domain.polygon import Polygon
from pipeline.domain.times import format_time
from pipeline.record.declaration_tag import declaration_in
from pipeline.record.recording_archive import RecordingArchive, VideoSegment

_SEAM_MS: Final = 2000
"""Files that are no further apart are one span."""
_SHOWN: Final = 5
"""Spans that a note names."""


@dataclass(frozen=True, slots=True)
class SegmentMasks:
    """Privacy masks of one recorded file.

    Attributes:
        in_force: those declared while it was recorded.
        filled: those that the recorder states to have filled in every frame.
    """

    in_force: frozenset[Polygon]
    filled: frozenset[Polygon]

    def hides(self, masks: Iterable[Polygon]) -> bool:
        """Whether these masks and all that were in force are filled."""
        return self.in_force | frozenset(masks) <= self.filled


@dataclass(frozen=True, slots=True)
class UnmaskedSpan:
    """Consecutive recorded files that show what privacy masks hide.

    Attributes:
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is exclusive.
        files: number of them.
    """

    begin_ms: int
    end_ms: int
    files: int

    def __str__(self) -> str:
        return f"{format_time(self.begin_ms, UTC)} to {format_time(self.end_ms, UTC)}"


UNMASKED_FIX: Final = (
    "No release as evidence includes it, and it expires with record.days. Delete it now, with the events of that time: "
    "viapublica erase --camera {camera} --from {begin} --to {end}"
)


def unmasked_note(camera_id: str, spans: Sequence[UnmaskedSpan]) -> tuple[str, str]:
    """What recorded video shows, and how to dispose of it; two empty texts if there is no such video."""
    if not spans:
        return "", ""
    files = sum(one.files for one in spans)
    shown = ", ".join(map(str, spans[:_SHOWN])) + (f" and {len(spans) - _SHOWN} more" if len(spans) > _SHOWN else "")
    # An end is shown to the second below, and video until the next second begins has to be erased too.
    end_ms = -(-max(one.end_ms for one in spans) // 1000) * 1000
    fix = UNMASKED_FIX.format(camera=camera_id, begin=_typed(spans[0].begin_ms), end=_typed(end_ms))
    shows = "shows" if files == 1 else "show"
    return (
        f"{counted(files, 'recorded file')} {shows} what privacy masks hide (decree 18.743/2014 art. 13): {shown}",
        fix,
    )


def masks_in(path: Path, begin_ms: int, end_ms: int, declarations: Sequence[DatedDeclaration]) -> SegmentMasks:
    """The masks of a recorded file.

    A statement of the recorder counts only for a declaration that is in the camera's log. A file without one holds the
    packets that the camera sent.

    Args:
        path: the file; begin_ms, end_ms: its time.
        declarations: the complete log of its camera.
    """
    log = {one.declaration.sha256: one.declaration for one in declarations}
    try:
        tag = declaration_in(path)
    except ValueError:
        return SegmentMasks(_masks(declarations), frozenset())
    held = [one for one in declarations if one.overlaps(begin_ms, end_ms)]
    # A file that is older than every declaration may have been recorded under any of them.
    in_force = _masks(held or declarations)
    if tag is None:
        return SegmentMasks(in_force, frozenset())
    stated = log.get(tag.masks_filled)
    if stated is not None and stated.camera_id == tag.declaration.camera_id:
        # One file has one declaration; another one that holds at its end belongs to the next file.
        return SegmentMasks(frozenset(stated.masks), frozenset(stated.masks))
    return SegmentMasks(in_force | frozenset(tag.declaration.masks), frozenset())


def unmasked_spans(
    archive: RecordingArchive,
    camera_id: str,
    masks: Sequence[Polygon] = (),
    begin_ms: int | None = None,
    end_ms: int | None = None,
) -> list[UnmaskedSpan]:
    """Recorded video of a camera that shows what its privacy masks hide (decree 18.743/2014 art. 13), in order.

    Args:
        archive: of all cameras; camera_id: one of them.
        masks: its masks in the configuration. Those of its last declaration and of the time of each file count too.
        begin_ms, end_ms: files with any of this time; None is open.

    Raises:
        RecordError: unknown camera, or the disk failed.
        ConfigError: its declarations are corrupt.
    """
    log = archive.declarations(camera_id)
    present = (*masks, *(mask for one in log[-1:] for mask in one.declaration.masks))
    if not present and not _masks(log):
        return []
    return spans_of(
        one
        for one in archive.segments(camera_id, begin_ms, end_ms)
        if one.path.exists() and not masks_in(one.path, one.begin_ms, one.end_ms, log).hides(present)
    )


def spans_of(segments: Iterable[VideoSegment]) -> list[UnmaskedSpan]:
    """Files in order of time, those that follow one another joined."""
    spans: list[UnmaskedSpan] = []
    for one in segments:
        if spans and one.begin_ms - spans[-1].end_ms <= _SEAM_MS:
            last = spans.pop()
            spans.append(UnmaskedSpan(last.begin_ms, max(last.end_ms, one.end_ms), last.files + 1))
        else:
            spans.append(UnmaskedSpan(one.begin_ms, one.end_ms, 1))
    return spans


def _typed(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _masks(declarations: Iterable[DatedDeclaration]) -> frozenset[Polygon]:
    return frozenset(mask for one in declarations for mask in one.declaration.masks)
