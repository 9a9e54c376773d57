"""Log of exports: files with stored events that commands wrote, so that an erasure can name them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import StoreError
from pipeline.storage.atomic import write_atomically
from pipeline.storage.folders import private_folder
from pipeline.storage.json_lines import append_line
from pipeline.storage.locks import locked

_NAME: Final = "exports.jsonl"


class Export(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file or folder that was written.

    Attributes:
        path: absolute; at_ms: when it was written; by: user who wrote it.
        plates: whether it holds plates.
        cameras: of its events; empty where it does not say.
        first_ms, last_ms: times of its first and last event; None where it does not say.
    """

    path: str
    at_ms: int
    by: str
    plates: bool = False
    cameras: tuple[str, ...] = ()
    first_ms: int | None = None
    last_ms: int | None = None

    def may_hold(self, cameras: Collection[str], start_ms: int | None, end_ms: int | None) -> bool:
        """Whether it may hold events of some cameras (all, when empty) and a time range (None is open)."""
        there = not cameras or not self.cameras or not set(cameras).isdisjoint(self.cameras)
        begins = self.first_ms is None or end_ms is None or self.first_ms < end_ms
        return there and begins and (self.last_ms is None or start_ms is None or self.last_ms >= start_ms)


class ExportLog:
    """The exports of a data folder; several processes may use it.

    Args:
        data_dir: folder of the program's data.
    """

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / _NAME
        self._lock = data_dir / f".{_NAME}.lock"

    def add(self, export: Export) -> None:
        """Note an export; on the disk when this returns.

        Raises:
            StoreError: it cannot be noted.
        """
        try:
            private_folder(self._path.parent)
            with locked(self._lock):
                append_line(self._path, msgspec.json.encode(export))
        except OSError as error:
            raise self._failed(error) from error

    def all(self) -> list[Export]:
        """The exports in the order in which they were written; of a path that was written again, the last.

        Raises:
            StoreError: the log cannot be read.
        """
        try:
            lines = self._path.read_bytes().split(b"\n")[:-1]
            found = [msgspec.json.decode(line, type=Export) for line in lines]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failed(error) from error
        except msgspec.MsgspecError as error:
            fix = "Remove the corrupt line, and find by yourself what it named"
            raise StoreError(
                str(self._path), f"is corrupt, so it is not known what was exported ({error})", fix
            ) from None
        return list({export.path: export for export in found}.values())

    def remove(self, unwanted: Callable[[Export], bool]) -> None:
        """Forget exports.

        Raises:
            StoreError: the log cannot be read or written.
        """
        left = [export for export in self.all() if not unwanted(export)]
        try:
            if self._path.exists():
                with locked(self._lock):
                    write_atomically(self._path, b"".join(msgspec.json.encode(export) + b"\n" for export in left))
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> StoreError:
        return StoreError(str(self._path), f"cannot be read or written ({error.strerror})", "Check rights and disk")
