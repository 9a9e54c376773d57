"""Declarations of one camera in a file that only grows: a line for each, with the time from which it holds.

The file is written anew, whole, for each declaration, and every line states the number of all: none of its lines can be
missing unnoticed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.domain.camera_declaration import CameraDeclaration, DatedDeclaration
from pipeline.domain.canonical_json import canonical_json
from pipeline.errors import ConfigError
from pipeline.storage.atomic import write_atomically


class DeclarationLog:
    """The declarations of one camera. One writer at a time.

    Args:
        path: the file; absent before the first declaration.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[DatedDeclaration]:
        """All declarations in the order written; none where no declaration was stored.

        Raises:
            OSError: it cannot be read.
            ConfigError: it is cut off or a line is corrupt, so it is not known how its data may be used.
        """
        found = self._entries()
        return [
            DatedDeclaration(declaration, from_ms, _until(from_ms, [at for at, _ in found[number + 1 :]]))
            for number, (from_ms, declaration) in enumerate(found)
        ]

    def declare(self, declaration: CameraDeclaration, from_ms: int) -> DatedDeclaration | None:
        """Append a declaration that differs from the last one, or whose time is earlier (the clock was set back).

        Args:
            declaration: of this camera.
            from_ms: wall-clock time from which it holds, milliseconds since 1970 UTC.

        Returns:
            The declaration that held before it, where it was another one.

        Raises:
            OSError: the disk did not take it.
            ConfigError: a line is corrupt.
        """
        before = self.read()
        last = before[-1] if before else None
        if last is not None and last.declaration == declaration and last.from_ms <= from_ms:
            return None
        entries = [*((one.from_ms, one.declaration) for one in before), (from_ms, declaration)]
        lines = [self._line(at_ms, one, len(entries)) for at_ms, one in entries]
        write_atomically(self._path, b"".join(lines))
        return None if last is None or last.declaration == declaration else last

    def _entries(self) -> list[tuple[int, CameraDeclaration]]:
        try:
            *lines, last = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        if last or not lines:  # An editor may have removed the line end; what is cut off elsewhere fails below.
            lines.append(last)
        return [self._entry(line, number, len(lines)) for number, line in enumerate(lines, 1)]

    def _entry(self, line: bytes, number: int, lines: int) -> tuple[int, CameraDeclaration]:
        try:
            entry: Any = json.loads(line)
            declaration = CameraDeclaration.from_dict(entry["declaration"])
            # Earlier versions did not state the number of lines.
            if declaration.sha256 == entry["sha256"] and entry.get("entries", lines) == lines:
                return int(entry["from_ms"]), declaration
        except (ValueError, KeyError, TypeError):
            pass
        raise ConfigError(
            f"{self._path}, line {number}",
            "is corrupt or was changed, so it is not known how its data may be used",
            "Restore the file from a backup",
        )

    @staticmethod
    def _line(from_ms: int, declaration: CameraDeclaration, entries: int) -> bytes:
        entry = {
            "declaration": declaration.as_dict(),
            "entries": entries,
            "from_ms": from_ms,
            "sha256": declaration.sha256,
        }
        return canonical_json(entry).encode() + b"\n"


def _until(from_ms: int, later: list[int]) -> int | None:
    """End of a declaration: where the next one begins, unless the clock was set back in between."""
    return later[0] if later and later[0] >= from_ms else None
