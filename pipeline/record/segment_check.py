"""Check of recorded files against the digests that the recorder noted: changed, cut, exchanged and lost ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import RecordError
from pipeline.record.file_layout import begin_of
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.record.segment_index import IndexEntries, SegmentIndex
from pipeline.storage.file_hash import file_sha256

FAULT_FIX: Final = (
    "Check disk and memory of the machine (smartctl, memtest) and the persons with access. Restore the files from a "
    "backup with their recordings, or state the fault where the video is used; it is not repaired"
)


@dataclass(frozen=True, slots=True)
class SegmentFault:
    """A file of a recording folder that is not what the recorder completed.

    Attributes:
        file: path inside the camera's folder.
        begin_ms, end_ms: its time, milliseconds since 1970 UTC; the end is exclusive.
        problem: in words.
    """

    file: str
    begin_ms: int
    end_ms: int
    problem: str


@dataclass(frozen=True, slots=True)
class SegmentCheck:
    """Result for one camera and span.

    Attributes:
        camera_id: the camera.
        files: number of files that have a digest, lost ones included.
        compared: number of those whose content was compared with its digest.
        without_digest: files that have none: not complete, of an earlier version, or unreadable when completed.
        faults: in order of time.
    """

    camera_id: str
    files: int
    compared: int
    without_digest: int
    faults: Sequence[SegmentFault]


def check_segments(
    folder: Path,
    camera_id: str,
    begin_ms: int | None = None,
    end_ms: int | None = None,
    *,
    most_compared: int | None = None,
    on_file: Callable[[int, int], None] = lambda _done, _files: None,
) -> SegmentCheck:
    """Compare the recorded files of a camera with its index; also while a run records.

    Args:
        folder: of all cameras; camera_id: one of them.
        begin_ms, end_ms: only files with any of this time; None is open.
        most_compared: the content of only so many is read, the newest; None for all. Size and presence count for all.
        on_file: receives how many files are done, and their number.

    Raises:
        RecordError: unknown camera, or the index cannot be read.
    """
    present = {_name(folder, one): one for one in RecordingArchive(folder).segments(camera_id, begin_ms, end_ms)}
    entries = _entries(folder, camera_id)
    noted = [name for name in present if name in entries.sha256]
    compared = set(noted if most_compared is None else noted[max(0, len(noted) - most_compared) :])
    faults: list[SegmentFault] = []
    for number, name in enumerate(noted, 1):
        one = present[name]
        if problem := _problem(one.path, name, entries, read=name in compared):
            faults.append(SegmentFault(name, one.begin_ms, one.end_ms, problem))
        on_file(number, len(noted))
    faults += _added([one for one in present.values() if not one.complete], folder, entries)
    lost = [one for one in _lost(folder, camera_id, entries) if _overlaps(one, begin_ms, end_ms)]
    return SegmentCheck(
        camera_id,
        len(noted) + len(lost),
        len(compared),
        len(present) - len(noted) - sum(one.file not in entries.ends_ms for one in faults),
        sorted([*faults, *lost], key=lambda one: one.begin_ms),
    )


def _problem(path: Path, name: str, entries: IndexEntries, *, read: bool) -> str:
    """Difference of a file from its line; "" without."""
    try:
        size, sha256 = path.stat().st_size, entries.sha256[name]
        expected = entries.sizes.get(name, size)
        if size != expected:
            return f"{'was cut' if size < expected else 'was changed'}: {size} bytes instead of {expected}"
        if not read or (found := file_sha256(path)) == sha256:
            return ""
    except FileNotFoundError:
        return ""  # removed meanwhile, or found to be lost
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    other = next((other for other, digest in entries.sha256.items() if digest == found), None)
    return f"was exchanged: it has the content of {other}" if other else f"was changed: its SHA-256 is {found}"


def _added(unlisted: Sequence[VideoSegment], folder: Path, entries: IndexEntries) -> list[SegmentFault]:
    """Files without a line, older than one with a line: the recorder lists files in order, also after a crash."""
    last_ms = max((begin_of(Path(name).name) or 0 for name in entries.ends_ms), default=0)
    added = [one for one in unlisted if one.begin_ms < last_ms]
    problem = "was added: the recorder did not list it"
    return [SegmentFault(_name(folder, one), one.begin_ms, one.end_ms, problem) for one in added]


def _lost(folder: Path, camera_id: str, entries: IndexEntries) -> list[SegmentFault]:
    """Files that are gone, and were not removed by retention or an erasure."""
    camera = folder / camera_id
    gone = [name for name in entries.sha256 if not (camera / name).exists()]
    if gone:  # retention may have removed them since the index was read
        entries = _entries(folder, camera_id)
    return [
        SegmentFault(name, begin_of(Path(name).name) or 0, entries.ends_ms[name], "is lost")
        for name in gone
        if name in entries.sha256 and name not in entries.removed
    ]


def _entries(folder: Path, camera_id: str) -> IndexEntries:
    try:
        return SegmentIndex(folder / camera_id).read()
    except OSError as error:
        raise RecordError(
            str(error.filename or folder), f"cannot be read ({error.strerror})", "Check rights and disk"
        ) from error


def _name(folder: Path, one: VideoSegment) -> str:
    return one.path.relative_to(folder / one.camera_id).as_posix()


def _overlaps(one: SegmentFault, begin_ms: int | None, end_ms: int | None) -> bool:
    return (end_ms is None or one.begin_ms < end_ms) and (begin_ms is None or one.end_ms > begin_ms)
