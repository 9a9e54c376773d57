"""Log of the files and folders that a configuration let this program write, so that an erasure finds former ones."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from pipeline.storage.line_log import LineLog

_NAME: Final = "written-paths.jsonl"


class PathKind(StrEnum):
    """What is written there."""

    EVENTS = "events"
    """A file of JSON lines, and the files that it is rotated into."""
    PREVIEWS = "previews"
    """A folder with a folder of images for each camera."""
    VIDEO = "video"
    """A folder of recorded video."""
    STORE = "store"
    """A folder of an embedded event store."""
    SERVER = "server"
    """A database server; no path, but its name."""


class _Entry(msgspec.Struct, frozen=True):
    kind: PathKind
    path: str


def normalized(path: Path) -> Path:
    """The absolute path without ``..``; links are not followed."""
    return Path(os.path.normpath(path.absolute()))


class WrittenPaths:
    """The paths of a data folder; several processes may use it. A path is never forgotten.

    Args:
        data_dir: folder of the program's data. Paths below it stay right where the folder is moved or restored.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = normalized(data_dir)
        self._log = LineLog(data_dir / _NAME, _Entry, "is corrupt")

    def add(self, kind: PathKind, path: Path) -> None:
        """Note a path before anything is written there; on the disk when this returns.

        Raises:
            StoreError: it cannot be noted.
        """
        absolute = normalized(path)
        inside = absolute.is_relative_to(self._data_dir)
        entry = _Entry(kind, str(absolute.relative_to(self._data_dir) if inside else absolute))
        self._log.add(entry, once=True)

    def add_server(self, target: str) -> None:
        """Note a database server, as it is named without credentials, before anything is written there.

        Raises:
            StoreError: it cannot be noted.
        """
        self._log.add(_Entry(PathKind.SERVER, target), once=True)

    def servers(self) -> list[str]:
        """All servers, in the order in which they were first noted.

        Raises:
            StoreError: the log cannot be read.
        """
        return [entry.path for entry in self._log.all() if entry.kind is PathKind.SERVER]

    def all(self, kind: PathKind) -> list[Path]:
        """All paths of one kind, absolute, in the order in which they were first noted.

        Raises:
            StoreError: the log cannot be read.
        """
        return [self._data_dir / entry.path for entry in self._log.all() if entry.kind is kind]
