"""Log of the files and folders that a configuration let this program write, so that an erasure finds former ones."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import StoreError
from pipeline.storage.folders import private_folder
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked

_NAME: Final = "written-paths.jsonl"


class PathKind(StrEnum):
    """What is written there."""

    EVENTS = "events"
    """A file of JSON lines, and the files that it is rotated into."""
    PREVIEWS = "previews"
    """A folder with a folder of images for each camera."""
    VIDEO = "video"
    """A folder of recorded video."""


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
        self._path = data_dir / _NAME
        self._lock = data_dir / f".{_NAME}.lock"

    def add(self, kind: PathKind, path: Path) -> None:
        """Note a path before anything is written there; on the disk when this returns.

        Raises:
            StoreError: it cannot be noted.
        """
        absolute = normalized(path)
        inside = absolute.is_relative_to(self._data_dir)
        entry = _Entry(kind, str(absolute.relative_to(self._data_dir) if inside else absolute))
        try:
            private_folder(self._path.parent)
            with locked(self._lock):
                if entry not in self._entries():
                    append_line(self._path, msgspec.json.encode(entry))
        except OSError as error:
            raise self._failed(error) from error

    def all(self, kind: PathKind) -> list[Path]:
        """All paths of one kind, absolute, in the order in which they were first noted.

        Raises:
            StoreError: the log cannot be read.
        """
        return [self._data_dir / entry.path for entry in self._entries() if entry.kind is kind]

    def _entries(self) -> list[_Entry]:
        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
            return [msgspec.json.decode(line, type=_Entry) for line in lines]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failed(error) from error
        except msgspec.MsgspecError as error:
            fix = "Remove the corrupt line, and find by yourself what it named"
            raise StoreError(str(self._path), f"is corrupt ({error})", fix) from None

    def _failed(self, error: OSError) -> StoreError:
        return StoreError(str(self._path), f"cannot be read or written ({error.strerror})", "Check rights and disk")
