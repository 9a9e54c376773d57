"""Segment index of a camera: end time and digest of its files, removed ones, and when and why recording stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from pipeline.record.file_layout import INDEX, begin_of, segment_files
from pipeline.record.key_frame_digest import all_key_frames
from pipeline.record.key_frame_index import KeyFrameIndex
from pipeline.storage.atomic import write_atomically
from pipeline.storage.file_hash import file_sha256
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked

_DEAD_LINES: Final = 256
"""Lines about deleted files from which on the index is compacted."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IndexEntries:
    """Entries of an index.

    Attributes:
        ends_ms: when each file ends, by its path inside the camera's folder.
        sha256: of the content of each file when it was complete, hexadecimal; files of earlier versions have none.
        sizes: of the files that have a digest, bytes.
        removed: files that were deleted by retention or an erasure; one that is still there was not deleted yet.
        stops: when recording stopped, and why; in the order written.
    """

    ends_ms: dict[str, int] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    stops: list[tuple[int, str]] = field(default_factory=list)


class SegmentIndex:
    """The index of one camera, a file of JSON lines.

    A file without a line is being written, or was when the power failed; the recorder adopts it when it starts. Losing
    the whole index loses no video.

    Args:
        camera: the camera's folder.
    """

    def __init__(self, camera: Path) -> None:
        self._camera = camera
        self._path = camera / INDEX
        self._lock = camera / ".index.lock"

    def read(self) -> IndexEntries:
        """Its entries; invalid lines are skipped.

        Raises:
            OSError: it cannot be read.
        """
        found = IndexEntries()
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return found
        for line in lines:
            try:
                entry: Any = json.loads(line)
                if "file" in entry:
                    found.ends_ms[str(entry["file"])] = int(entry["end_ms"])
                    if "sha256" in entry:
                        found.sha256[str(entry["file"])] = str(entry["sha256"])
                        found.sizes[str(entry["file"])] = int(entry["bytes"])
                elif "removed" in entry:
                    found.removed.update(map(str, entry["removed"]))
                else:
                    found.stops.append((int(entry["stop_ms"]), str(entry["reason"])))
            except (OverflowError, ValueError, KeyError, TypeError):
                continue
        return found

    def add_file(self, path: Path, end_ms: int) -> None:
        """A file is complete; its digest and those of its key frames are noted, unless it cannot be read (any more).

        Raises:
            OSError: the disk did not take it.
        """
        entry: dict[str, object] = {"file": self._name(path), "end_ms": end_ms}
        key_frames: list[int] = []
        try:
            key_frames = all_key_frames(path)
            entry |= {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
        except OSError as error:
            _log.warning("segment_without_digest", file=str(path), error=error.strerror)
        with locked(self._lock):
            KeyFrameIndex(self._camera).add(begin_of(path.name) or 0, key_frames)
        self._append(entry)

    def note_removed(self, paths: Iterable[Path]) -> None:
        """Files are deleted on purpose, so that they are not reported as lost.

        Raises:
            OSError: the disk did not take it.
        """
        self._append({"removed": [self._name(path) for path in paths]})

    def add_stop(self, stop_ms: int, reason: str) -> None:
        """Recording stopped.

        Raises:
            OSError: the disk did not take it.
        """
        self._append({"stop_ms": stop_ms, "reason": reason})

    def compact(self, due_ms: int | None = None) -> None:
        """Leave out lines about removed files, once there are many.

        Args:
            due_ms: lost files that end before this time, milliseconds since 1970 UTC, count as removed: retention would
                have removed them by now.

        Raises:
            OSError: the disk did not take it; the old index stays.
        """
        with locked(self._lock):
            entries = self.read()
            files = segment_files(self._camera)
            names = {self._name(path) for _, path in files}
            oldest = files[0][0] if files else 0
            present = {
                name: end for name, end in entries.ends_ms.items() if name in names | _lost(entries, names, due_ms)
            }
            # The last stop before the oldest file says why there is nothing before it.
            stops = [stop for stop in entries.stops if stop[0] >= oldest] if files else entries.stops[-1:]
            if len(entries.ends_ms) + len(entries.stops) - len(present) - len(stops) < _DEAD_LINES:
                return
            lines = [
                *({"file": name, "end_ms": end} | _digest_of(entries, name) for name, end in present.items()),
                *({"stop_ms": at, "reason": why} for at, why in stops),
            ]
            KeyFrameIndex(self._camera).retain({begin_ms for begin_ms, _ in files})
            write_atomically(self._path, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def _name(self, path: Path) -> str:
        return path.relative_to(self._camera).as_posix()

    def _append(self, entry: dict[str, object]) -> None:
        with locked(self._lock):
            append_line(self._path, json.dumps(entry).encode())


def _lost(entries: IndexEntries, present: set[str], due_ms: int | None) -> set[str]:
    """Files that are gone although no one removed them, and are not due."""
    return {
        name
        for name in entries.sha256
        if name not in present and name not in entries.removed and (due_ms is None or entries.ends_ms[name] >= due_ms)
    }


def _digest_of(entries: IndexEntries, name: str) -> dict[str, object]:
    """The part of a line that files of earlier versions lack."""
    return {"bytes": entries.sizes[name], "sha256": entries.sha256[name]} if name in entries.sha256 else {}
