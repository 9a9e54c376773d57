"""Copy of an embedded event store while the process that owns it goes on."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Final

from pipeline.backup.archive import ArchiveWriter
from pipeline.domain.requester import Requester
from pipeline.errors import StoreError
from pipeline.store.coverage_questions import FrozenParts
from pipeline.store.questions import QueryBackend

__all__ = ["add_store_in_use"]

_FROZEN: Final = re.compile(r"viapublica(\d+)")
_DETACHED: Final = "detached"


def add_store_in_use(writer: ArchiveWriter, part: str, store: Path, owner: QueryBackend) -> None:
    """Add the store as it is at this moment, from links to its parts, which its owner makes.

    Args:
        writer: gets the files.
        part: where they are in the archive; store: its folder.
        owner: the process that has it open.

    Raises:
        StoreError: the owner failed, or does not answer.
        OSError: a file cannot be read.
    """
    _remove_left_over(store)
    name = f"viapublica{os.getpid()}"
    frozen = store / "shadow" / name
    try:
        owner.ask(FrozenParts(name=name), Requester.of_process())
        if not frozen.is_dir():
            raise StoreError(
                str(store), f"its owner linked no parts into {frozen}", "Stop the service, and back up then"
            )
        tables = [path for path in (store / "store").glob("*/*") if path.is_dir()]
        parts = [path for table in tables for path in table.iterdir() if path.is_dir() and path.name != _DETACHED]
        writer.add_folder(part, store, leave_out=[store / "shadow", *parts], in_use=True)
        for table in sorted(path for path in (frozen / "store").glob("*/*") if path.is_dir()):
            for path in sorted(table.iterdir()):
                writer.add_folder(f"{part}/{path.relative_to(frozen).as_posix()}", path)
    finally:
        shutil.rmtree(frozen, ignore_errors=True)


def _remove_left_over(store: Path) -> None:
    """Remove links of backups that were killed: they hold on to what is erased and disposed of."""
    for path in (store / "shadow").glob("viapublica*"):
        match = _FROZEN.fullmatch(path.name)
        if match and not Path("/proc", match[1]).exists():
            shutil.rmtree(path, ignore_errors=True)
