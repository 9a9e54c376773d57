"""Space on the disks of an installation, as its server sees them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pipeline.app.configured_stores import ConfiguredStores

_LEAST_FREE: Final = 0.1
"""Of a disk, below which it is low: retention and checks need space."""


class Stored(StrEnum):
    """What lies in a folder."""

    DATA = "data"
    AUDIT = "audit"
    RECORDINGS = "recordings"


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """Space for one kind of data.

    Attributes:
        stored: what lies there; free_bytes, total_bytes: of its disk, None where it cannot be read.
    """

    stored: Stored
    free_bytes: int | None
    total_bytes: int | None

    @property
    def is_low(self) -> bool:
        """Whether space is short."""
        if self.free_bytes is None or self.total_bytes is None:
            return False
        return self.free_bytes < _LEAST_FREE * self.total_bytes


def disk_space(stores: ConfiguredStores) -> tuple[DiskSpace, ...]:
    """The disks of an installation's folders."""
    folders = {Stored.DATA: stores.data_dir, Stored.AUDIT: stores.audit_dir}
    if stores.record is not None:
        folders[Stored.RECORDINGS] = stores.record.dir
    return tuple(_space(stored, folder) for stored, folder in folders.items())


def _space(stored: Stored, folder: Path) -> DiskSpace:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return DiskSpace(stored, None, None)
    return DiskSpace(stored, usage.free, usage.total)
