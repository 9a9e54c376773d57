"""Log of exports: files with stored events that commands wrote, so that an erasure can name them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

import msgspec

from pipeline.storage.line_log import LineLog

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
        self._log = LineLog(data_dir / _NAME, Export, "is corrupt, so it is not known what was exported")

    def add(self, export: Export) -> None:
        """Note an export; on the disk when this returns.

        Raises:
            StoreError: it cannot be noted.
        """
        self._log.add(export)

    def all(self) -> list[Export]:
        """The exports in the order in which they were written; of a path that was written again, the last.

        Raises:
            StoreError: the log cannot be read.
        """
        return _last_of_each(self._log.all())

    def remove(self, unwanted: Callable[[Export], bool]) -> None:
        """Forget exports.

        Raises:
            StoreError: the log cannot be read or written.
        """
        self._log.rewrite(lambda all_: [export for export in _last_of_each(all_) if not unwanted(export)])


def _last_of_each(exports: Iterable[Export]) -> list[Export]:
    return list({export.path: export for export in exports}.values())
