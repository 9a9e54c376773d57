"""Append-only logs of a data folder: one JSON object a line, written by several processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from pipeline.errors import StoreError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked

Entry = TypeVar("Entry")


class LineLog(Generic[Entry]):
    """The entries of one log, in the order in which they were added.

    Args:
        path: of the file; a lock lies beside it.
        kind: type of the entries.
        corrupt: what a line that is no entry means, as the problem of the error.
    """

    def __init__(self, path: Path, kind: type[Entry], corrupt: str) -> None:
        self._path = path
        self._lock = path.with_name(f".{path.name}.lock")
        self._kind = kind
        self._corrupt = corrupt

    def add(self, entry: Entry, *, once: bool = False) -> None:
        """Add an entry; on the disk when this returns.

        Args:
            entry: to be added.
            once: not if an equal one is there.

        Raises:
            StoreError: it cannot be added.
        """
        try:
            private_folder(self._path.parent)
            with locked(self._lock):
                if not once or entry not in self.all():
                    append_line(self._path, msgspec.json.encode(entry))
        except OSError as error:
            raise self._failed(error) from error

    def all(self) -> list[Entry]:
        """All entries; none where there is no file.

        Raises:
            StoreError: the log cannot be read.
        """
        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
            return [msgspec.json.decode(line, type=self._kind) for line in lines]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failed(error) from error
        except msgspec.MsgspecError as error:
            fix = "Remove the corrupt line, and find by yourself what it named"
            raise StoreError(str(self._path), f"{self._corrupt} ({error})", fix) from None

    def rewrite(self, change: Callable[[list[Entry]], list[Entry]]) -> None:
        """Replace the entries by others, if there is a file.

        Raises:
            StoreError: the log cannot be read or written.
        """
        try:
            if self._path.exists():
                with locked(self._lock):
                    left = change(self.all())
                    write_atomically(self._path, b"".join(msgspec.json.encode(entry) + b"\n" for entry in left))
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StoreError:
        return StoreError(str(self._path), f"cannot be read or written ({error.strerror})", "Check rights and disk")
