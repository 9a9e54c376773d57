"""What a camera's folder says of its files: where each ends, and when and why recording stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipeline.record.file_layout import INDEX, append_line, locked, segment_files

_DEAD_LINES: Final = 256
"""So many lines about files that are gone are worth writing the index anew."""


@dataclass(frozen=True, slots=True)
class Entries:
    """An index as read.

    Attributes:
        ends_ms: where each file ends, by its path inside the camera's folder.
        stops: when recording stopped, and why; in the order written.
    """

    ends_ms: dict[str, int] = field(default_factory=dict)
    stops: list[tuple[int, str]] = field(default_factory=list)


class Index:
    """The index of one camera, a file of JSON lines.

    A file that has no line is being written, or was when the power went; the recorder adopts it when it starts. Losing
    the whole index loses no video.

    Args:
        camera: the camera's folder.
    """

    def __init__(self, camera: Path) -> None:
        self._camera = camera
        self._path = camera / INDEX
        self._lock = camera / ".index.lock"

    def read(self) -> Entries:
        """What it says; lines that make no sense are passed over.

        Raises:
            OSError: it cannot be read.
        """
        found = Entries()
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
        """Leave out what is about files that are gone, once that is much.

        Raises:
            OSError: the disk did not take it; the old one stays.
        """
        with locked(self._lock):
            entries = self.read()
            files = segment_files(self._camera)
            names = {path.relative_to(self._camera).as_posix() for _, path in files}
            oldest = files[0][0] if files else 0
            kept = [{"file": name, "end_ms": end} for name, end in entries.ends_ms.items() if name in names]
            # The last stop before the oldest file says why there is nothing before it.
            stops = [stop for stop in entries.stops if stop[0] >= oldest] if files else entries.stops[-1:]
            if len(entries.ends_ms) + len(entries.stops) - len(kept) - len(stops) < _DEAD_LINES:
                return
            lines = [*kept, *({"stop_ms": at, "reason": why} for at, why in stops)]
            part = self._path.with_suffix(".part")
            part.unlink(missing_ok=True)
            try:
                append_line(part, b"\n".join(json.dumps(line).encode() for line in lines))
                part.replace(self._path)
            finally:
                part.unlink(missing_ok=True)

    def _append(self, entry: dict[str, object]) -> None:
        with locked(self._lock):
            append_line(self._path, json.dumps(entry).encode())
