"""Segment index of a camera: end times of its files, and when and why recording stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline.record.file_layout import INDEX, segment_files
from pipeline.storage.atomic import write_atomically
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked

_DEAD_LINES: Final = 256
"""Lines about deleted files from which on the index is compacted."""


@dataclass(frozen=True, slots=True)
class IndexEntries:
    """Entries of an index.

    Attributes:
        ends_ms: when each file ends, by its path inside the camera's folder.
        stops: when recording stopped, and why; in the order written.
    """

    ends_ms: dict[str, int] = field(default_factory=dict)
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
                else:
                    found.stops.append((int(entry["stop_ms"]), str(entry["reason"])))
            except (OverflowError, ValueError, KeyError, TypeError):
                continue
        return found

    def add_file(self, path: Path, end_ms: int) -> None:
        """A file is complete.

        Raises:
            OSError: the disk did not take it.
        """
        self._append({"file": path.relative_to(self._camera).as_posix(), "end_ms": end_ms})

    def add_stop(self, stop_ms: int, reason: str) -> None:
        """Recording stopped.

        Raises:
            OSError: the disk did not take it.
        """
        self._append({"stop_ms": stop_ms, "reason": reason})

    def compact(self) -> None:
        """Leave out lines about deleted files, once there are many.

        Raises:
            OSError: the disk did not take it; the old index stays.
        """
        with locked(self._lock):
            entries = self.read()
            files = segment_files(self._camera)
            names = {path.relative_to(self._camera).as_posix() for _, path in files}
            oldest = files[0][0] if files else 0
            present = [{"file": name, "end_ms": end} for name, end in entries.ends_ms.items() if name in names]
            # The last stop before the oldest file says why there is nothing before it.
            stops = [stop for stop in entries.stops if stop[0] >= oldest] if files else entries.stops[-1:]
            if len(entries.ends_ms) + len(entries.stops) - len(present) - len(stops) < _DEAD_LINES:
                return
            lines = [*present, *({"stop_ms": at, "reason": why} for at, why in stops)]
            write_atomically(self._path, b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def _append(self, entry: dict[str, object]) -> None:
        with locked(self._lock):
            append_line(self._path, json.dumps(entry).encode())
