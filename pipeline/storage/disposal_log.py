"""Log of disposals: each numbered by year, in a file of the data folder that only grows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Final

from pipeline.domain.disposal import Disposal, Disposed
from pipeline.domain.times import local_time
from pipeline.errors import StoreError
from pipeline.storage.folders import private_folder
from pipeline.storage.line_log import LineLog
from pipeline.storage.locks import locked

_NAME: Final = "disposals.jsonl"


class DisposalLog:
    """The disposals of a data folder; several processes may use it.

    Args:
        data_dir: folder of the program's data.
        zone: in which years of numbers begin; None for the machine's.
    """

    def __init__(self, data_dir: Path, zone: tzinfo | None = None) -> None:
        self._folder, self._zone = data_dir, zone
        self._log = LineLog(data_dir / _NAME, Disposal, "is corrupt, so it is not known what was disposed of")

    def add(self, at_ms: int, place: str, by: str, parts: Sequence[Disposed], holds: Sequence[str]) -> Disposal:
        """Note a disposal under the next number of its year; on the disk when this returns.

        Raises:
            StoreError: it cannot be noted.
        """
        year = f"D{local_time(at_ms, self._zone).year:04d}/"
        try:
            private_folder(self._folder)
            with locked(self._folder / f".{_NAME}.numbers.lock"):
                running = sum(one.number.startswith(year) for one in self._log.all()) + 1
                made = Disposal(f"{year}{running:06d}", at_ms, place, by, tuple(parts), tuple(sorted(set(holds))))
                self._log.add(made)
        except OSError as error:
            raise StoreError(str(self._folder), f"cannot be written ({error.strerror})", "Check rights") from error
        return made

    def all(self) -> list[Disposal]:
        """The disposals, by number.

        Raises:
            StoreError: the log cannot be read.
        """
        return self._log.all()
