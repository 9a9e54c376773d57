"""Erasure of recorded video: whole segments of some cameras that overlap a time range, except held ones."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.domain.hold import Hold
from pipeline.errors import RecordError
from pipeline.record.camera_tap import RECORDER_LOCK
from pipeline.record.holds import Holds
from pipeline.record.recording_archive import RecordingArchive, VideoSegment
from pipeline.record.retention import remove_segments
from pipeline.record.segment_index import SegmentIndex
from pipeline.storage.locks import locked


@dataclass(frozen=True, slots=True)
class VideoSelection:
    """Segments that overlap a time range.

    Attributes:
        segments: to erase, in order of time.
        held: those that holds preserve, each with all of them.
    """

    segments: tuple[VideoSegment, ...] = ()
    held: tuple[tuple[VideoSegment, tuple[Hold, ...]], ...] = ()


def select_video(
    folder: Path,
    camera_ids: Iterable[str],
    begin_ms: int | None,
    end_ms: int | None,
    overridden: Collection[str] = (),
) -> VideoSelection:
    """The segments of some cameras with any of a time range; cameras that were never recorded have none.

    Args:
        folder: of all cameras.
        camera_ids: the cameras.
        begin_ms, end_ms: milliseconds since 1970 UTC; None is open.
        overridden: ids of holds that preserve nothing, by decision.

    Raises:
        RecordError: the holds cannot be read, or the disk failed.
    """
    if not folder.is_dir():
        return VideoSelection()
    archive = RecordingArchive(folder, restored=True)
    holds = [hold for hold in archive.holds() if hold.hold_id not in overridden]
    known = set(archive.cameras())
    segments: list[VideoSegment] = []
    held: list[tuple[VideoSegment, tuple[Hold, ...]]] = []
    for camera_id in camera_ids:
        for one in archive.segments(camera_id, begin_ms, end_ms) if camera_id in known else ():
            preserving = tuple(hold for hold in holds if hold.preserves(one.camera_id, one.begin_ms, one.end_ms))
            if preserving:
                held.append((one, preserving))
            else:
                segments.append(one)
    return VideoSelection(tuple(segments), tuple(held))


def erase_video(
    folder: Path,
    camera_ids: Sequence[str],
    begin_ms: int | None,
    end_ms: int | None,
    reason: str,
    *,
    overridden: Collection[str] = (),
) -> int:
    """Delete what `select_video` selects; how many segments. May be stopped anywhere and run again.

    Args:
        folder, camera_ids, begin_ms, end_ms, overridden: see `select_video`.
        reason: shown for the gap that is left.

    Raises:
        RecordError: the holds cannot be read (then nothing is deleted), or the disk failed.
    """
    if not folder.is_dir():
        return 0
    with Holds(folder).locked():
        segments = select_video(folder, camera_ids, begin_ms, end_ms, overridden).segments
        for camera_id in dict.fromkeys(one.camera_id for one in segments):
            found = [one for one in segments if one.camera_id == camera_id]
            index = SegmentIndex(folder / camera_id)
            try:
                for one in found:
                    index.add_stop(one.begin_ms, reason)
            except OSError as error:
                raise RecordError(
                    str(error.filename or folder / camera_id),
                    f"cannot be erased ({error.strerror})",
                    "Check rights and disk",
                ) from error
            remove_segments(folder / camera_id, found)
    return len(segments)


@contextmanager
def recorders_stopped(folder: Path, camera_ids: Iterable[str]) -> Iterator[None]:
    """Keep every recorder away from these cameras.

    Raises:
        RecordError: another process records one, or its folder cannot be locked.
    """
    with ExitStack() as stack:
        for camera_id in camera_ids:
            if not (folder / camera_id).is_dir():
                continue
            try:
                ours = stack.enter_context(locked(folder / camera_id / RECORDER_LOCK, wait=False))
            except OSError as error:
                raise RecordError(
                    f"camera {camera_id}", f"cannot be locked ({error.strerror})", "Check rights"
                ) from error
            if not ours:
                raise RecordError(
                    f"camera {camera_id}",
                    "is being recorded by another process, so its video cannot be erased",
                    "Stop that process (it may be a `viapublica run`), erase, and start it again",
                )
        yield
