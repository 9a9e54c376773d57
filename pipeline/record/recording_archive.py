"""Recording archive: recorded video and its gaps. Reading is safe while a recorder writes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Final

from pipeline.domain.camera_declaration import DatedDeclaration
from pipeline.domain.hold import Hold
from pipeline.domain.recording import Gap, SegmentDigest
from pipeline.domain.times import format_time
from pipeline.errors import RecordError
from pipeline.record.file_layout import DECLARATIONS, camera_folders, segment_files
from pipeline.record.holds import Holds, unknown_camera
from pipeline.record.segment_file import measure
from pipeline.record.segment_index import IndexEntries, SegmentIndex
from pipeline.storage.declaration_log import DeclarationLog
from pipeline.storage.file_hash import file_sha256
from pipeline.storage.restore_note import check_not_restored

_SEAM_MS: Final = 500
"""Less than this between two files is no gap."""
_NOT_RUNNING: Final = "the recorder was not running, or the files are gone"
_BEFORE: Final = "not recorded, or no longer stored"
_FRESH_MS: Final = 90_000
"""An incomplete file that grew within this time is being written; what is missing at its end is not on the disk yet."""


@dataclass(frozen=True, slots=True)
class VideoSegment:
    """One file of recorded video.

    Attributes:
        camera_id, path: of the file.
        begin_ms, end_ms: milliseconds since 1970 UTC; the end is not part of it.
        size: bytes.
        complete: False while it is being written, or was when the recorder was killed; it can be read up to `end_ms`.
    """

    camera_id: str
    path: Path
    begin_ms: int
    end_ms: int
    size: int
    complete: bool

    def overlaps(self, begin_ms: int | None, end_ms: int | None) -> bool:
        """Whether any of it is in a time range; None is open."""
        return (end_ms is None or self.begin_ms < end_ms) and (begin_ms is None or self.end_ms > begin_ms)


class RecordingArchive:
    """The recorded video of a folder.

    Args:
        folder: of all cameras.
        restored: open one that was restored from a backup, too, to erase or prune in it.
    """

    def __init__(self, folder: Path, *, restored: bool = False) -> None:
        self.folder = folder
        self._restored = restored

    def cameras(self) -> list[str]:
        """Cameras that have a folder, by name.

        Raises:
            RecordError: it cannot be read, or was restored and may not be used yet.
        """
        try:
            folders = camera_folders(self.folder)
            if not self._restored:
                check_not_restored([self.folder, *folders], RecordError)
            return [path.name for path in folders]
        except OSError as error:
            raise self._unreadable(error) from error

    def segments(self, camera_id: str, begin_ms: int | None = None, end_ms: int | None = None) -> list[VideoSegment]:
        """Files that hold any of a time range, in order of time.

        Raises:
            RecordError: unknown camera, or the disk failed.
        """
        return [one for one in self._all(camera_id) if one.overlaps(begin_ms, end_ms)]

    def why_nothing(self, camera_id: str, begin_ms: int | None, end_ms: int | None, zone: tzinfo | None = None) -> str:
        """That no video of a time range is stored, and of which time there is; "" where there is any.

        Args:
            camera_id: the camera; begin_ms, end_ms: None is open; zone: of the times.

        Raises:
            RecordError: unknown camera, or the disk failed.
        """
        files = self._all(camera_id)
        if any(one.overlaps(begin_ms, end_ms) for one in files):
            return ""
        if not files:
            return "nothing is recorded of it"
        first, last, begin, end = (
            "" if ms is None else format_time(ms, zone)
            for ms in (files[0].begin_ms, max(one.end_ms for one in files), begin_ms, end_ms)
        )
        span = f"between {begin} and {end}" if begin and end else f"after {begin}" if begin else f"before {end}"
        return f"nothing is recorded {span}; recorded is {first} to {last}"

    def digests(
        self, camera_id: str, begin_ms: int | None = None, end_ms: int | None = None
    ) -> tuple[SegmentDigest, ...]:
        """The content of every file that holds any of a time range, in order of time.

        Raises:
            RecordError: unknown camera, a file is being written, or the disk failed.
        """
        now_ms = time.time_ns() // 1_000_000
        found = self.segments(camera_id, begin_ms, end_ms)
        for one in found:
            if not one.complete and now_ms - one.end_ms < _FRESH_MS:
                raise RecordError(
                    str(one.path),
                    "is still being written, so its content is not known",
                    f"Wait until the recorder has completed it, or end the span at {format_time(one.begin_ms, UTC)}",
                )
        try:
            return tuple(SegmentDigest(one.begin_ms, one.end_ms, file_sha256(one.path)) for one in found)
        except OSError as error:
            raise self._unreadable(error) from error

    def noted_sha256(self, segment: VideoSegment) -> str:
        """The digest that the recorder noted when a file was complete; "" if it noted none.

        Raises:
            RecordError: the disk failed.
        """
        folder = self.folder / segment.camera_id
        return self._index(segment.camera_id).sha256.get(segment.path.relative_to(folder).as_posix(), "")

    def gaps(self, camera_id: str, begin_ms: int | None = None, end_ms: int | None = None) -> list[Gap]:
        """Times within a range of which there is no video, in order, each with its reason.

        Args:
            camera_id: the camera.
            begin_ms, end_ms: None for where its video begins, and for now.

        Raises:
            RecordError: unknown camera, or the disk failed.
        """
        files = self._all(camera_id)
        stops = self._index(camera_id).stops
        now_ms = time.time_ns() // 1_000_000
        end_ms = now_ms if end_ms is None else min(end_ms, now_ms)
        if not files:
            return []
        begin_ms = files[0].begin_ms if begin_ms is None else begin_ms
        found: list[Gap] = []
        reached = min(begin_ms, files[0].begin_ms)
        reason_at = None
        for one in files:
            if one.begin_ms > reached:
                reason = _reason(stops, reason_at, one.begin_ms)
                if one.begin_ms - reached > _SEAM_MS or reason not in (_NOT_RUNNING, _BEFORE):
                    found.append(Gap(reached, one.begin_ms, reason))
            reached = max(reached, one.end_ms)
            reason_at = reached
        running = not files[-1].complete and now_ms - reached < _FRESH_MS
        if end_ms - reached > _SEAM_MS and not running:
            found.append(Gap(reached, end_ms, _reason(stops, reason_at, end_ms)))
        clipped = (Gap(max(gap.begin_ms, begin_ms), min(gap.end_ms, end_ms), gap.reason) for gap in found)
        return [gap for gap in clipped if gap.end_ms > gap.begin_ms]

    def declarations(
        self, camera_id: str, begin_ms: int | None = None, end_ms: int | None = None
    ) -> list[DatedDeclaration]:
        """All declarations of a camera that held in a time range, in the order written.

        Args:
            camera_id: the camera.
            begin_ms, end_ms: milliseconds since 1970 UTC, the end exclusive; None is open.

        Returns:
            None at all where the video was recorded before declarations were stored: its use is then not known.

        Raises:
            RecordError: unknown camera, or the disk failed.
            ConfigError: a line is corrupt or was changed.
        """
        known = self.cameras()
        if camera_id not in known:
            raise unknown_camera(camera_id, known)
        try:
            every = DeclarationLog(self.folder / camera_id / DECLARATIONS).read()
        except OSError as error:
            raise self._unreadable(error) from error
        return [one for one in every if one.overlaps(begin_ms, end_ms)]

    def holds(self) -> list[Hold]:
        """Holds in force.

        Raises:
            RecordError: they cannot be read.
        """
        return Holds(self.folder).all()

    def _all(self, camera_id: str) -> list[VideoSegment]:
        known = self.cameras()
        if camera_id not in known:
            raise unknown_camera(camera_id, known)
        folder = self.folder / camera_id
        try:
            # The files first: one that is completed meanwhile is then in the index, not missing from both.
            files = segment_files(folder)
            ends = self._index(camera_id).ends_ms
            return list(_segments(camera_id, folder, files, ends))
        except OSError as error:
            raise self._unreadable(error) from error

    def _index(self, camera_id: str) -> IndexEntries:
        try:
            return SegmentIndex(self.folder / camera_id).read()
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: OSError) -> RecordError:
        return RecordError(
            str(error.filename or self.folder), f"cannot be read ({error.strerror})", "Check rights and disk"
        )


def _segments(
    camera_id: str, folder: Path, files: Iterable[tuple[int, Path]], ends: dict[str, int]
) -> Iterable[VideoSegment]:
    for begin_ms, path in files:
        end_ms = ends.get(path.relative_to(folder).as_posix())
        try:
            size = path.stat().st_size
            known_ms = begin_ms + measure(path).length_ms if end_ms is None else end_ms
        except FileNotFoundError:
            continue  # deleted meanwhile
        yield VideoSegment(camera_id, path, begin_ms, known_ms, size, complete=end_ms is not None)


def _reason(stops: Iterable[tuple[int, str]], since_ms: int | None, until_ms: int) -> str:
    """The recorded reasons of a gap, in their order."""
    if since_ms is None:
        return _BEFORE
    reasons = dict.fromkeys(why for at, why in stops if since_ms - _SEAM_MS <= at < until_ms)
    return "; ".join(reasons) or _NOT_RUNNING
