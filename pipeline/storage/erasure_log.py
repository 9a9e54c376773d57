"""Numbers of the erasures of a data folder, inside of it and beside it: an older state of the folder lacks some.

``erased/erasures.jsonl`` is in the data folder and returns with it from a backup, whichever program made that;
``DATA.erasures.jsonl`` beside the folder does not. Neither names what was erased.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import StoreError
from pipeline.storage.line_log import LineLog
from pipeline.storage.written_paths import normalized

__all__ = ["ErasureLog", "LoggedErasure"]

_CORRUPT: Final = "is corrupt, so it is not known whether erasures have to be repeated"


class LoggedErasure(msgspec.Struct, frozen=True):
    """An erasure as the register numbers it, and when it was begun (milliseconds since 1970 UTC).

    Without a number: from this time on, all are logged.
    """

    number: str
    begun_ms: int


class ErasureLog:
    """The erasures that a data folder knows, and those that were made on it.

    Args:
        data_dir: the data folder.
    """

    def __init__(self, data_dir: Path) -> None:
        folder = normalized(data_dir)
        self._data_dir = folder
        self._beside_path = folder.parent / f"{folder.name}.erasures.jsonl"
        self._inside = LineLog(folder / "erased" / "erasures.jsonl", LoggedErasure, _CORRUPT)
        self._beside = LineLog(self._beside_path, LoggedErasure, _CORRUPT)

    def begin(self) -> None:
        """Log every erasure from now on beside the folder, if this user may write there.

        Raises:
            StoreError: the disk failed.
        """
        if not self._beside_path.exists() and os.access(self._beside_path.parent, os.W_OK):
            self._beside.add(LoggedErasure("", time.time_ns() // 1_000_000))

    def add(self, erasure: LoggedErasure) -> None:
        """Log an erasure before it begins; on the disk when this returns.

        Raises:
            StoreError: it cannot be logged.
        """
        if not self._data_dir.is_dir():
            return  # no process has ever stored events from here
        self.begin()
        self._inside.add(erasure, once=True)
        if self._beside_path.exists():
            self._beside.add(erasure, once=True)

    def unrepeated(self) -> list[LoggedErasure]:
        """Erasures that were made on this folder and that its present content does not know.

        Raises:
            StoreError: a log cannot be read.
        """
        known = set(self._inside.all())
        return [one for one in self._beside.all() if one.number and one not in known]

    def complete_since(self, at_ms: int) -> bool:
        """Whether every erasure since a time is known beside the folder.

        Raises:
            StoreError: the log cannot be read.
        """
        return any(not one.number and one.begun_ms <= at_ms for one in self._beside.all())

    def check_repeated(self) -> None:
        """Make sure that the folder is no older state of itself.

        Raises:
            StoreError: it lacks erasures.
        """
        if lacking := self.unrepeated():
            raise StoreError(
                str(self._data_dir),
                f"is new or an older state of this folder: it does not know erasure {lacking[0].number}, which "
                f"{self._beside_path.name} beside it lists",
                "Repeat the erasures: viapublica erase --repeat",
            )

    def note_repeated(self, erasures: Iterable[LoggedErasure]) -> None:
        """Note that erasures were repeated on the present content of the folder.

        Raises:
            StoreError: it cannot be noted.
        """
        for one in erasures:
            self._inside.add(one, once=True)
