"""Retention of recorded video: deletion by age, and of the oldest beyond the size limit, except for holds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import structlog

from pipeline.domain.disposal import Disposed, Disposing, no_report
from pipeline.domain.hold import Hold
from pipeline.domain.times import DAY_MS, format_utc
from pipeline.errors import RecordError
from pipeline.record.holds import Holds
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.record.segment_index import SegmentIndex
from pipeline.storage.trusted_clock import TrustedClock, TrustedTime

CLOCK_FIX: Final = "The clock has jumped: set it; or, if it is right, `viapublica camera prune --trust-clock`"
_TRUSTED_TIME: Final = ".retention.json"
"""In the folder of all cameras: the time by which disposals go."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pruned:
    """Result of a retention run.

    Attributes:
        removed: deleted files; held: files that were due and are held.
        clock_held: files that are due by a clock that has jumped are not deleted.
        left: bytes that are left; over: bytes of these beyond the limit, all of them held or being written.
    """

    removed: tuple[VideoSegment, ...] = ()
    held: tuple[VideoSegment, ...] = ()
    left: int = 0
    over: int = 0
    clock_held: bool = False

    @property
    def removed_bytes(self) -> int:
        """Bytes of the deleted files."""
        return sum(one.size for one in self.removed)


def prune(
    folder: Path,
    days: int,
    max_bytes: int,
    now_ms: int | None = None,
    *,
    days_of: Mapping[str, int] = MappingProxyType({}),
    trust_clock: bool = False,
    disposing: Disposing = no_report,
) -> Pruned:
    """Delete what is due, whole files only, the oldest first; may be stopped anywhere and run again.

    Args:
        folder: of all cameras.
        days: how long video is stored, counted from its last frame.
        max_bytes: of all cameras together.
        now_ms: milliseconds since 1970 UTC; by default the machine's clock, which is not trusted after a jump.
        days_of: days of cameras with a period of their own.
        trust_clock: a person confirms that the clock is right, although it has jumped.
        disposing: reports what is deleted, before it is.

    Raises:
        RecordError: the holds cannot be read (then nothing is deleted), or the disk failed.
        AuditUnavailable: it cannot be reported, so nothing is deleted.
    """
    if not folder.is_dir():
        return Pruned()
    archive, holds = RecordingArchive(folder, restored=True), Holds(folder)
    with holds.locked():
        files = sorted(
            (one for camera in archive.cameras() for one in archive.segments(camera)), key=lambda one: one.begin_ms
        )
        trusted = _trusted(folder, files, days, now_ms, trust_clock=trust_clock)
        holds.close_expired(trusted.at_ms)
        in_force = holds.all(trusted.at_ms)
        due_ms = {camera: trusted.at_ms - days_of.get(camera, days) * DAY_MS for camera in archive.cameras()}
        removed, held = _due(files, in_force, due_ms, max_bytes)
        if removed:
            with disposing(str(folder), _disposed(removed, held), _against(held, in_force)):
                for camera in sorted({one.camera_id for one in removed}):
                    gone = [one for one in removed if one.camera_id == camera]
                    remove_segments(folder / camera, gone, due_ms[camera])
    left = sum(one.size for one in files) - sum(one.size for one in removed)
    over = max(0, left - max_bytes)
    if removed:
        _log.info("video_removed", files=len(removed), bytes=sum(one.size for one in removed), held=len(held))
    if over:
        _log.warning("video_over_limit", bytes=over, fix="Release holds, or raise record.max_bytes")
    if trusted.held_since_ms is not None:
        _log.error("video_disposal_held", trusted=format_utc(trusted.at_ms), fix=CLOCK_FIX)
    return Pruned(tuple(removed), tuple(held), left, over, clock_held=trusted.held_since_ms is not None)


def _trusted(
    folder: Path, files: Sequence[VideoSegment], days: int, now_ms: int | None, *, trust_clock: bool
) -> TrustedTime:
    """The time to go by; that of the caller, or what is trusted of the clock's."""
    if now_ms is not None:
        return TrustedTime(now_ms)
    now_ms = time.time_ns() // 1_000_000
    clock = TrustedClock(folder / _TRUSTED_TIME)

    def due(at_ms: int) -> int:
        return sum(one.end_ms < at_ms - days * DAY_MS for one in files)

    try:
        if trust_clock:
            clock.confirm(now_ms)
        last_ms = max((one.end_ms for one in files), default=None)
        return clock.advance(now_ms, last_ms, lambda at_ms: due(now_ms) > due(at_ms))
    except OSError as error:
        raise RecordError(
            str(folder / _TRUSTED_TIME), f"cannot be written ({error.strerror}), so nothing is deleted", "Check rights"
        ) from error


def _due(
    files: Sequence[VideoSegment], holds: Sequence[Hold], before_ms: Mapping[str, int], max_bytes: int
) -> tuple[list[VideoSegment], list[VideoSegment]]:
    """Files to delete, and files that are due and held."""
    left = sum(one.size for one in files)
    due: list[VideoSegment] = []
    held: list[VideoSegment] = []
    for one in files:
        # A file that is being written, or was when its recorder died, is at most as long as a segment.
        if one.end_ms >= before_ms[one.camera_id] and (left <= max_bytes or not one.complete):
            continue
        if _held(one, holds):
            held.append(one)
            continue
        due.append(one)
        left -= one.size
    return due, held


def _disposed(removed: Sequence[VideoSegment], held: Sequence[VideoSegment]) -> list[Disposed]:
    """What was deleted, by camera."""
    parts = []
    for camera in sorted({one.camera_id for one in removed}):
        files = [one for one in removed if one.camera_id == camera]
        first_ms, last_ms = min(one.begin_ms for one in files), max(one.end_ms for one in files)
        size, of_camera = sum(one.size for one in files), sum(one.camera_id == camera for one in held)
        parts.append(Disposed("video", camera, first_ms, last_ms, len(files), size, of_camera))
    return parts


def _against(held: Sequence[VideoSegment], holds: Iterable[Hold]) -> list[str]:
    """Ids of the holds that preserve any of these files."""
    return [
        hold.hold_id for hold in holds if any(hold.preserves(one.camera_id, one.begin_ms, one.end_ms) for one in held)
    ]


def _held(one: VideoSegment, holds: Iterable[Hold]) -> bool:
    return any(hold.preserves(one.camera_id, one.begin_ms, one.end_ms) for hold in holds)


def remove_segments(camera: Path, segments: Sequence[VideoSegment], due_ms: int | None = None) -> None:
    """Delete files of a camera, and the folders of days without any other file, and note that they are gone.

    Args:
        camera: the camera's folder; segments: the files.
        due_ms: see `SegmentIndex.compact`.

    Raises:
        RecordError: one cannot be deleted.
    """
    index, paths = SegmentIndex(camera), [one.path for one in segments]
    noted = _noted(index, paths)
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise RecordError(
                str(path), f"is due and cannot be removed ({error.strerror})", "Give this user the right to write there"
            ) from error
        with suppress(OSError):  # other files of that day
            path.parent.rmdir()
    if not noted and not _noted(index, paths):
        _log.warning("removal_not_noted", camera=camera.name, files=len(paths))
    with suppress(OSError):  # only a longer index
        index.compact(due_ms)


def _noted(index: SegmentIndex, paths: Sequence[Path]) -> bool:
    """Whether the removal could be noted: a full disk takes the line only when files are deleted."""
    try:
        index.note_removed(paths)
    except OSError:
        return False
    return True
